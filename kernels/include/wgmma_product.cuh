// A product on Hopper (wgmma.cuh), by tiles of 128 rows of the left side and n of the right. Both lie
// along the depth in rows of 128 bytes, as wide as the swizzle: 64 elements of bf16 or 128 of e4m3. A
// slice of that depth of both is a stage, and stages form a ring.
//
//   producer, 1 thread        wait(empty) -> copies of a slice of both sides -> next      6 or 4 stages
//   2 warpgroups, 64 rows     wait(full)  -> 4 wgmma -> wait for those of the slice before, and give
//                             its stage back; after the last slice the epilogue, while the producer
//                             already fills the stages for the next tile
//
// Blocks of a cluster have the same columns of neighbouring bands of rows: each copies its own rows, and
// its part of the right side to all, and a stage is given back to all.
#pragma once

#include "barrier.cuh"
#include "bulk_copy.cuh"
#include "cluster.cuh"
#include "epilogue_chunks.cuh"
#include "wgmma.cuh"
#include "wgmma_results.cuh"
#include "wgmma_tiles.cuh"

constexpr int kGroup = 128;    // threads of a warpgroup
constexpr int kConsumers = 2;  // warpgroups that multiply
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kGroupRows = 64;
constexpr int kRows = kGroupRows * kConsumers;
constexpr int kRowBytes = 128;
constexpr int kStepBytes = 32;  // of a row, in one wgmma

template <class T>
constexpr int kDepthOf = kRowBytes / static_cast<int>(sizeof(T));
constexpr int kDepth = kDepthOf<bf16>;

template <int n>
struct Stage {
    bf16 left[kRows * kDepth];
    bf16 right[n * kDepth];
};

template <int n>
struct Shared {
    static constexpr int stages = n == 256 ? 4 : 6;

    Stage<n> stage[stages];
    StagedResults staged[kConsumers * kGroup / kWarpSize];
};
static_assert(sizeof(Shared<256>) <= 226 * 1024 && sizeof(Shared<128>) <= 226 * 1024,
              "what Hopper has");

struct Maps {
    const TensorMap& x;
    const TensorMap& weight;
    const TensorMap& s;
    const TensorMap& up;
};

struct Sizes {
    int samples;
    int rows;     // of a sample
    int columns;  // of the results
    int depth;
    int lowDepth;  // of S and B; 0 without an adapter

    // Of the sample of a tile, which may be beyond the last.
    __device__ __forceinline__ int rows_of(const Corner& corner) const {
        return corner.sample < samples ? rows : 0;
    }

    template <class T>
    __device__ __forceinline__ int wide_slices() const {
        return (depth + kDepthOf<T> - 1) / kDepthOf<T>;
    }
    __device__ __forceinline__ int low_slices() const { return (lowDepth + kDepth - 1) / kDepth; }
};

// Where a block is in its cluster.
template <int blocks>
struct Peers {
    int rank = rank_of<blocks>();

    // Starts the copy of the i-th part of something, if it is for this block to do.
    __device__ __forceinline__ void copy(int i, bf16* to, const TensorMap& map, int x, int y,
                                         Barrier& arrived) const {
        if constexpr (blocks == 1) {
            bulk_tile(to, map, x, y, arrived);
        } else if (i % blocks == rank) {
            bulk_tile_all(to, map, x, y, arrived, (1 << blocks) - 1);
        }
    }
};

// The ring of stages, as a producer or a consumer goes through it.
template <int n, int blocks>
struct Stages {
    Shared<n>& shared;
    Barrier* full;
    Barrier* empty;
    Ring<Shared<n>::stages> ring;

    // By the producer: once the next stage is free in all blocks that it is copied to, calls
    // copies(stage, arrived), which starts copies of so many bytes.
    template <class Copies>
    __device__ __forceinline__ void fill(int bytes, Copies copies) {
        Barrier& arrived = full[ring.stage];
        barrier_wait(empty[ring.stage], ring.parity ^ 1);
        barrier_arrive_expect(arrived, bytes);
        copies(shared.stage[ring.stage], arrived);
        ring.next();
    }

    // By a consumer: calls multiply(stage, first), which starts the products of a slice as one group,
    // for some slices. Their sums d are there when it returns, and the stages were given back.
    template <int half, class Multiply>
    __device__ __forceinline__ void use(int slices, float (&d)[half], Multiply multiply) {
        int before = ring.stage;
#pragma unroll 1
        for (int slice = 0; slice < slices; ++slice) {
            barrier_wait(full[ring.stage], ring.parity);
            multiply(shared.stage[ring.stage], slice == 0);
            wgmma_wait<1>();
            if (slice > 0) {
                give_back_to_blocks<blocks>(empty[before]);
            }
            before = ring.stage;
            ring.next();
        }
        wgmma_wait<0>();
        wgmma_keep(d);
        give_back_to_blocks<blocks>(empty[before]);
    }
};

// The left side of this warpgroup.
template <int n>
__device__ __forceinline__ unsigned long long left_of(const Stage<n>& stage) {
    int group = static_cast<int>(threadIdx.x) / kGroup - 1;
    return matrix_descriptor(stage.left + group * kGroupRows * kDepth, 0, 1024);
}

// The products of a slice of bf16, as one group that is not waited for: 2 * half columns. Across the
// depth the right side is squares of 64.
template <Major major, int n, int half>
__device__ __forceinline__ void multiply(float (&d)[half], const Stage<n>& stage, bool accumulate) {
    constexpr bool across = major == kAcrossDepth;
    unsigned long long left = left_of(stage);
    unsigned long long right = matrix_descriptor(
        stage.right, across ? 64 * kDepth * static_cast<int>(sizeof(bf16)) : 0, 1024);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_bf16<kAlongDepth, major>(d, advanced(left, kStepBytes * k),
                                       advanced(right, (across ? 2048 : kStepBytes) * k),
                                       accumulate || k > 0);
    }
    wgmma_commit();
}

// Starts the copy of the right side of a slice: n columns, from `at` in the depth on. Across the depth
// 64 columns lie after the other.
template <int n, Major major, int blocks>
__device__ __forceinline__ void copy_right(const Peers<blocks>& peers, Stage<n>& stage,
                                           const TensorMap& map, int at, int column,
                                           Barrier& arrived) {
    constexpr int part = major == kAlongDepth ? n / blocks : 64;
#pragma unroll
    for (int i = 0; i < n / part; ++i) {
        int first = column + i * part;
        peers.copy(i, stage.right + i * part * kDepth, map, major == kAlongDepth ? at : first,
                   major == kAlongDepth ? first : at, arrived);
    }
}

// Copies all slices of all tiles.
template <class T, int n, Major major, int blocks, class Low>
__device__ __forceinline__ void produce(const Maps& maps, const Sizes& sizes, const Low& low,
                                        Stages<n, blocks> stages) {
    int wide = sizes.wide_slices<T>();
    int slices = wide + sizes.low_slices();
    Peers<blocks> peers;
    TileWalk<kRows, n, blocks> walk(sizes.samples, sizes.rows, sizes.columns);
    low.template copy<major>(walk, stages, peers, maps.x, wide);
    walk.for_each_tile([&](const Corner& corner) {
        for (int slice = 0; slice < slices; ++slice) {
            if (slice == wide) {
                low.wait(walk, corner);
            }
            stages.fill(sizeof(Stage<n>), [&](Stage<n>& stage, Barrier& arrived) {
                bool narrow = slice >= wide;
                int at = narrow ? (slice - wide) * kDepth : slice * kDepthOf<T>;
                bulk_tile(stage.left, narrow ? maps.s : maps.x, at, corner.row, corner.sample,
                          arrived);
                copy_right<n, major>(peers, stage, narrow ? maps.up : maps.weight, at,
                                     corner.column, arrived);
            });
        }
    });
}

// Makes this warpgroup's half of each tile.
template <class T, int n, Major major, int blocks, class Low, class Sums>
__device__ __forceinline__ void consume(const Sizes& sizes, const Low& low,
                                        const Epilogue<bf16>& epilogue, bf16* out,
                                        Stages<n, blocks> stages, Sums sums) {
    int warp = static_cast<int>(threadIdx.x) / kWarpSize - kGroup / kWarpSize;
    TileWalk<kRows, n, blocks> walk(sizes.samples, sizes.rows, sizes.columns);
    low.template make<major>(walk, stages, sizes, warp);
    bool chunks = moves_chunks(epilogue, out, sizes.columns);
    float d[n / 2];
    walk.for_each_tile([&](const Corner& corner) {
        int firstRow = corner.row + warp * kWarpRows;
        int rows = sizes.rows_of(corner);
        sums(d, stages, firstRow, rows);
        write_results(d, stages.shared.staged[warp],
                      [&](int i, int j, const float(&product)[kChunk]) {
                          int row = firstRow + i;
                          int column = corner.column + j;
                          if (row < rows && column < sizes.columns) {
                              write_chunk(epilogue, out, corner.sample * sizes.rows + row, column,
                                          sizes.columns, chunks, product);
                          }
                      });
    });
}

// Makes all tiles of a product of elements T. low makes S in the same launch, or knows that it is there
// (wgmma_low.cuh). sums(d, stages, first, rows) takes the slices of a tile and makes the sums of the
// warp's rows; it is told the first of them, and how many the sample has.
template <class T, int n, Major major, int blocks, class Low, class Sums>
__device__ __forceinline__ void make_tiles(const Maps& maps, const Sizes& sizes, const Low& low,
                                           const Epilogue<bf16>& epilogue, bf16* out, Sums sums) {
    constexpr int stages = Shared<n>::stages;
    DYNAMIC_SHARED(Shared<n>, shared);
    SHARED_ARRAY(Barrier, full, [stages]);
    SHARED_ARRAY(Barrier, empty, [stages]);
    if (threadIdx.x == 0) {
        for (int s = 0; s < stages; ++s) {
            barrier_init(full[s], 1);
            barrier_init(empty[s], kConsumers * blocks);
        }
        barrier_init_fence();
        prefetch_map(maps.x);
        prefetch_map(maps.weight);
    }
    sync_blocks<blocks>();
    if (threadIdx.x < kGroup) {
        lower_registers<40>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            produce<T, n, major, blocks>(maps, sizes, low, {*shared, full, empty, {}});
        }
    } else {
        raise_registers<232>();
        consume<T, n, major, blocks>(sizes, low, epilogue, out, {*shared, full, empty, {}}, sums);
    }
    leave_blocks<blocks>();
}
