// What every kernel file includes: how kernels and shared arrays are declared, and the element
// types. The same text is compiled by nvcc for GPUs and by g++ for the emulator (../README.md).
#pragma once

#ifdef __CUDACC__

#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>
#include <stdint.h>

// An entry point for at most `threads` threads in a block; Java reads that number from the code.
#define KERNEL(threads, name, ...) \
    extern "C" __global__ void __launch_bounds__(threads) name(__VA_ARGS__)

// A compile-time number that the Java launcher needs, such as a tile size. The build takes its value
// from the PTX (fatbin/constants.txt).
#define EXPORT_CONSTANT(name, value) extern "C" __device__ const int name = value

// A shared array; dims with brackets: SHARED_ARRAY(float, tile, [32][33]).
#define SHARED_ARRAY(type, name, dims) __shared__ __align__(16) type name dims

// The shared memory whose size is given at launch.
#define DYNAMIC_SHARED(type, name)                                              \
    extern __shared__ __align__(1024) unsigned char glance_dynamic_shared[];    \
    type* name = reinterpret_cast<type*>(glance_dynamic_shared)

#else
#include "../emulator/cuda_builtins.h"
#endif

#include "dtypes.cuh"

constexpr int kWarpSize = 32;
constexpr unsigned kAllLanes = 0xffffffffu;
