// What forward and backward of attention on tensor cores have in common: rows of a head as slices in
// shared memory, and the two products of a warp.
//
//   multiply_along    sum[m, n] += left[m, :] right[n, :]      scores: both have rows of the head
//   multiply_across   sum[m, :] += weight[m, n] right[n, :]    sums of rows, weighted
//
// The weights of the second are the results of the first. The mma result layout (C in mma.cuh) of two
// neighbouring 16 x 8 results is the left operand (A) of a depth of 16, so they stay in the
// registers of the thread that made them:
//
//   C of columns 0-7   (g, 2t..) (g + 8, 2t..)     A  reg 0: (g, 2t..)      reg 1: (g + 8, 2t..)
//   C of columns 8-15  (g, 2t..) (g + 8, 2t..)        reg 2: (g, 2t + 8..)  reg 3: (g + 8, 2t + 8..)
#pragma once

#include "attention_mask.cuh"
#include "glance.cuh"
#include "mma.cuh"
#include "mma_slice.cuh"

// Rows of one head of q, k, v, or of a gradient.
struct HeadRows {
    const bf16* data;
    long long stride;  // elements from row to row, a multiple of kChunk
    int count;
    int headDim;  // a multiple of kChunk

    __device__ __forceinline__ HeadRows(const bf16* heads, HeadStrides strides, long long sample,
                                        int head, int count, int headDim)
        : data(heads + sample * strides.batch + head * strides.head),
          stride(strides.row),
          count(count),
          headDim(headDim) {}
};

// Starts the copy of `rows` rows from `first` on; zeros where rows or the head end.
template <int rows, int width, int threads>
__device__ __forceinline__ void copy_rows(bf16* slice, const HeadRows& from, int first) {
    constexpr int chunks = width / kChunk;
    constexpr long long rowsOfPass = threads / chunks;
    int column = threadIdx.x % chunks * kChunk;
    const bf16* next = from.data + (first + threadIdx.x / chunks) * from.stride + column;
    long long step = rowsOfPass * from.stride;
    copy_slice<rows, width, threads>(slice, [&](int, int i, int) {
        const bf16* own = next;
        next += step;
        return Chunk{own, first + i < from.count && column < from.headDim};
    });
}

// 16 x 16 elements of a slice as a left operand.
template <int width>
__device__ __forceinline__ void load_left(unsigned (&a)[4], const bf16* slice, int row,
                                          int column) {
    int lane = threadIdx.x % kWarpSize;
    load_matrices(a, chunk_of<width>(slice, row, column, lane % 16, lane / 16 * kChunk));
}

// A warp's rows of a slice as left operands: kept in registers, or read again each time.
template <int width, int rowTiles, bool kept>
struct LeftRows;

template <int width, int rowTiles>
struct LeftRows<width, rowTiles, false> {
    static constexpr int kUnrolled = 64 / 16;  // the columns after which addresses repeat

    const bf16* slice;

    __device__ __forceinline__ explicit LeftRows(const bf16* slice) : slice(slice) {}

    __device__ __forceinline__ void operator()(unsigned (&a)[4], int i, int k) const {
        load_left<width>(a, slice, i * 16, k);
    }
};

template <int width, int rowTiles>
struct LeftRows<width, rowTiles, true> {
    static constexpr int kUnrolled = width / 16;

    unsigned fragment[rowTiles][width / 16][4];

    __device__ __forceinline__ explicit LeftRows(const bf16* slice) {
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
            for (int k = 0; k < width; k += 16) {
                load_left<width>(fragment[i][k / 16], slice, i * 16, k);
            }
        }
    }

    __device__ __forceinline__ void operator()(unsigned (&a)[4], int i, int k) const {
#pragma unroll
        for (int r = 0; r < 4; ++r) {
            a[r] = fragment[i][k / 16][r];
        }
    }
};

// left(a, i, k) gives rows 16 i to 16 i + 15, columns k to k + 15; right has a row for each column.
template <int width, int rowTiles, int columnTiles, class Left>
__device__ __forceinline__ void multiply_along(float (&sum)[rowTiles][columnTiles][4],
                                               const Left& left, const bf16* right) {
    int lane = threadIdx.x % kWarpSize;
#pragma unroll (Left::kUnrolled)
    for (int k = 0; k < width; k += 16) {
        unsigned a[rowTiles][4];
#pragma unroll
        for (int i = 0; i < rowTiles; ++i) {
            left(a[i], i, k);
        }
#pragma unroll
        for (int j = 0; j < columnTiles; j += 2) {
            unsigned both[4];  // two pairs of registers, as the product takes them: no moves
            load_matrices(both, chunk_of<width>(right, j * 8, k, lane / 16 * 8 + lane % 8,
                                                lane / 8 % 2 * kChunk));
            const unsigned first[2] = {both[0], both[1]};
            const unsigned second[2] = {both[2], both[3]};
#pragma unroll
            for (int i = 0; i < rowTiles; ++i) {
                mma_bf16(sum[i][j], a[i], first);
                mma_bf16(sum[i][j + 1], a[i], second);
            }
        }
    }
}

// Results as left operands of the next product, two tiles of 8 columns for a depth of 16.
template <int rowTiles, int columnTiles>
struct Weights {
    unsigned a[rowTiles][columnTiles / 2][4];

    // Two neighbouring results of a row: elements e and e + 1 of column tile j.
    __device__ __forceinline__ void set(int i, int j, int e, float low, float high) {
        a[i][j / 2][j % 2 * 2 + e / 2] = pack_bf16(low, high);
    }
};

// right has as many rows as the weights have columns.
template <int rowTiles, int columnTiles, int widthTiles>
__device__ __forceinline__ void multiply_across(float (&sum)[rowTiles][widthTiles][4],
                                                const Weights<rowTiles, columnTiles>& left,
                                                const bf16* right) {
    int lane = threadIdx.x % kWarpSize;
#pragma unroll
    for (int n = 0; n < columnTiles * 8; n += 16) {
#pragma unroll
        for (int j = 0; j < widthTiles; j += 2) {
            unsigned both[4];
            load_matrices_transposed(both, chunk_of<widthTiles * 8>(right, n, j * 8, lane % 16,
                                                                    lane / 16 * kChunk));
            const unsigned first[2] = {both[0], both[1]};
            const unsigned second[2] = {both[2], both[3]};
#pragma unroll
            for (int i = 0; i < rowTiles; ++i) {
                mma_bf16(sum[i][j], left.a[i][n / 16], first);
                mma_bf16(sum[i][j + 1], left.a[i][n / 16], second);
            }
        }
    }
}

// Row and column of a result of a warp's tile of sums (the layout C in mma.cuh).
__device__ __forceinline__ int row_of(int rowTile, int e) {
    return rowTile * 16 + e / 2 * 8 + threadIdx.x % kWarpSize / 4;
}

__device__ __forceinline__ int column_of(int columnTile, int e) {
    return columnTile * 8 + threadIdx.x % 4 * 2 + e % 2;
}

template <int rowTiles, int columnTiles>
__device__ __forceinline__ void scale_all(float (&sum)[rowTiles][columnTiles][4], float scale) {
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < columnTiles; ++j) {
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                sum[i][j][e] *= scale;
            }
        }
    }
}

// Writes a warp's sums as rows of bf16, 16 bytes at a time: out is where the first row goes, of which
// `count` exist. They pass through `slice`, which only this warp uses now.
template <int rowTiles, int widthTiles>
__device__ __forceinline__ void write_rows(bf16* slice,
                                           const float (&sum)[rowTiles][widthTiles][4], bf16* out,
                                           long long stride, int count, int headDim) {
    constexpr int width = widthTiles * 8;
    constexpr int chunks = width / kChunk;
    int lane = threadIdx.x % kWarpSize;
    __syncwarp();  // the slice has been read
#pragma unroll
    for (int i = 0; i < rowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < widthTiles; ++j) {
#pragma unroll
            for (int e = 0; e < 4; e += 2) {
                bf16* to = chunk_of<width>(slice, i * 16 + e / 2 * 8, j * 8, lane / 4, 0) +
                           lane % 4 * 2;
                *reinterpret_cast<unsigned*>(to) = pack_bf16(sum[i][j][e], sum[i][j][e + 1]);
            }
        }
    }
    __syncwarp();  // the rows are there
    constexpr int rowsOfPass = kWarpSize / chunks;
    int column = lane % chunks * kChunk;
    out += lane / chunks * stride + column;
#pragma unroll
    for (int first = 0; first < rowTiles * 16; first += rowsOfPass) {
        int row = first + lane / chunks;
        if (row < count && column < headDim) {
            *reinterpret_cast<uint4*>(out) =
                *reinterpret_cast<const uint4*>(slice + swizzled<width>(row, column));
        }
        out += rowsOfPass * stride;
    }
}
