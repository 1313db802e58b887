// How the blocks of a product on Hopper walk its tiles.
#pragma once

#include "glance.cuh"

// A tile's first result.
struct Corner {
    int sample, row, column;
};

// Calls body(corner) for the tiles of this block, of tileRows x tileColumns results [samples, rows,
// columns].
template <int tileRows, int tileColumns, class Body>
__device__ __forceinline__ void for_each_tile(int samples, int rows, int columns, Body body) {
    // Tiles that are walked together, column by column: blocks that run at the same time then share
    // their parts of both sides in the L2 cache. 2,048 rows x 8 or 16 tiles are about one for each
    // multiprocessor.
    constexpr int kBand = 2048 / tileRows;
    int ofSample = (rows + tileRows - 1) / tileRows;
    int down = samples * ofSample;
    int across = (columns + tileColumns - 1) / tileColumns;
    for (int tile = blockIdx.x; tile < down * across; tile += gridDim.x) {
        int first = tile / (kBand * across) * kBand;
        int inBand = tile % (kBand * across);
        int height = min(kBand, down - first);
        int i = first + inBand % height;
        body(Corner{i / ofSample, i % ofSample * tileRows, inBand / height * tileColumns});
    }
}
