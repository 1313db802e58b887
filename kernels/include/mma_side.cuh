// The sides of a product on tensor cores that are packed matrices. A thread keeps the addresses of its
// chunks and moves them on from slice to slice: what a slice costs beside the copies is an addition
// or two for each of them, and no address is computed again.
#pragma once

#include "mma_tile.cuh"

// Part of a packed matrix of bf16; pitch elements from row to row, a multiple of kChunk.
struct Matrix {
    const bf16* data;
    int pitch;
    int rows;
    int columns;
};

// Slices of height x width elements of a matrix, one after the other: down its rows, or along them.
// Zeros where the matrix ends.
template <int height, int width, int threads, bool down>
struct Walk {
    static constexpr int chunks = width / kChunk;
    static constexpr int rowsOfPass = threads / chunks;

    const bf16* next;  // this thread's first chunk of the next slice
    int pitch;
    int rows;     // that are left from that chunk on
    int columns;  // likewise

    __device__ __forceinline__ Walk(const Matrix& matrix, int firstRow, int firstColumn) {
        int row = firstRow + threadIdx.x / chunks;
        int column = firstColumn + threadIdx.x % chunks * kChunk;
        next = matrix.data + static_cast<long long>(row) * matrix.pitch + column;
        pitch = matrix.pitch;
        columns = matrix.columns - column;
        // down a matrix the columns stay
        rows = down && columns <= 0 ? 0 : matrix.rows - row;
    }

    // Starts the copy of the next slice.
    __device__ __forceinline__ void copy(bf16* slice) {
        int there = down || columns > 0 ? rows : 0;
        copy_slice<height, width, threads>(slice, [&](int pass, int, int) {
            int row = pass * rowsOfPass;
            return Chunk{next + row * pitch, row < there};
        });
        if (down) {
            next += height * pitch;
            rows -= height;
        } else {
            next += width;
            columns -= width;
        }
    }
};

// Rows of A, which is walked along them.
template <class Tile>
using LeftWalk = Walk<Tile::rows, Tile::depth, Tile::threads, false>;

// B, [columns, depth] along the depth or [depth, columns] across it.
template <class Tile, Orientation orientation>
struct RightWalk;

template <class Tile>
struct RightWalk<Tile, kAlongDepth> : Walk<Tile::columns, Tile::depth, Tile::threads, false> {
    __device__ __forceinline__ RightWalk(const Matrix& matrix, int firstColumn)
        : Walk<Tile::columns, Tile::depth, Tile::threads, false>(matrix, firstColumn, 0) {}
};

template <class Tile>
struct RightWalk<Tile, kAcrossDepth> : Walk<Tile::depth, Tile::columns, Tile::threads, true> {
    __device__ __forceinline__ RightWalk(const Matrix& matrix, int firstColumn)
        : Walk<Tile::depth, Tile::columns, Tile::threads, true>(matrix, 0, firstColumn) {}
};

// Marks a block that is rarely entered. Without it the compiler computes what the block would change
// every time, and selects.
__device__ __forceinline__ void rarely() { asm volatile("" ::: "memory"); }

template <class Tile>
__device__ __forceinline__ int slices_of(int depth) {
    return (depth + Tile::depth - 1) / Tile::depth;
}
