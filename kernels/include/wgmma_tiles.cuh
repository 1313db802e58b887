// How the blocks of a product on Hopper walk its tiles.
#pragma once

#include "glance.cuh"

// A tile's first result.
struct Corner {
    int sample, row, column;
};

// How a block walks tiles of tileRows x tileColumns results [samples, rows, columns]: first some others
// for each band of rows, if there are any, then those of the results. Blocks of a cluster walk together,
// in neighbouring bands; the last of them may be beyond the last sample.
template <int tileRows, int tileColumns, int blocks = 1>
struct TileWalk {
    int ofSample;  // bands of a sample
    int down;      // clusters of bands
    int across;
    int next;
    int samples;

    __device__ __forceinline__ TileWalk(int samples, int rows, int columns)
        : ofSample((rows + tileRows - 1) / tileRows),
          down((samples * ofSample + blocks - 1) / blocks),
          across((columns + tileColumns - 1) / tileColumns),
          next(blockIdx.x / blocks),
          samples(samples) {}

    __device__ __forceinline__ int band_of(const Corner& corner) const {
        return corner.sample * ofSample + corner.row / tileRows;
    }

    __device__ __forceinline__ bool has(const Corner& corner) const {
        return blocks == 1 || corner.sample < samples;
    }

    // Calls body(corner) for this block's of `each` tiles of every band, which have so many columns.
    template <class Body>
    __device__ __forceinline__ void for_each_before(int each, int columns, Body body) {
        for (; next < down * each; next += gridDim.x / blocks) {
            body(corner(next / each, next % each * columns));
        }
        next -= down * each;
    }

    // Calls body(corner) for the tiles of this block.
    template <class Body>
    __device__ __forceinline__ void for_each_tile(Body body) {
        // Tiles that are walked together, column by column: blocks that run at the same time then
        // share their parts of both sides in the L2 cache. 2,048 rows x 8 or 16 tiles are about one
        // for each multiprocessor.
        constexpr int kBand = 2048 / tileRows / blocks;
        for (; next < down * across; next += gridDim.x / blocks) {
            int first = next / (kBand * across) * kBand;
            int inBand = next % (kBand * across);
            int height = min(kBand, down - first);
            body(corner(first + inBand % height, inBand / height * tileColumns));
        }
    }

private:
    __device__ __forceinline__ Corner corner(int bands, int column) const {
        int band = bands * blocks + blockIdx.x % blocks;
        return {band / ofSample, band % ofSample * tileRows, column};
    }
};

template <int tileRows, int tileColumns, class Body>
__device__ __forceinline__ void for_each_tile(int samples, int rows, int columns, Body body) {
    TileWalk<tileRows, tileColumns>(samples, rows, columns).for_each_tile(body);
}
