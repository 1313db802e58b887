// What the headers of Hopper's instructions share: barrier.cuh, bulk_copy.cuh, wgmma.cuh.
#pragma once

#include "glance.cuh"
#include "mma.cuh"  // shared_address

// KERNEL in a file with such instructions. All entry points of such a file are declared so: it is
// compiled for sm_90a and for nothing else. One block a multiprocessor, so that the compiler knows what
// setmaxnreg begins with.
#ifdef __CUDACC__
#define HOPPER_KERNEL(threads, name, ...) \
    extern "C" __global__ void __launch_bounds__(threads, 1) name(__VA_ARGS__)
#else
#define HOPPER_KERNEL(threads, name, ...) EMULATOR_KERNEL(threads, true, 1, name, __VA_ARGS__)
#endif
