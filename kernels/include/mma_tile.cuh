// A tile of a bf16 matrix product on tensor cores: f32 sums of A[m, k] B[k, n], fed by asynchronous
// copies. Used by linear_mma.cu and conv2d_mma.cu, which differ in where A lies.
//
//                     columns                  A block has a tile of rows x columns results, each
//               +---------+---------+          warp a part of warpRows x warpColumns of them in
//            k  |    B    |         |          registers (64 x 64: 128 sums a thread).
//               +---------+---------+
//          k                                   The depth is walked in slices. A slice of A and one
//        +---+  +---------+---------+          of B make a stage in shared memory; while one stage
//        |   |  | warp 0  | warp 1  |          is multiplied, the next stages - 1 are on their way.
//  rows  | A |  +---------+---------+          One barrier a slice closes both hazards: this slice
//        |   |  | warp 2  | warp 3  |          has arrived for all threads, and the stage that is
//        +---+  +---------+---------+          filled next has been read by all of them.
//
// Either side is read in one of two layouts: kAlongDepth, A[m][k] and B[n][k] (activations times a
// weight), or kAcrossDepth, B[k][n] (the same weight in the backward pass) and A[k][m] (sums over
// tokens), where ldmatrix transposes.
#pragma once

#include "async_copy.cuh"
#include "glance.cuh"
#include "mma.cuh"
#include "mma_slice.cuh"

enum Orientation { kAlongDepth, kAcrossDepth };

template <int rows_, int columns_, int depth_, int warpRows_, int warpColumns_, int stages_>
struct MmaTile {
    static constexpr int rows = rows_;
    static constexpr int columns = columns_;
    static constexpr int depth = depth_;  // of a slice
    static constexpr int warpRows = warpRows_;
    static constexpr int warpColumns = warpColumns_;
    static constexpr int stages = stages_;
    static constexpr int warpsAcross = columns / warpColumns;
    static constexpr int warps = rows / warpRows * warpsAcross;
    static constexpr int threads = warps * kWarpSize;

    // chunks of A that a thread copies for a slice, and the distance of their rows
    static constexpr int rowsOfPass = threads / (depth / kChunk);
    static constexpr int passes = rows / rowsOfPass;

    // results pass through shared memory so that they are written 16 bytes at a time; 8 floats of
    // padding keep the writes of a quad of lanes apart
    static constexpr int stagedRows = warpRows < 32 ? warpRows : 32;
    static constexpr int stagedPitch = warpColumns + 8;

    static constexpr int stageElements = (rows + columns) * depth;
    static constexpr int stageBytes = stages * stageElements * static_cast<int>(sizeof(bf16));
    static constexpr int resultBytes =
        warps * stagedRows * stagedPitch * static_cast<int>(sizeof(float));
    static constexpr int sharedBytes = stageBytes > resultBytes ? stageBytes : resultBytes;

    static_assert(warpRows % 16 == 0 && warpColumns % 16 == 0 && depth % 16 == 0, "whole products");
    static_assert(sharedBytes <= 99 * 1024, "fits every GPU from compute capability 8.0");

    float sum[warpRows / 16][warpColumns / 8][4];

    __device__ __forceinline__ int warp_row() const {
        return threadIdx.x / kWarpSize / warpsAcross * warpRows;
    }

    __device__ __forceinline__ int warp_column() const {
        return threadIdx.x / kWarpSize % warpsAcross * warpColumns;
    }

    __device__ __forceinline__ void clear() {
#pragma unroll
        for (int i = 0; i < warpRows / 16; ++i) {
#pragma unroll
            for (int j = 0; j < warpColumns / 8; ++j) {
#pragma unroll
                for (int e = 0; e < 4; ++e) {
                    sum[i][j][e] = 0.0f;
                }
            }
        }
    }

    // The stages that are multiplied and filled next.
    struct Ring {
        bf16* reading;
        bf16* filling;
    };

    // Adds the products of all slices. load(slice, a, b) starts the copies of one; it is called
    // for slices 0, 1, 2, ... in this order.
    template <Orientation right, Orientation left = kAlongDepth, class Load>
    __device__ __forceinline__ void accumulate(bf16* shared, int slices, Load load) {
        Ring ring = start(shared, slices, load);
        go_on(ring, shared, 0, slices, slices, load,
              [&](const bf16* a, const bf16* b) { multiply<right, left>(a, b); });
    }

    // Starts the copies of the first slices.
    template <class Load>
    __device__ __forceinline__ Ring start(bf16* shared, int slices, Load load) {
#pragma unroll
        for (int stage = 0; stage < stages - 1; ++stage) {
            if (stage < slices) {
                bf16* at = shared + stage * stageElements;
                load(stage, at, at + rows * depth);
            }
            async_commit();
        }
        return {shared, shared + (stages - 1) * stageElements};
    }

    // Slices from first to end, of all that there are, by multiply(a, b).
    template <class Load, class Multiply>
    __device__ __forceinline__ void go_on(Ring& ring, bf16* shared, int first, int end, int slices,
                                          Load load, Multiply multiply) {
#pragma unroll 1
        for (int slice = first; slice < end; ++slice) {
            async_wait<stages - 2>();
            __syncthreads();  // this slice is there; the stage to fill has been read
            if (slice + stages - 1 < slices) {
                load(slice + stages - 1, ring.filling, ring.filling + rows * depth);
            }
            async_commit();  // an empty group at the end, so that the count above holds
            multiply(ring.reading, ring.reading + rows * depth);
            ring.filling = ring.reading;
            ring.reading += stageElements;
            ring.reading = ring.reading == shared + stages * stageElements ? shared : ring.reading;
        }
    }

    template <Orientation right, Orientation left>
    __device__ __forceinline__ void multiply(const bf16* a, const bf16* b) {
        int lane = threadIdx.x % kWarpSize;
        int low = lane % 16;                    // rows of two matrices one below the other
        int high = lane / 16 * kChunk;          // and the columns of the two beside them
        int paired = lane / 16 * 8 + lane % 8;  // or first the two that are side by side
        int beside = lane / 8 % 2 * kChunk;
        a += left == kAlongDepth ? warp_row() * depth : 0;
        b += right == kAlongDepth ? warp_column() * depth : 0;
#pragma unroll
        for (int k = 0; k < depth; k += 16) {
            unsigned as[warpRows / 16][4];
            unsigned bs[warpColumns / 8][2];
#pragma unroll
            for (int i = 0; i < warpRows / 16; ++i) {
                if (left == kAlongDepth) {
                    load_matrices(as[i], chunk_of<depth>(a, i * 16, k, low, high));
                } else {
                    load_matrices_transposed(
                        as[i], chunk_of<rows>(a, k, i * 16, paired, warp_row() + beside));
                }
            }
#pragma unroll
            for (int j = 0; j < warpColumns / 8; j += 2) {
                unsigned both[4];
                if (right == kAlongDepth) {
                    load_matrices(both, chunk_of<depth>(b, j * 8, k, paired, beside));
                } else {
                    load_matrices_transposed(
                        both, chunk_of<columns>(b, k, j * 8, low, warp_column() + high));
                }
                bs[j][0] = both[0];
                bs[j][1] = both[1];
                bs[j + 1][0] = both[2];
                bs[j + 1][1] = both[3];
            }
#pragma unroll
            for (int i = 0; i < warpRows / 16; ++i) {
#pragma unroll
                for (int j = 0; j < warpColumns / 8; ++j) {
                    mma_bf16(sum[i][j], as[i], bs[j]);
                }
            }
        }
    }

    // Calls write(row, column, values) for runs of kChunk results, in tile coordinates. interleaved:
    // of 16 columns the even ones are the first 8 sums, the odd ones the others.
    template <bool interleaved = false, class Write>
    __device__ __forceinline__ void write(void* shared, Write write) {
        int lane = threadIdx.x % kWarpSize;
        float* staged = static_cast<float*>(shared) +
                        threadIdx.x / kWarpSize * stagedRows * stagedPitch;
        constexpr int chunks = warpColumns / kChunk;
        __syncthreads();  // the last slice has been read
#pragma unroll
        for (int part = 0; part < warpRows / stagedRows; ++part) {
#pragma unroll
            for (int i = 0; i < stagedRows / 16; ++i) {
#pragma unroll
                for (int j = 0; j < warpColumns / 8; ++j) {
                    const float(&c)[4] = sum[part * (stagedRows / 16) + i][j];
                    float* row = staged + (i * 16 + lane / 4) * stagedPitch;
                    if (interleaved) {
                        const float(&d)[4] = sum[part * (stagedRows / 16) + i][j ^ 1];
                        float* to = row + (j & ~1) * 8 + lane % 4 * 4;
                        if (j % 2 == 0) {
                            *reinterpret_cast<float4*>(to) = make_float4(c[0], d[0], c[1], d[1]);
                        } else {
                            *reinterpret_cast<float4*>(to + 8 * stagedPitch) =
                                make_float4(d[2], c[2], d[3], c[3]);
                        }
                    } else {
                        float* to = row + j * 8 + lane % 4 * 2;
                        *reinterpret_cast<float2*>(to) = make_float2(c[0], c[1]);
                        *reinterpret_cast<float2*>(to + 8 * stagedPitch) =
                            make_float2(c[2], c[3]);
                    }
                }
            }
            __syncwarp();  // the warp's results are there
#pragma unroll 1
            for (int i = lane; i < stagedRows * chunks; i += kWarpSize) {
                int row = i / chunks;
                int column = i % chunks * kChunk;
                const float4* from =
                    reinterpret_cast<const float4*>(staged + row * stagedPitch + column);
                float4 low = from[0];
                float4 high = from[1];
                float values[kChunk] = {low.x,  low.y,  low.z,  low.w,
                                        high.x, high.y, high.z, high.w};
                write(warp_row() + part * stagedRows + row, warp_column() + column, values);
            }
            __syncwarp();  // they have been read
        }
    }
};

// The tile of a block when blocks are counted in bands of a few tile rows, column by column: blocks
// that run at the same time then share their parts of A and B in the L2 cache.
struct TilePlace {
    int row, column;  // of the tile's first result

    template <class Tile>
    static __device__ __forceinline__ TilePlace of(int rows, int columns) {
        constexpr int kBand = 8;
        int down = (rows + Tile::rows - 1) / Tile::rows;
        int across = (columns + Tile::columns - 1) / Tile::columns;
        int block = blockIdx.x;
        int first = block / (kBand * across) * kBand;
        int inBand = block % (kBand * across);
        int height = min(kBand, down - first);
        return {(first + inBand % height) * Tile::rows, inBand / height * Tile::columns};
    }
};

// 128 x 128: 4 warps of 64 x 64, two blocks a multiprocessor where it has 164 KB of shared memory. A
// warp reads 4 KB for 65,536 multiplications and additions; 8 warps of 64 x 32 would read 6 KB, which
// at 1,024 of them a clock (A100) is 96 of the 128 bytes that shared memory gives, and on faster tensor
// cores more than it gives. Half the size each way where the large one leaves multiprocessors idle.
// Thin: for results of few columns and much depth, bound by reading A: more slices under way.
using LargeTile = MmaTile<128, 128, 32, 64, 64, 4>;
using SmallTile = MmaTile<64, 64, 32, 32, 32, 4>;
using ThinTile = MmaTile<32, 32, 64, 16, 32, 6>;

// What the launcher of a file needs of its tiles.
#define EXPORT_TILE(name, Tile)                                                      \
    static_assert(Tile::rows == Tile::columns, "one number tells the launcher both"); \
    EXPORT_CONSTANT(name##_tile, Tile::rows);                                         \
    EXPORT_CONSTANT(name##_shared, Tile::sharedBytes)
