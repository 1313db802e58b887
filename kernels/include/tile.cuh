// A plain tiled product for everything that does not run on tensor cores: f32 sums of
// a(m, k) * b(n, k), where a and b are functions that know where their elements lie.
//
// A block of kTileThreads threads makes a tile of kTileRows x kTileColumns results; a thread makes
// 8 x 8 of them, so that each number read from shared memory serves 8 products.
#pragma once

#include "glance.cuh"

constexpr int kTileRows = 64;
constexpr int kTileColumns = 64;
constexpr int kTileDepth = 16;
constexpr int kTileThreads = 64;
constexpr int kPerThread = 8;
static_assert(kTileRows * kTileColumns == kTileThreads * kPerThread * kPerThread,
              "the threads cover the tile");

struct Tiles {
    float a[kTileDepth][kTileRows + 4];  // 4: no bank conflicts when filled along k
    float b[kTileDepth][kTileColumns + 4];
};

// sum[i][j] += a(row + i, k) * b(column + j, k) over all k below depth, for this thread's corner
// (row, column) of the tile. a and b are called with k < depth only, and return 0 where they end.
template <class A, class B>
__device__ __forceinline__ void accumulate_tile(Tiles& tiles, float (&sum)[kPerThread][kPerThread],
                                                int depth, A a, B b) {
    int thread = threadIdx.x;
    int row = thread / (kTileColumns / kPerThread) * kPerThread;
    int column = thread % (kTileColumns / kPerThread) * kPerThread;
    for (int start = 0; start < depth; start += kTileDepth) {
        __syncthreads();  // the last slice has been read
        for (int i = thread; i < kTileRows * kTileDepth; i += kTileThreads) {
            int k = i % kTileDepth;
            int m = i / kTileDepth;
            bool inside = start + k < depth;
            tiles.a[k][m] = inside ? a(m, start + k) : 0.0f;
            tiles.b[k][m] = inside ? b(m, start + k) : 0.0f;
        }
        __syncthreads();  // this slice is written
        int end = min(kTileDepth, depth - start);
        for (int k = 0; k < end; ++k) {
            float as[kPerThread], bs[kPerThread];
#pragma unroll
            for (int i = 0; i < kPerThread; ++i) {
                as[i] = tiles.a[k][row + i];
                bs[i] = tiles.b[k][column + i];
            }
#pragma unroll
            for (int i = 0; i < kPerThread; ++i) {
#pragma unroll
                for (int j = 0; j < kPerThread; ++j) {
                    sum[i][j] += as[i] * bs[j];
                }
            }
        }
    }
}

// Calls write(row, column, sum) for each of this thread's results, in tile coordinates.
template <class Write>
__device__ __forceinline__ void write_tile(const float (&sum)[kPerThread][kPerThread],
                                           Write write) {
    int row = threadIdx.x / (kTileColumns / kPerThread) * kPerThread;
    int column = threadIdx.x % (kTileColumns / kPerThread) * kPerThread;
#pragma unroll
    for (int i = 0; i < kPerThread; ++i) {
#pragma unroll
        for (int j = 0; j < kPerThread; ++j) {
            write(row + i, column + j, sum[i][j]);
        }
    }
}
