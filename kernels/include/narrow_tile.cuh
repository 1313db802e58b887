// A tile of a product (mma_tile.cuh) whose B is bytes, Format of narrow.cuh. They are copied as they
// are, half of what bf16 takes, and become bf16 on the way from shared memory to the operands. The
// products and their order are those of the same weights in bf16, and with them the bits.
//
// Slices of bytes are held as if two neighbours were one element of 16 bits: half as wide.
//
//   kAlongDepth, B[n][k]    a lane reads its two neighbours of k with one load of 16 bits, from 8 rows
//                           without a conflict (swizzled<16>)
//   kAcrossDepth, B[k][n]   ldmatrix.trans gives a lane columns 2g and 2g + 1 of rows 2t and 2t + 1:
//                           operands of two products, of the even columns and of the odd ones, so
//                           that results lie interleaved (MmaTile::write)
#pragma once

#include "mma_side.cuh"
#include "mma_tile.cuh"
#include "narrow.cuh"

static_assert(has_no_bank_conflicts<16>(), "slices of bytes along the depth");

// A packed matrix of bytes as one of pairs; columns and pitch are multiples of 16 bytes.
__device__ __forceinline__ Matrix pairs_of(const uint8_t* data, int pitch, int rows, int columns) {
    return {reinterpret_cast<const bf16*>(data), pitch / 2, rows, columns / 2};
}

template <class Tile, Orientation orientation>
struct NarrowWalk;

template <class Tile>
struct NarrowWalk<Tile, kAlongDepth>
    : Walk<Tile::columns, Tile::depth / 2, Tile::threads, false> {
    __device__ __forceinline__ NarrowWalk(const Matrix& pairs, int firstColumn)
        : Walk<Tile::columns, Tile::depth / 2, Tile::threads, false>(pairs, firstColumn, 0) {}
};

template <class Tile>
struct NarrowWalk<Tile, kAcrossDepth>
    : Walk<Tile::depth, Tile::columns / 2, Tile::threads, true> {
    __device__ __forceinline__ NarrowWalk(const Matrix& pairs, int firstColumn)
        : Walk<Tile::depth, Tile::columns / 2, Tile::threads, true>(pairs, 0, firstColumn / 2) {}
};

template <class Tile, class Format>
struct NarrowTile : Tile {
    using Tile::columns;
    using Tile::depth;
    using Tile::sum;
    using Tile::warpColumns;
    using Tile::warpRows;

    // The products of a slice whose B is bytes.
    template <Orientation right>
    __device__ __forceinline__ void multiply_bytes(const bf16* a, const bf16* b) {
        multiply_all(a, [&](unsigned (&to)[2][2], int j, int k) {
            if (right == kAlongDepth) {
                const bf16* own = b + this->warp_column() * (depth / 2);
                read_along(to[0], own, j, k);
                read_along(to[1], own, j + 1, k);
            } else {
                read_across(to, b, j, k);
            }
        });
    }

    // The products of a slice whose B is bf16, added to the same sums.
    template <Orientation right>
    __device__ __forceinline__ void multiply_plain(const bf16* a, const bf16* b) {
        if (right == kAlongDepth) {
            this->template multiply<kAlongDepth, kAlongDepth>(a, b);
        } else {
            multiply_all(a, [&](unsigned (&to)[2][2], int j, int k) {
                read_interleaved(to, b, j, k);
            });
        }
    }

   private:
    // read(operands, j, k) gives those of 16 columns.
    template <class Read>
    __device__ __forceinline__ void multiply_all(const bf16* a, Read read) {
        int lane = threadIdx.x % kWarpSize;
        a += this->warp_row() * depth;
#pragma unroll
        for (int k = 0; k < depth; k += 16) {
            unsigned as[warpRows / 16][4];
#pragma unroll
            for (int i = 0; i < warpRows / 16; ++i) {
                load_matrices(as[i],
                              chunk_of<depth>(a, i * 16, k, lane % 16, lane / 16 * kChunk));
            }
#pragma unroll
            for (int j = 0; j < warpColumns / 8; j += 2) {
                unsigned bs[2][2];
                read(bs, j, k);
#pragma unroll
                for (int i = 0; i < warpRows / 16; ++i) {
                    mma_bf16(sum[i][j], as[i], bs[0]);
                    mma_bf16(sum[i][j + 1], as[i], bs[1]);
                }
            }
        }
    }

    // 16 bytes of a row are a chunk: its elements 2t and 2t + 1, and those 8 further.
    static __device__ __forceinline__ void read_along(unsigned (&to)[2], const bf16* b, int j,
                                                      int k) {
        int lane = threadIdx.x % kWarpSize;
        const bf16* chunk = chunk_of<depth / 2>(b, j * 8, k / 2, lane / 4, 0) + lane % 4;
        const uint16_t* pairs = reinterpret_cast<const uint16_t*>(chunk);
        to[0] = Format::template pair<0, 1>(pairs[0]);
        to[1] = Format::template pair<0, 1>(pairs[4]);
    }

    __device__ __forceinline__ void read_across(unsigned (&to)[2][2], const bf16* b, int j,
                                                int k) const {
        int lane = threadIdx.x % kWarpSize;
        unsigned rows[2];
        load_matrices_transposed(rows, chunk_of<columns / 2>(b, k, j * 4, lane % 16,
                                                             this->warp_column() / 2));
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            to[0][half] = Format::template pair<0, 2>(rows[half]);
            to[1][half] = Format::template pair<1, 3>(rows[half]);
        }
    }

    // Column 2g and column 2g + 1 of 16, which other lanes have read.
    __device__ __forceinline__ void read_interleaved(unsigned (&to)[2][2], const bf16* b, int j,
                                                     int k) const {
        int lane = threadIdx.x % kWarpSize;
        unsigned both[4];
        load_matrices_transposed(
            both, chunk_of<columns>(b, k, j * 8, lane % 16,
                                    this->warp_column() + lane / 16 * kChunk));
#pragma unroll
        for (int odd = 0; odd < 2; ++odd) {
            int from = (lane / 4 * 2 + odd) % 8 * 4 + lane % 4;
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                unsigned left = __shfl_sync(kAllLanes, both[half], from);
                unsigned right = __shfl_sync(kAllLanes, both[2 + half], from);
                to[odd][half] = lane < kWarpSize / 2 ? left : right;
            }
        }
    }
};
