// The right side of a product on tensor cores: a packed matrix, along or across the depth.
#pragma once

#include "mma_tile.cuh"

// A packed matrix that is the right side of a product: [columns, depth] along, [depth, columns]
// across the depth; pitch elements from row to row, a multiple of kChunk.
struct Side {
    const bf16* data;
    int pitch;
    int depth;
    int columns;
};

// A slice of a packed matrix: rows from firstRow on, columns from firstColumn on.
template <int height, int width, int threads>
__device__ __forceinline__ void copy_matrix(bf16* slice, const bf16* data, int pitch, int firstRow,
                                            int rows, int firstColumn, int columns) {
    copy_slice<height, width, threads>(slice, [&](int, int i, int column) {
        int row = firstRow + i;
        column += firstColumn;
        bool valid = row < rows && column < columns;
        return Chunk{valid ? data + static_cast<long long>(row) * pitch + column : data, valid};
    });
}

template <class Tile, Orientation orientation>
__device__ __forceinline__ void copy_side(bf16* slice, const Side& side, int start,
                                          int firstColumn) {
    if (orientation == kAlongDepth) {
        copy_matrix<Tile::columns, Tile::depth, Tile::threads>(
            slice, side.data, side.pitch, firstColumn, side.columns, start, side.depth);
    } else {
        copy_matrix<Tile::depth, Tile::columns, Tile::threads>(
            slice, side.data, side.pitch, start, side.depth, firstColumn, side.columns);
    }
}

template <class Tile>
__device__ __forceinline__ int slices_of(int depth) {
    return (depth + Tile::depth - 1) / Tile::depth;
}
