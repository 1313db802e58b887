// Bulk copies between global and shared memory (cp.async.bulk, "TMA"): one thread starts one, and it
// ends at a Barrier (barrier.cuh). Compute capability 9.0, so for files whose entry points are
// HOPPER_KERNEL.
//
// A tile is a box of a tensor that a TensorMap describes: the host makes it (Driver.tensorMap) and
// gives it as a parameter, TENSOR_MAP(name). Coordinates are in elements, the innermost first. What
// lies outside of the tensor arrives as zeros, counts as bytes, and is never written. With rows of
// 128 bytes and the 128-byte swizzle, which wgmma reads, 16-byte chunk c of row r lies where chunk
// c ^ r % 8 would; tiles then begin at multiples of 1,024 bytes.
//
//   row 0   0 1 2 3 4 5 6 7         row 2   2 3 0 1 6 7 4 5         (swizzled<64> of mma_slice.cuh
//   row 1   1 0 3 2 5 4 7 6         row 7   7 6 5 4 3 2 1 0          is the same)
//
// (PTX ISA, "Asynchronous copy: Bulk copy" and "Tensor: Swizzling modes"; CUDA driver API,
// cuTensorMapEncodeTiled.)
#pragma once

#include "barrier.cuh"
#include "hopper.cuh"

#ifdef __CUDACC__

// What the driver writes; nobody looks inside.
struct alignas(64) TensorMap {
    unsigned long long words[16];
};

// A parameter of a kernel.
#define TENSOR_MAP(name) const __grid_constant__ TensorMap name

// Bytes, a multiple of 16, from and to multiples of 16. They come to the barrier's phase.
__device__ __forceinline__ void bulk_copy(void* shared, const void* global, int bytes,
                                          Barrier& barrier) {
    asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
            "r"(shared_address(shared)),
        "l"(global), "r"(bytes), "r"(shared_address(&barrier))
        : "memory");
}

// Brings the map itself nearer, before its first use.
__device__ __forceinline__ void prefetch_map(const TensorMap& map) {
    asm volatile("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}

__device__ __forceinline__ void bulk_tile(void* shared, const TensorMap& map, int x, int y,
                                          Barrier& barrier) {
    asm volatile(
        "cp.async.bulk.tensor.2d.shared::cluster.global.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%2, %3}], [%4];" ::"r"(shared_address(shared)),
        "l"(&map), "r"(x), "r"(y), "r"(shared_address(&barrier))
        : "memory");
}

__device__ __forceinline__ void bulk_tile(void* shared, const TensorMap& map, int x, int y, int z,
                                          Barrier& barrier) {
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%2, %3, %4}], [%5];" ::"r"(shared_address(shared)),
        "l"(&map), "r"(x), "r"(y), "r"(z), "r"(shared_address(&barrier))
        : "memory");
}

__device__ __forceinline__ void bulk_tile(void* shared, const TensorMap& map, int x, int y, int z,
                                          int w, Barrier& barrier) {
    asm volatile(
        "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes "
        "[%0], [%1, {%2, %3, %4, %5}], [%6];" ::"r"(shared_address(shared)),
        "l"(&map), "r"(x), "r"(y), "r"(z), "r"(w), "r"(shared_address(&barrier))
        : "memory");
}

// The way back: writes of shared memory need fence_proxy_async and a barrier before. Stores are
// closed into groups, which the thread that started them waits for.
__device__ __forceinline__ void bulk_store(const TensorMap& map, int x, int y, const void* shared) {
    asm volatile("cp.async.bulk.tensor.2d.global.shared::cta.bulk_group [%0, {%1, %2}], [%3];" ::"l"(
                     &map),
                 "r"(x), "r"(y), "r"(shared_address(shared))
                 : "memory");
}

__device__ __forceinline__ void bulk_store(const TensorMap& map, int x, int y, int z,
                                           const void* shared) {
    asm volatile(
        "cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%1, %2, %3}], [%4];" ::"l"(
            &map),
        "r"(x), "r"(y), "r"(z), "r"(shared_address(shared))
        : "memory");
}

__device__ __forceinline__ void bulk_store(const TensorMap& map, int x, int y, int z, int w,
                                           const void* shared) {
    asm volatile(
        "cp.async.bulk.tensor.4d.global.shared::cta.bulk_group [%0, {%1, %2, %3, %4}], [%5];" ::"l"(
            &map),
        "r"(x), "r"(y), "r"(z), "r"(w), "r"(shared_address(shared))
        : "memory");
}

__device__ __forceinline__ void bulk_store_commit() {
    asm volatile("cp.async.bulk.commit_group;" ::: "memory");
}

// Waits until at most newestGroupsLeft of this thread's groups still read shared memory.
template <int newestGroupsLeft>
__device__ __forceinline__ void bulk_store_wait_read() {
    asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(newestGroupsLeft) : "memory");
}

// Waits until at most newestGroupsLeft of this thread's groups are under way. The last groups of a
// block need bulk_store_wait_read<0> at least, before the block ends.
template <int newestGroupsLeft>
__device__ __forceinline__ void bulk_store_wait() {
    asm volatile("cp.async.bulk.wait_group %0;" ::"n"(newestGroupsLeft) : "memory");
}

#else
#include "../emulator/bulk_copies.h"
#endif
