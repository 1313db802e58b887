// Bias and mask on a warp's tile of unscaled scores, in registers in the layout C of mma.cuh.
//
// A thread's columns are counted from its first one, so that all but one comparison or address for
// each row is a constant. The transposed versions have a row for each key (gradients of k and v).
#pragma once

#include "attention_mask.cuh"
#include "attention_tile.cuh"
#include "glance.cuh"

// Scores are multiplied by the scale later, so the bias is divided by it.
template <int rowTiles, int keyTiles>
__device__ __forceinline__ void add_bias(const Mask& mask, float (&score)[rowTiles][keyTiles][4],
                                         int firstQuery, int seqLen, int firstKey,
                                         float inverseScale) {
    int ownKey = firstKey + column_of(0, 0);
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int query = firstQuery + row_of(i, 2 * half);
            int end = query < seqLen ? mask.keyLen - ownKey : 0;
            const float* bias = mask.bias_at(query, ownKey);
#pragma unroll
            for (int j = 0; j < keyTiles; ++j) {
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    if (j * 8 + e < end) {
                        float& s = score[i][j][2 * half + e];
                        s = fmaf(bias[j * 8 + e], inverseScale, s);
                    }
                }
            }
        }
    }
}

// Scores of keys that a query does not see become -infinity.
template <int rowTiles, int keyTiles>
__device__ __forceinline__ void hide(const Mask& mask, float (&score)[rowTiles][keyTiles][4],
                                     int firstQuery, int firstKey) {
    int ownKey = firstKey + column_of(0, 0);
    int prefix = mask.prefix - ownKey;
    int real = mask.real - ownKey;
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int end = mask.end(firstQuery + row_of(i, 2 * half) + 1) - ownKey;
#pragma unroll
            for (int j = 0; j < keyTiles; ++j) {
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    int key = j * 8 + e;
                    bool visible = key < end && (key >= prefix || key < real);
                    float& s = score[i][j][2 * half + e];
                    s = visible ? s : -INFINITY;
                }
            }
        }
    }
}

template <int rowTiles, int queryTiles>
__device__ __forceinline__ void add_bias_transposed(const Mask& mask,
                                                    float (&score)[rowTiles][queryTiles][4],
                                                    int firstQuery, int seqLen, int firstKey,
                                                    float inverseScale) {
    int ownQuery = firstQuery + column_of(0, 0);
    int end = seqLen - ownQuery;
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int key = firstKey + row_of(i, 2 * half);
            const float* bias = mask.bias_at(ownQuery, key);
#pragma unroll
            for (int j = 0; j < queryTiles; ++j) {
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    if (key < mask.keyLen && j * 8 + e < end) {
                        float& s = score[i][j][2 * half + e];
                        s = fmaf(bias[static_cast<long long>(j * 8 + e) * mask.keyLen],
                                 inverseScale, s);
                    }
                }
            }
        }
    }
}

template <int rowTiles, int queryTiles>
__device__ __forceinline__ void hide_transposed(const Mask& mask,
                                                float (&score)[rowTiles][queryTiles][4],
                                                int firstQuery, int firstKey) {
    int ownQuery = firstQuery + column_of(0, 0);
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int key = firstKey + row_of(i, 2 * half);
            bool exists = key < mask.keyLen && (key >= mask.prefix || key < mask.real);
            int first = mask.causal ? key - ownQuery : 0;
#pragma unroll
            for (int j = 0; j < queryTiles; ++j) {
#pragma unroll
                for (int e = 0; e < 2; ++e) {
                    float& s = score[i][j][2 * half + e];
                    s = exists && j * 8 + e >= first ? s : -INFINITY;
                }
            }
        }
    }
}
