// Clusters: blocks that run at the same time and reach each other's shared memory. Compute capability
// 9.0.
//
// A bulk copy can bring one tile to several blocks; its bytes come to the barrier at the same place of
// each. Who starts it has to know that every block has given the stage back: their threads arrive at
// the barrier of the block that copies.
//
//   every block   barrier_init   barrier_init_fence   cluster_sync
//   producer      barrier_wait(empty[s], ..)   barrier_arrive_expect(full[s], bytes of all)
//                 bulk_tile_all(.., full[s], blocks)
//   consumer      barrier_wait(full[s], ..)   wgmma, wait for it   barrier_give_back(empty[s], each
//                 block that copies to this one)
//   every block   cluster_sync: no block ends while others may touch its shared memory
//
// (PTX ISA, "Parallel Synchronization and Communication Instructions: barrier.cluster", "mapa".)
#pragma once

#include "barrier.cuh"
#include "bulk_copy.cuh"
#include "hopper.cuh"

// HOPPER_KERNEL whose blocks are in clusters of `blocks` neighbours along x. The grid's x is a multiple
// of it; the launch is like any other.
#ifdef __CUDACC__
#define CLUSTER_KERNEL(blocks, threads, name, ...)                                  \
    extern "C" __global__ void __cluster_dims__(blocks, 1, 1) __launch_bounds__(threads, 1) \
        name(__VA_ARGS__)
#else
#define CLUSTER_KERNEL(blocks, threads, name, ...) \
    EMULATOR_KERNEL(threads, true, blocks, name, __VA_ARGS__)
#endif

#ifdef __CUDACC__

// The number of this block in its cluster; 0 where there are no clusters.
__device__ __forceinline__ unsigned cluster_rank() {
    unsigned rank;
    asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    return rank;
}

// All threads of all blocks of the cluster meet. What they did before is seen by all.
__device__ __forceinline__ void cluster_sync() {
    asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
    asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

// Arrives at the barrier that lies at the same place of the shared memory of block `rank`; it may be
// the own block.
__device__ __forceinline__ void barrier_arrive_at(Barrier& barrier, unsigned rank) {
    asm volatile(
        "{\n"
        ".reg .b32 there;\n"
        "mapa.shared::cluster.u32 there, %0, %1;\n"
        "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [there];\n"
        "}" ::"r"(shared_address(&barrier)),
        "r"(rank)
        : "memory");
}

// The same without a release, which costs MEMBAR.ALL.GPU: it tells of what wgmma has read, once that
// was waited for, and of nothing that threads have written or loaded by themselves. For stages that go
// back to who copies to them.
__device__ __forceinline__ void barrier_give_back(Barrier& barrier, unsigned rank) {
    asm volatile(
        "{\n"
        ".reg .b32 there;\n"
        "mapa.shared::cluster.u32 there, %0, %1;\n"
        "mbarrier.arrive.relaxed.cluster.shared::cluster.b64 _, [there];\n"
        "}" ::"r"(shared_address(&barrier)),
        "r"(rank)
        : "memory");
}

// barrier_wait for what threads of other blocks tell by barrier_arrive_at. For barrier_give_back, and for
// copies, also those that other blocks have started, barrier_wait is enough.
__device__ __forceinline__ void barrier_wait_cluster(Barrier& barrier, unsigned parity) {
    unsigned ended;
    do {
        asm volatile(
            "{\n"
            ".reg .pred ended;\n"
            "mbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 ended, [%1], %2;\n"
            "selp.u32 %0, 1, 0, ended;\n"
            "}"
            : "=r"(ended)
            : "r"(shared_address(&barrier)), "r"(parity)
            : "memory");
    } while (ended == 0);
}

// bulk_tile to the same place of every block whose bit is set; the bytes come to the barrier at the same
// place there.
__device__ __forceinline__ void bulk_tile_all(void* shared, const TensorMap& map, int x, int y,
                                              Barrier& barrier, unsigned short blocks) {
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes"
        ".multicast::cluster [%0], [%1, {%2, %3}], [%4], %5;" ::"r"(shared_address(shared)),
        "l"(&map), "r"(x), "r"(y), "r"(shared_address(&barrier)), "h"(blocks)
        : "memory");
}

__device__ __forceinline__ void bulk_tile_all(void* shared, const TensorMap& map, int x, int y, int z,
                                              Barrier& barrier, unsigned short blocks) {
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes"
        ".multicast::cluster [%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(shared_address(shared)),
        "l"(&map), "r"(x), "r"(y), "r"(z), "r"(shared_address(&barrier)), "h"(blocks)
        : "memory");
}

__device__ __forceinline__ void bulk_tile_all(void* shared, const TensorMap& map, int x, int y, int z,
                                              int w, Barrier& barrier, unsigned short blocks) {
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes"
        ".multicast::cluster [%0], [%1, {%2, %3, %4, %5}], [%6], %7;" ::"r"(shared_address(shared)),
        "l"(&map), "r"(x), "r"(y), "r"(z), "r"(w), "r"(shared_address(&barrier)), "h"(blocks)
        : "memory");
}

#else
#include "../emulator/clusters.h"
#endif

// For kernels whose text is compiled for single blocks too, which are clusters of one.

template <int blocks>
__device__ __forceinline__ int rank_of() {
    return blocks == 1 ? 0 : static_cast<int>(cluster_rank());
}

// Waits for the threads of all blocks, and sees what they did before.
template <int blocks>
__device__ __forceinline__ void sync_blocks() {
    if constexpr (blocks == 1) {
        __syncthreads();
    } else {
        cluster_sync();
    }
}

// The last of a thread: the others neither copy to its block nor arrive at its barriers any more.
template <int blocks>
__device__ __forceinline__ void leave_blocks() {
    if constexpr (blocks > 1) {
        __syncwarp();  // lanes that had nothing to do wait for the one that copied
        cluster_sync();
    }
}

// Gives a stage that this warpgroup has read back to all blocks that copy to it, by a thread each.
template <int blocks>
__device__ __forceinline__ void give_back_to_blocks(Barrier& empty) {
    unsigned peer = threadIdx.x % 128;
    if (peer < blocks) {
        if constexpr (blocks == 1) {
            barrier_arrive(empty);
        } else {
            barrier_give_back(empty, peer);
        }
    }
}
