// What a warp has of D of wgmma (wgmma.cuh), as runs of 8 neighbouring results of a row, so that they
// are written 16 bytes at a time: they pass through shared memory, 32 columns after the other.
#pragma once

#include "chunk.cuh"
#include "glance.cuh"

constexpr int kWarpRows = 16;

// Room of one warp. 8 floats of padding keep the writes of a quad of lanes apart.
struct StagedResults {
    static constexpr int columns = 32;
    static constexpr int pitch = columns + 8;

    float values[kWarpRows * pitch];
};

// Calls write(row, column, values) for runs of kChunk results of the warp's 16 rows.
template <int half, class Write>
__device__ __forceinline__ void write_results(const float (&d)[half], StagedResults& staged,
                                              Write write) {
    constexpr int columns = StagedResults::columns;
    constexpr int pitch = StagedResults::pitch;
    constexpr int chunks = columns / kChunk;
    int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    float* own = staged.values + lane / 4 * pitch + lane % 4 * 2;
    // one loop around what follows the products: unrolled, it would not fit the instruction cache
#pragma unroll 1
    for (int part = 0; part < 2 * half / columns; ++part) {
#pragma unroll
        for (int j = 0; j < half / 4; ++j) {  // 8 columns each; registers are named by constants
            if (j / (columns / 8) == part) {
                float* to = own + j * 8 % columns;
                *reinterpret_cast<float2*>(to) = make_float2(d[4 * j], d[4 * j + 1]);
                *reinterpret_cast<float2*>(to + 8 * pitch) = make_float2(d[4 * j + 2], d[4 * j + 3]);
            }
        }
        __syncwarp();  // the warp's results are there
#pragma unroll 1
        for (int i = lane; i < kWarpRows * chunks; i += kWarpSize) {
            int row = i / chunks;
            int column = i % chunks * kChunk;
            const float4* from =
                reinterpret_cast<const float4*>(staged.values + row * pitch + column);
            float4 low = from[0];
            float4 high = from[1];
            float values[kChunk] = {low.x,  low.y,  low.z,  low.w,
                                    high.x, high.y, high.z, high.w};
            write(row, part * columns + column, values);
        }
        __syncwarp();  // they have been read
    }
}

// Room of one warp for results that lie across.
struct StagedAcross {
    static constexpr int columns = 32;
    static constexpr int pitch = kWarpRows + 4;

    float values[columns * pitch];
};

// The same where a row of D is a column of the results: calls write(column, row, values) for runs of
// kChunk rows, 0 or 8. paired: row g of D is row 2g of the results, and row g + 8 is row 2g + 1.
template <bool paired, int half, class Write>
__device__ __forceinline__ void write_results_across(const float (&d)[half], StagedAcross& staged,
                                                     Write write) {
    constexpr int columns = StagedAcross::columns;
    constexpr int pitch = StagedAcross::pitch;
    constexpr int chunks = kWarpRows / kChunk;
    int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    float* own = staged.values + lane % 4 * 2 * pitch + lane / 4 * (paired ? 2 : 1);
#pragma unroll 1
    for (int part = 0; part < 2 * half / columns; ++part) {
#pragma unroll
        for (int j = 0; j < half / 4; ++j) {  // 8 columns each; registers are named by constants
            if (j / (columns / 8) == part) {
                float* to = own + j * 8 % columns * pitch;
                if (paired) {
                    *reinterpret_cast<float2*>(to) = make_float2(d[4 * j], d[4 * j + 2]);
                    *reinterpret_cast<float2*>(to + pitch) =
                        make_float2(d[4 * j + 1], d[4 * j + 3]);
                } else {
                    to[0] = d[4 * j];
                    to[pitch] = d[4 * j + 1];
                    to[8] = d[4 * j + 2];
                    to[pitch + 8] = d[4 * j + 3];
                }
            }
        }
        __syncwarp();  // the warp's results are there
#pragma unroll 1
        for (int i = lane; i < columns * chunks; i += kWarpSize) {
            int column = i / chunks;
            int row = i % chunks * kChunk;
            const float4* from =
                reinterpret_cast<const float4*>(staged.values + column * pitch + row);
            float4 low = from[0];
            float4 high = from[1];
            float values[kChunk] = {low.x,  low.y,  low.z,  low.w,
                                    high.x, high.y, high.z, high.w};
            write(part * columns + column, row, values);
        }
        __syncwarp();  // they have been read
    }
}
