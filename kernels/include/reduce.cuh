// Sums and maxima over the threads of a warp or a block, in a fixed order: same bits every time.
#pragma once

#include "glance.cuh"

__device__ __forceinline__ float warp_sum(float x) {
#pragma unroll
    for (int lanes = kWarpSize / 2; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(kAllLanes, x, lanes);
    }
    return x;
}

// The sum over each group of neighbouring lanes, for each of them; lanes is a power of two up to 32.
__device__ __forceinline__ float group_sum(float x, int lanes) {
    for (int distance = lanes / 2; distance > 0; distance /= 2) {
        x += __shfl_xor_sync(kAllLanes, x, distance);
    }
    return x;
}

__device__ __forceinline__ float warp_max(float x) {
#pragma unroll
    for (int lanes = kWarpSize / 2; lanes > 0; lanes /= 2) {
        x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, lanes));
    }
    return x;
}

// The maximum likewise.
__device__ __forceinline__ float group_max(float x, int lanes) {
    for (int distance = lanes / 2; distance > 0; distance /= 2) {
        x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, distance));
    }
    return x;
}

// The sum over all threads of a block, for each of them; the block has whole warps, at most 32.
__device__ __forceinline__ float block_sum(float x) {
    SHARED_ARRAY(float, partial, [kWarpSize]);
    int warps = blockDim.x / kWarpSize;
    int warp = threadIdx.x / kWarpSize;
    int lane = threadIdx.x % kWarpSize;
    x = warp_sum(x);
    __syncthreads();  // the last call's partial sums have been read
    if (lane == 0) {
        partial[warp] = x;
    }
    __syncthreads();  // partial sums are written
    return warp_sum(lane < warps ? partial[lane] : 0.0f);
}

// The maximum over all threads of a block, for each of them.
__device__ __forceinline__ float block_max(float x) {
    SHARED_ARRAY(float, largest, [kWarpSize]);
    int warps = blockDim.x / kWarpSize;
    int warp = threadIdx.x / kWarpSize;
    int lane = threadIdx.x % kWarpSize;
    x = warp_max(x);
    __syncthreads();  // the last call's maxima have been read
    if (lane == 0) {
        largest[warp] = x;
    }
    __syncthreads();  // maxima are written
    return warp_max(lane < warps ? largest[lane] : -INFINITY);
}
