// Slices: bf16 matrices in shared memory, filled by asynchronous copies and read by ldmatrix.
//
// A slice lies in rows of 16-byte chunks; ldmatrix reads the same chunk of 8
// neighbouring rows, so chunks are swizzled (chunk ^ row) to lie in 8 different groups of banks. In
// a slice 32 wide two rows share the 128 bytes of all banks:
//
//   bytes      0    16    32    48    64    80    96   112
//   rows 0, 1  0.0   0.1   0.2   0.3   1.0   1.1   1.2   1.3     row.chunk
//   rows 2, 3  2.1   2.0   2.3   2.2   3.1   3.0   3.3   3.2
//   rows 4, 5  4.2   4.3   4.0   4.1   5.2   5.3   5.0   5.1
//   rows 6, 7  6.3   6.2   6.1   6.0   7.3   7.2   7.1   7.0     chunk 0 is in every group once
#pragma once

#include "async_copy.cuh"
#include "chunk.cuh"
#include "glance.cuh"

// Where an element lies in a slice of rows of `width` elements; column is a multiple of kChunk.
template <int width>
__device__ __forceinline__ constexpr int swizzled(int row, int column) {
    constexpr int chunks = width / kChunk;
    constexpr int rowsInBanks = chunks < 8 ? 8 / chunks : 1;
    constexpr int pattern = chunks < 8 ? chunks - 1 : 7;
    static_assert((chunks & (chunks - 1)) == 0, "xor stays in the row");
    return row * width + ((column / kChunk) ^ (row / rowsInBanks & pattern)) * kChunk;
}

// Whether 8 neighbouring rows have each chunk in 8 different groups of banks.
template <int width>
constexpr bool has_no_bank_conflicts() {
    for (int column = 0; column < width; column += kChunk) {
        int groups = 0;
        for (int row = 0; row < 8; ++row) {
            groups |= 1 << swizzled<width>(row, column) / kChunk % 8;
        }
        if (groups != 0xff) {
            return false;
        }
    }
    return true;
}
static_assert(has_no_bank_conflicts<32>() && has_no_bank_conflicts<64>() &&
                  has_no_bank_conflicts<128>(),
              "the widths of slices");

// A lane's chunk of the elements from (row, column) on, both known to the compiler and multiples of
// 8. The pattern of the swizzle repeats after 8 rows and 64 columns, so that most of the address is a
// constant: a few registers of addresses serve all corners of a slice.
template <int width, class T>
__device__ __forceinline__ T* chunk_of(T* slice, int row, int column, int laneRow,
                                       int laneColumn) {
    constexpr int repeat = width < 64 ? width : 64;
    static_assert(width % repeat == 0, "the pattern repeats in a row");
    return slice + swizzled<width>(laneRow, column % repeat + laneColumn) +
           (row * width + column / repeat * repeat);
}

// 16 bytes of global memory, or zeros if not valid.
struct Chunk {
    const bf16* from;
    bool valid;
};

// Starts the copy of a slice of rows x width elements. at(pass, row, column) names the chunk; pass
// counts the chunks of a thread, which all have the same column.
template <int rows, int width, int threads, class At>
__device__ __forceinline__ void copy_slice(bf16* slice, At at) {
    constexpr int chunks = width / kChunk;
    constexpr int rowsOfPass = threads / chunks;
    static_assert(rows % rowsOfPass == 0, "whole passes");
    static_assert(rowsOfPass % 8 == 0, "the pattern repeats from pass to pass");
    int row = threadIdx.x / chunks;
    int column = threadIdx.x % chunks * kChunk;
#pragma unroll
    for (int pass = 0; pass < rows / rowsOfPass; ++pass) {
        Chunk chunk = at(pass, row + pass * rowsOfPass, column);
        async_copy_16(chunk_of<width>(slice, pass * rowsOfPass, 0, row, column), chunk.from,
                      chunk.valid);
    }
}
