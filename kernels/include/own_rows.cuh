// The sides of a linear product on tensor cores that are its own: rows of x, which may lie anywhere,
// and what is added by shares of them.
#pragma once

#include "mma_side.cuh"
#include "mma_tile.cuh"
#include "shares.cuh"

// The argument x and where its rows lie.
struct Rows {
    const bf16* data;
    long long batchStride;
    long long rowStride;
    int seqLen;
    int end;  // of those that a tile may read
};

// The tile of a block where tiles have rows of one share.
struct SharePlace {
    TilePlace tile;
    int share;
    int end;  // of the share's rows

    template <class Tile, int most>
    static __device__ __forceinline__ SharePlace of(const ShareTable<most>& shares, int columns) {
        TilePlace place = TilePlace::of<Tile>(ShareRows::padded(shares, Tile::rows), columns);
        ShareRows rows = ShareRows::of(shares, place.row / Tile::rows, Tile::rows);
        return {{rows.first, place.column}, rows.share, rows.end};
    }
};

// Elements from row to row of a packed matrix.
__device__ __forceinline__ int packed_pitch(int columns) {
    return (columns + kChunk - 1) / kChunk * kChunk;
}

// B of a share.
__device__ __forceinline__ Matrix up_of(const Share& share, int columns) {
    return {static_cast<const bf16*>(share.up), packed_pitch(share.rank), columns, share.rank};
}

// What a low-rank addition is the product of.
struct LowFactors {
    Matrix s;
    Matrix low;
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
        rows = x.end - row;
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
