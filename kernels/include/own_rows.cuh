// The left side of a linear product: rows of x, which may lie anywhere.
#pragma once

#include "mma_side.cuh"
#include "mma_tile.cuh"

// The argument x and where its rows lie.
struct Rows {
    const bf16* data;
    long long batchStride;
    long long rowStride;
    int seqLen;
    int count;
};

// A thread's chunks of a tile of x, whose rows lie anywhere, moved on from slice to slice.
template <class Tile>
struct OwnRows {
    static constexpr int chunks = Tile::depth / kChunk;

    const bf16* first[Tile::passes];
    int at;     // elements from them to the chunks of the next slice
    int rows;   // that there are from the first chunk on
    int depth;  // likewise

    __device__ __forceinline__ OwnRows(const Rows& x, int firstRow, int in) {
        int row = firstRow + threadIdx.x / chunks;
        int column = threadIdx.x % chunks * kChunk;
#pragma unroll
        for (int pass = 0; pass < Tile::passes; ++pass) {
            int i = row + pass * Tile::rowsOfPass;
            first[pass] =
                x.data + i / x.seqLen * x.batchStride + i % x.seqLen * x.rowStride + column;
        }
        at = 0;
        rows = x.count - row;
        depth = in - column;
    }

    // Goes on with the same rows of a packed matrix.
    __device__ __forceinline__ void turn_to(const Matrix& matrix, int firstRow) {
        int row = firstRow + threadIdx.x / chunks;
        int column = threadIdx.x % chunks * kChunk;
#pragma unroll
        for (int pass = 0; pass < Tile::passes; ++pass) {
            long long i = row + pass * Tile::rowsOfPass;
            first[pass] = matrix.data + i * matrix.pitch + column;
        }
        at = 0;
        depth = matrix.columns - column;
    }

    __device__ __forceinline__ void copy(bf16* slice) {
        int there = at < depth ? rows : 0;
        copy_slice<Tile::rows, Tile::depth, Tile::threads>(slice, [&](int pass, int, int) {
            return Chunk{first[pass] + at, pass * Tile::rowsOfPass < there};
        });
        at += Tile::depth;
    }
};
