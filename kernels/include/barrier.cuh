// Barriers of Hopper, between threads and with copies that are under way (bulk_copy.cuh), the named
// barriers of a block, and who gets how many registers. Compute capability 9.0, so for files whose
// entry points are HOPPER_KERNEL.
//
// A Barrier lies in shared memory and counts phases. A phase ends when as many arrivals have come as
// the barrier was made for, and all the bytes that arrivals announced have been copied; the next
// begins at once. Who waits names the parity of a phase: 0 for the first, then 1, 0, 1, ... The
// phase before the first counts as ended, so that waiting for parity 1 of a new barrier goes on.
//
//   producer   wait(empty[s], parity ^ 1)   arrive_expect(full[s], bytes)   bulk_tile(.., full[s])
//   consumer   wait(full[s], parity)   wgmma, wait for it   arrive(empty[s])
//
// (PTX ISA, "Parallel Synchronization and Communication Instructions: mbarrier".)
#pragma once

#include "hopper.cuh"

#ifdef __CUDACC__

// Of a shared array; no thread reads or writes it but through these functions.
struct alignas(8) Barrier {
    unsigned long long state;
};

// Makes a barrier; one thread does, before the others touch it.
__device__ __forceinline__ void barrier_init(Barrier& barrier, int arrivals) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(shared_address(&barrier)),
                 "r"(arrivals)
                 : "memory");
}

// After barrier_init, by the same thread, before the __syncthreads that shows the barriers to the
// others: copies see them too.
__device__ __forceinline__ void barrier_init_fence() {
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}

__device__ __forceinline__ void barrier_arrive(Barrier& barrier) {
    asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(&barrier))
                 : "memory");
}

// Arrives, and announces bytes that copies will bring to this phase.
__device__ __forceinline__ void barrier_arrive_expect(Barrier& barrier, int bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(
                     shared_address(&barrier)),
                 "r"(bytes)
                 : "memory");
}

// Whether the phase of the parity has ended; waits a while for it first.
__device__ __forceinline__ bool barrier_try_wait(Barrier& barrier, unsigned parity) {
    unsigned ended;
    asm volatile(
        "{\n"
        ".reg .pred ended;\n"
        "mbarrier.try_wait.parity.shared::cta.b64 ended, [%1], %2;\n"
        "selp.u32 %0, 1, 0, ended;\n"
        "}"
        : "=r"(ended)
        : "r"(shared_address(&barrier)), "r"(parity)
        : "memory");
    return ended != 0;
}

// Waits until the phase of the parity has ended. What others did before they arrived, and what
// copies brought, is seen from then on.
__device__ __forceinline__ void barrier_wait(Barrier& barrier, unsigned parity) {
    while (!barrier_try_wait(barrier, parity)) {
    }
}

// The barrier `id` (1 to 15; 0 is __syncthreads) of `threads` threads, whole warps: waits for them.
__device__ __forceinline__ void named_barrier_sync(int id, int threads) {
    asm volatile("bar.sync %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// Counts as come to the barrier, without waiting.
__device__ __forceinline__ void named_barrier_arrive(int id, int threads) {
    asm volatile("bar.arrive %0, %1;" ::"r"(id), "r"(threads) : "memory");
}

// What this thread has written to shared memory can be read by wgmma and bulk copies, once a barrier
// has told of it. Each thread that wrote calls it, after its writes and before the barrier.
__device__ __forceinline__ void fence_proxy_async() {
    asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

// The same of global memory, for what bulk copies read in the launch that wrote it. The writer calls
// it after its writes and before it tells of them, the reader after it was told and before the copy.
__device__ __forceinline__ void fence_proxy_async_global() {
    asm volatile("fence.proxy.async.global;" ::: "memory");
}

// Registers of each thread of the warpgroup from now on: more, when others have given them up, or
// fewer. A multiple of 8 from 24 to 256; every warp of the warpgroup calls it.
template <int registers>
__device__ __forceinline__ void raise_registers() {
    static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256, "as setmaxnreg takes");
    asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(registers));
}

template <int registers>
__device__ __forceinline__ void lower_registers() {
    static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256, "as setmaxnreg takes");
    asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(registers));
}

// True for one lane of the warp, the same at each call; all lanes call it.
__device__ __forceinline__ bool elect_one() {
    unsigned elected;
    asm volatile(
        "{\n"
        ".reg .pred elected;\n"
        "elect.sync _|elected, 0xffffffff;\n"
        "selp.u32 %0, 1, 0, elected;\n"
        "}"
        : "=r"(elected));
    return elected != 0;
}

#else
#include "../emulator/barriers.h"
#endif

// Stages that are filled and used in turn: the one whose turn it is, and the parity of its phase.
template <int stages>
struct Ring {
    int stage = 0;
    unsigned parity = 0;

    __device__ __forceinline__ void next() {
        if (++stage == stages) {
            stage = 0;
            parity ^= 1;
        }
    }
};
