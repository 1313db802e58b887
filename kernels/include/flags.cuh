// Flags: counters in global memory that tell of data in global memory, so that blocks of one launch can
// work for each other. A flag is an unsigned that was 0 before its first use.
//
//   writer    data[i] = ...;   __syncthreads();   one thread: flag_add(flag, 1)
//   reader    one thread: flag_wait(flag, writers);   __syncthreads();   ... = data[i]
//
// What a thread has written, and what it has seen of others through barriers, is seen by who sees what
// it added. Data that bulk copies read also need fence_proxy_async_global (barrier.cuh), on both sides.
//
// Who waits must be sure that the others run: a grid of at most as many blocks as multiprocessors, or
// waits for blocks of lower numbers alone.
//
// (PTX ISA, "Memory Consistency Model: Release and Acquire Patterns".)
#pragma once

#include "glance.cuh"

#ifdef __CUDACC__

// Adds to the flag; the value before.
__device__ __forceinline__ unsigned flag_add(unsigned& flag, unsigned n) {
    unsigned before;
    asm volatile("atom.add.acq_rel.gpu.global.u32 %0, [%1], %2;"
                 : "=r"(before)
                 : "l"(__cvta_generic_to_global(&flag)), "r"(n)
                 : "memory");
    return before;
}

// Waits until the flag is at least `least`.
__device__ __forceinline__ void flag_wait(const unsigned& flag, unsigned least) {
    unsigned value;
    do {
        asm volatile("ld.acquire.gpu.global.u32 %0, [%1];"
                     : "=r"(value)
                     : "l"(__cvta_generic_to_global(&flag))
                     : "memory");
    } while (value < least);
}

// Gives the flag a value, for its next use.
__device__ __forceinline__ void flag_set(unsigned& flag, unsigned value) {
    asm volatile("st.release.gpu.global.u32 [%0], %1;" ::"l"(__cvta_generic_to_global(&flag)),
                 "r"(value)
                 : "memory");
}

#else
#include "../emulator/flags.h"
#endif
