// Copies from global to shared memory that bypass registers (cp.async). Compute capability 8.0 and
// up. A thread issues copies, closes them into a group, and later waits until all but its newest
// groups have arrived; a barrier after the wait shows them to the other threads.
#pragma once

#include "glance.cuh"

#ifdef __CUDACC__

// 16 bytes, both sides aligned to 16; zeros instead, without a read, if not valid.
__device__ __forceinline__ void async_copy_16(void* shared, const void* global, bool valid) {
    unsigned to = static_cast<unsigned>(__cvta_generic_to_shared(shared));
    int bytes = valid ? 16 : 0;
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(global),
                 "r"(bytes)
                 : "memory");
}

__device__ __forceinline__ void async_commit() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

// Waits until at most newestGroupsLeft of this thread's groups are under way.
template <int newestGroupsLeft>
__device__ __forceinline__ void async_wait() {
    asm volatile("cp.async.wait_group %0;" ::"n"(newestGroupsLeft) : "memory");
}

#else

inline void async_copy_16(void* shared, const void* global, bool valid) {
    emulator::async_copy(shared, global, 16, valid ? 16 : 0);
}

inline void async_commit() { emulator::async_commit(); }

template <int newestGroupsLeft>
inline void async_wait() {
    emulator::async_wait(newestGroupsLeft);
}

#endif
