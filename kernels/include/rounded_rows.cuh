// Rows of activations in e4m3 with a scale each: the largest magnitude of a row becomes that of e4m3.
#pragma once

#include "chunk.cuh"
#include "glance.cuh"

#ifdef __CUDACC__

// Rounded to the nearest, ties to even; what is beyond 448 becomes 448.
template <>
__device__ __forceinline__ f8_e4m3 from_float<f8_e4m3>(float x) {
    return f8_e4m3(x);
}

#endif

// What a row is multiplied by, and what makes it of the rounded one again. A row below 2^-100 counts as
// zeros.
struct RowRounding {
    float inverse, scale;

    __device__ __forceinline__ explicit RowRounding(float largest) {
        constexpr float kLargest = 448.0f;  // of e4m3
        constexpr float kLeast = 0x1p-100f;  // its quotient is finite
        inverse = largest < kLeast ? 0.0f : kLargest / largest;
        scale = largest < kLeast ? 0.0f : largest / kLargest;
    }

    // 8 elements; to is aligned to 8 bytes.
    __device__ __forceinline__ void store(f8_e4m3* to, float (&values)[kChunk]) const {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            values[e] *= inverse;
        }
        store_chunk(to, values, kChunk, true);
    }
};

// The largest magnitude of 8 elements and those before.
__device__ __forceinline__ float larger_of(float largest, const float (&values)[kChunk]) {
#pragma unroll
    for (int e = 0; e < kChunk; ++e) {
        largest = fmaxf(largest, fabsf(values[e]));
    }
    return largest;
}
