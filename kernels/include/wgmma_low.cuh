// S = scale x A^T diag(scales) of a product on Hopper (wgmma_product.cuh), made by the launch that reads
// it, or by one before.
//
// Tiles of S, one or more for each 128 rows, come first in the walk, and wait for nothing; a flag tells
// that they are written (flags.cuh). The producer waits for it only where a tile has come to the slices of
// S. One launch makes S of up to four products that read the same x: their A lie one below the other in
// a stage, and their S side by side in memory.
#pragma once

#include "flags.cuh"
#include "shares.cuh"
#include "wgmma_product.cuh"

// A launch before made S, or there is none.
struct LowBefore {
    template <Major major, class Walk, class Stages, class Peers>
    __device__ __forceinline__ void copy(Walk&, Stages&, const Peers&, const TensorMap&, int) const {}

    template <class Walk>
    __device__ __forceinline__ void wait(const Walk&, const Corner&) const {}

    template <Major major, class Walk, class Stages>
    __device__ __forceinline__ void make(Walk&, Stages&, const Sizes&, int) const {}
};

// What a launch makes of S, if it makes any. Products lie side by side in memory, and in the tiles too,
// but there with room for more columns: a power of two for each, so that a quarter of a tile is of one.
struct Low {
    static constexpr int kMost = 4;  // products
    static constexpr int kDone = 1;  // a named barrier of those who multiply

    const TensorMap& factor0;  // A of each product; for a gradient B of the one
    const TensorMap& factor1;
    const TensorMap& factor2;
    const TensorMap& factor3;
    const ShareTable<kMost>& of;  // each product's
    bf16* s;                      // [samples * rows, pitch]
    int pitch;
    int width;          // columns of a product in memory
    int room;           // and in the tiles
    int columns;        // of a tile, 64 or 128
    int tiles;          // of a band of rows; 0 where S is there already
    unsigned* written;  // a flag for each band, 0 before and after the launch

    // By the producer: copies all slices of all tiles of S.
    template <Major major, class Walk, int n, int blocks>
    __device__ __forceinline__ void copy(Walk& walk, Stages<n, blocks>& stages,
                                         const Peers<blocks>& peers, const TensorMap& x,
                                         int slices) const {
        int bytes = (kRows + columns) * kRowBytes;
        walk.for_each_before(tiles, columns, [&](const Corner& corner) {
            for (int slice = 0; slice < slices; ++slice) {
                int at = slice * kDepth;
                stages.fill(bytes, [&](Stage<n>& stage, Barrier& arrived) {
                    bulk_tile(stage.left, x, at, corner.row, corner.sample, arrived);
                    copy_factors<major>(peers, stage, at, corner.column, arrived);
                });
            }
        });
    }

    // By the producer: waits until S of the rows of a tile is written. Each tile of the band does so
    // once, and the last one resets the flag for the next launch.
    template <class Walk>
    __device__ __forceinline__ void wait(const Walk& walk, const Corner& corner) const {
        if (tiles == 0 || !walk.has(corner)) {
            return;
        }
        unsigned& flag = written[walk.band_of(corner)];
        flag_wait(flag, tiles);
        fence_proxy_async_global();
        if (flag_add(flag, 1) == static_cast<unsigned>(tiles + walk.across - 1)) {
            flag_set(flag, 0);
        }
    }

    // By those who multiply: makes this warpgroup's half of each tile of S.
    template <Major major, class Walk, int n, int blocks>
    __device__ __forceinline__ void make(Walk& walk, Stages<n, blocks>& stages, const Sizes& sizes,
                                         int warp) const {
        walk.for_each_before(tiles, columns, [&](const Corner& corner) {
            if (columns == 64) {
                make_tile<major, 64>(stages, sizes, corner, warp);
            } else {
                make_tile<major, 128>(stages, sizes, corner, warp);
            }
            fence_proxy_async_global();
            named_barrier_sync(kDone, kConsumers * kGroup);
            if (threadIdx.x == kGroup && walk.has(corner)) {
                flag_add(written[walk.band_of(corner)], 1);
            }
        });
    }

private:
    __device__ __forceinline__ const TensorMap& factor(int product) const {
        return product == 0 ? factor0 : product == 1 ? factor1 : product == 2 ? factor2 : factor3;
    }

    // Starts the copy of the right side. Beyond the last product it has columns of another one, which
    // nobody writes.
    template <Major major, int n, int blocks>
    __device__ __forceinline__ void copy_factors(const Peers<blocks>& peers, Stage<n>& stage, int at,
                                                 int column, Barrier& arrived) const {
        int part = major == kAlongDepth ? columns / 4 : 64;
        for (int i = 0; i < columns / part; ++i) {
            bf16* to = stage.right + i * part * kDepth;
            int first = column + i * part;
            if constexpr (major == kAlongDepth) {
                peers.copy(i, to, factor(first / room), at, first % room, arrived);
            } else {
                peers.copy(i, to, factor0, first, at, arrived);
            }
        }
    }

    template <Major major, int wide, int n, int blocks>
    __device__ __forceinline__ void make_tile(Stages<n, blocks>& stages, const Sizes& sizes,
                                              const Corner& corner, int warp) const {
        float d[wide / 2];
        stages.use(sizes.wide_slices<bf16>(), d, [&](const Stage<n>& stage, bool first) {
            multiply<major>(d, stage, !first);
        });
        write_results(d, stages.shared.staged[warp],
                      [&](int i, int j, const float(&product)[kChunk]) {
                          write(sizes, corner, corner.row + warp * kWarpRows + i,
                                corner.column + j, product);
                      });
    }

    // A chunk of a row from a column of the tiles on.
    __device__ __forceinline__ void write(const Sizes& sizes, const Corner& corner, int row, int at,
                                          const float (&product)[kChunk]) const {
        int number = at / room;
        int column = at % room;
        if (row >= sizes.rows_of(corner) || number * width >= pitch || column >= width) {
            return;
        }
        const Share& own = of.of[number];
        float scaled[kChunk];
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            bool has = own.scales != nullptr && column + e < own.rank;
            scaled[e] = (has ? own.scale * own.scales[column + e] : own.scale) * product[e];
        }
        long long first = (static_cast<long long>(corner.sample) * sizes.rows + row) * pitch;
        store_chunk(s + first + number * width + column, scaled, kChunk, true);
    }
};
