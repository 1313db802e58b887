// Addresses in shared memory as instructions name them: 32 bits from the begin of the block's window.
#pragma once

#include "glance.cuh"

#ifdef __CUDACC__

__device__ __forceinline__ unsigned shared_address(const void* p) {
    return static_cast<unsigned>(__cvta_generic_to_shared(p));
}

#else

inline unsigned shared_address(const void* p) { return emulator::shared_address(p); }

#endif
