// What forward and backward of attention on Hopper's tensor cores have in common: rows of a head in
// shared memory as bulk copies bring them and wgmma reads them, and the two products of a warpgroup.
//
//   multiply_along    d[64, n] = left[64, :] right[n, :]       scores: both have rows of the head
//   multiply_across   d[64, :] += weight[64, n] right[n, :]    sums of rows, weighted
//
// A HeadTile has 64 columns of all its rows, with the 128-byte swizzle, and then the next 64:
//
//   columns 0-63 of rows 0, 1, ... | columns 64-127 of rows 0, 1, ...
//
// Results of wgmma (d in wgmma.cuh) are those of mma_bf16 for the 16 rows of each warp, one row tile: what
// attention_scores.cuh and Weights do with scores (attention_tile.cuh) holds for them as it stands.
#pragma once

#include "attention_tile.cuh"
#include "barrier.cuh"
#include "bulk_copy.cuh"
#include "glance.cuh"
#include "wgmma.cuh"

constexpr int kGroup = 128;     // threads of a warpgroup
constexpr int kGroupRows = 64;  // of its results
constexpr int kTilePart = 64;   // columns of 128 bytes, as wide as the swizzle

// Rows of a head, or 64 of them for each warpgroup. width: 64 or 128, headDim and zeros.
template <int rows_, int width_>
struct HeadTile {
    static constexpr int rows = rows_;
    static constexpr int width = width_;
    static constexpr int partBytes = rows * kTilePart * static_cast<int>(sizeof(bf16));

    bf16 data[rows * width];
};

// Starts the copy of the rows from `row` on of a head; its map is of [sample, row, head, column], with
// boxes of as many rows as the tile has and 64 columns. Zeros where rows or the head end.
template <int rows, int width>
__device__ __forceinline__ void copy_head(HeadTile<rows, width>& tile, const TensorMap& map,
                                          int sample, int row, int head, Barrier& arrived) {
#pragma unroll
    for (int column = 0; column < width; column += kTilePart) {
        bulk_tile(tile.data + column * rows, map, column, head, row, sample, arrived);
    }
}

// Results of wgmma as the one row tile that they are.
template <int count>
__device__ __forceinline__ float (&as_row_tile(float (&d)[count]))[1][count / 4][4] {
    return reinterpret_cast<float(&)[1][count / 4][4]>(d);
}

// d = left right^T, of 64 rows of left from `row` on and all rows of right. Not waited for, no fence.
template <int leftRows, int n, int width>
__device__ __forceinline__ void multiply_along(float (&d)[n / 2],
                                               const HeadTile<leftRows, width>& left, int row,
                                               const HeadTile<n, width>& right) {
    unsigned long long a = matrix_descriptor(left.data + row * kTilePart, 0, 1024);
    unsigned long long b = matrix_descriptor(right.data, 0, 1024);
#pragma unroll
    for (int k = 0; k < width; k += 16) {
        int part = k / kTilePart;
        int bytes = k % kTilePart * static_cast<int>(sizeof(bf16));
        wgmma_bf16(d, advanced(a, part * left.partBytes + bytes),
                   advanced(b, part * right.partBytes + bytes), k > 0);
    }
}

// d += left right: a row of right for each column of left. Not waited for, no fence.
template <int columnTiles, int n, int width>
__device__ __forceinline__ void multiply_across(float (&d)[width / 2],
                                                const Weights<1, columnTiles>& left,
                                                const HeadTile<n, width>& right) {
    static_assert(columnTiles * 8 == n, "a row for each column");
    unsigned long long b = matrix_descriptor(right.data, right.partBytes, 1024);
#pragma unroll
    for (int k = 0; k < n; k += 16) {
        wgmma_bf16<kAcrossDepth>(d, left.a[0][k / 16], advanced(b, k * 2 * kTilePart), true);
    }
}

// Weights in registers that products have read; after the wait.
template <int columnTiles>
__device__ __forceinline__ void wgmma_keep(Weights<1, columnTiles>& weights) {
#pragma unroll
    for (int k = 0; k < columnTiles / 2; ++k) {
        wgmma_keep(weights.a[0][k]);
    }
}

// Results, rounded to bf16, as the left operand of the next product.
template <int columnTiles>
__device__ __forceinline__ void set_weights(Weights<1, columnTiles>& weights,
                                            const float (&d)[columnTiles * 4]) {
#pragma unroll
    for (int j = 0; j < columnTiles; ++j) {
        weights.set(0, j, 0, d[4 * j], d[4 * j + 1]);
        weights.set(0, j, 2, d[4 * j + 2], d[4 * j + 3]);
    }
}
