// Element types: how they are stored, and their way to and from float, in which we compute.
#pragma once

#ifdef __CUDACC__

typedef __nv_bfloat16 bf16;
typedef __half f16;
typedef __nv_fp8_e4m3 f8_e4m3;
typedef __nv_fp8_e5m2 f8_e5m2;

__device__ __forceinline__ float to_float(bf16 x) { return __bfloat162float(x); }
__device__ __forceinline__ float to_float(f16 x) { return __half2float(x); }
__device__ __forceinline__ float to_float(f8_e4m3 x) { return static_cast<float>(x); }
__device__ __forceinline__ float to_float(f8_e5m2 x) { return static_cast<float>(x); }

template <class T>
__device__ __forceinline__ T from_float(float x);
template <>
__device__ __forceinline__ bf16 from_float<bf16>(float x) {
    return __float2bfloat16_rn(x);
}
template <>
__device__ __forceinline__ f16 from_float<f16>(float x) {
    return __float2half_rn(x);
}

#else
#include "../emulator/small_floats.h"
#endif

__device__ __forceinline__ float to_float(float x) { return x; }
template <>
__device__ __forceinline__ float from_float<float>(float x) {
    return x;
}

// Codes of dtypes that a kernel is told at run time; glance.backend.cuda.DTypeCode has the same.
enum DTypeCode : int { kF32 = 0, kBf16 = 1, kF16 = 2, kF8E4M3 = 3, kF8E5M2 = 4 };

// Element i of an array whose dtype is known at run time only. The branch is the same for all
// threads; use it where memory, not arithmetic, is the bound.
__device__ __forceinline__ float load_any(const void* data, long long i, int dtype) {
    switch (dtype) {
        case kF32:
            return static_cast<const float*>(data)[i];
        case kBf16:
            return to_float(static_cast<const bf16*>(data)[i]);
        case kF16:
            return to_float(static_cast<const f16*>(data)[i]);
        case kF8E4M3:
            return to_float(static_cast<const f8_e4m3*>(data)[i]);
        default:
            return to_float(static_cast<const f8_e5m2*>(data)[i]);
    }
}

// The same for stores; activations are never stored in fewer than 16 bits.
__device__ __forceinline__ void store_any(void* data, long long i, int dtype, float value) {
    switch (dtype) {
        case kF32:
            static_cast<float*>(data)[i] = value;
            break;
        case kBf16:
            static_cast<bf16*>(data)[i] = from_float<bf16>(value);
            break;
        default:
            static_cast<f16*>(data)[i] = from_float<f16>(value);
            break;
    }
}
