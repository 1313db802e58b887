// Powers of two as the special function units make them.
#pragma once

#include "glance.cuh"

#ifdef __CUDACC__

// 2^x with a relative error of 2^-22, 0 for results below 2^-126 (PTX ISA, ex2.approx.ftz).
__device__ __forceinline__ float fast_exp2(float x) {
    float y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

#else

inline float fast_exp2(float x) { return exp2f(x); }

#endif

constexpr float kLog2OfE = 1.44269504088896340736f;
constexpr float kLogOf2 = 0.69314718055994530942f;
