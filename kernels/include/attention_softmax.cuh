// The softmax of attention on tensor cores, tile by tile of the keys (FlashAttention-2), on scores in
// registers in the layout C of mma.cuh: row tiles of 16, of which a thread has two rows each.
//
// It runs in base 2 on unscaled scores: exp(scale s - max) is one multiply-add and one ex2. largest and
// total of a row lie with the 4 lanes that have it, which add up their parts of the total at the end.
//
// What is taken from the scores need not be their maximum: any number does that keeps p in the range
// of bf16. It moves to the maximum only where that has outgrown it by 2^8, by a vote of the warp.
// Sums of p in f32 and p itself, rounded to bf16, have the same relative errors whatever their size,
// so that the bound of the error stays; bits differ from those of p <= 1 within it.
#pragma once

#include "fast_exp2.cuh"
#include "glance.cuh"

// Powers of two by which p may pass 1 before sums are rescaled. Of scores N(0, 1) and 4,096 keys a
// warp of 32 meets a new maximum in half of its tiles, and one that is so much larger in 1 of 100.
constexpr float kRescaleAt = 8.0f;

// The four lanes that have a row.
__device__ __forceinline__ float quad_max(float x) {
    x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, 1));
    return fmaxf(x, __shfl_xor_sync(kAllLanes, x, 2));
}

__device__ __forceinline__ float quad_sum(float x) {
    x += __shfl_xor_sync(kAllLanes, x, 1);
    return x + __shfl_xor_sync(kAllLanes, x, 2);
}

// A number for each row of a thread.
template <int rowTiles>
using PerRow = float[rowTiles][2];

// Brings sums of rows to new maxima.
template <int rowTiles, int widthTiles>
__device__ __forceinline__ void multiply_rows(float (&sum)[rowTiles][widthTiles][4],
                                              const PerRow<rowTiles>& factor) {
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
#pragma unroll
            for (int j = 0; j < widthTiles; ++j) {
                sum[i][j][2 * half] *= factor[i][half];
                sum[i][j][2 * half + 1] *= factor[i][half];
            }
        }
    }
}

// The running softmax of a thread's rows. Scales are in base 2.
template <int rowTiles>
struct Softmax {
    PerRow<rowTiles> largest;  // of the unscaled scores, or a little less: what p is relative to
    PerRow<rowTiles> total;    // this thread's part

    __device__ __forceinline__ Softmax() {
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
            largest[i][0] = largest[i][1] = -INFINITY;
            total[i][0] = total[i][1] = 0.0f;
        }
    }

    // What is taken from the scaled scores of a row. -inf - (-inf) would be NaN: while nothing is
    // visible, everything stays zero.
    __device__ __forceinline__ static float base_of(float best, float scale) {
        return best == -INFINITY ? 0.0f : best * scale;
    }

    // Takes a tile of scores into account. True, for the whole warp, if a maximum has outgrown what p
    // is relative to: sums of all its rows are to be multiplied by `shrink` then, before p is added.
    template <int keyTiles>
    __device__ __forceinline__ bool see(const float (&score)[rowTiles][keyTiles][4],
                                        PerRow<rowTiles>& shrink, float scale) {
        PerRow<rowTiles> best;
        float slack = kRescaleAt / scale;
        bool grew = false;
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                best[i][half] = largest[i][half];
#pragma unroll
                for (int j = 0; j < keyTiles; ++j) {
                    best[i][half] = fmaxf(best[i][half], fmaxf(score[i][j][2 * half],
                                                               score[i][j][2 * half + 1]));
                }
                best[i][half] = quad_max(best[i][half]);
                grew |= best[i][half] > largest[i][half] + slack;
            }
        }
        bool moves = __any_sync(kAllLanes, grew);
        if (moves) {
            move(best, shrink, scale);
        }
        return moves;
    }

    // Brings the totals to new maxima.
    __device__ __forceinline__ void move(const PerRow<rowTiles>& best, PerRow<rowTiles>& shrink,
                                         float scale) {
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                float base = base_of(best[i][half], scale);
                shrink[i][half] = fast_exp2(fmaf(largest[i][half], scale, -base));
                largest[i][half] = best[i][half];
                total[i][half] *= shrink[i][half];
            }
        }
    }

    // Calls set(i, j, e, p0, p1) with p of the scores e and e + 1 of row tile i and column tile j,
    // which the totals take up; by fragment, so that p can take the registers of its scores.
    template <int keyTiles, class Set>
    __device__ __forceinline__ void weigh(const float (&score)[rowTiles][keyTiles][4], float scale,
                                          Set set) {
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
            const float base[2] = {base_of(largest[i][0], scale), base_of(largest[i][1], scale)};
#pragma unroll
            for (int j = 0; j < keyTiles; ++j) {
#pragma unroll
                for (int half = 0; half < 2; ++half) {
                    float p0 = fast_exp2(fmaf(score[i][j][2 * half], scale, -base[half]));
                    float p1 = fast_exp2(fmaf(score[i][j][2 * half + 1], scale, -base[half]));
                    total[i][half] += p0 + p1;
                    set(i, j, 2 * half, p0, p1);
                }
            }
        }
    }

    // Once, at the end: adds up the lanes' totals, and gives what the sums are to be multiplied by.
    __device__ __forceinline__ void finish(PerRow<rowTiles>& inverse) {
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                total[i][half] = quad_sum(total[i][half]);
                inverse[i][half] = total[i][half] > 0.0f ? 1.0f / total[i][half] : 0.0f;
            }
        }
    }

    // The log of the sum of the exponentials of the scores of a row, after finish.
    __device__ __forceinline__ float lse(int i, int half, float scale) const {
        return fmaf(largest[i][half], scale, log2f(total[i][half])) * kLogOf2;
    }
};
