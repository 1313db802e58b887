// linear_mma.cu's product with the frozen weight and its low-rank addition, for Hopper: wgmma, fed by
// bulk copies; bf16 with f32 sums.
//
//   linear         out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input   out = dy W + S A,   S = scale dy B diag(scales): the gradient towards x
//
// x [samples, rows, in] with any strides of samples and rows; W [out, in] and B [out, rank]; bias f32,
// everything else bf16. The operands are tensor maps, so that what they name begins at multiples of 16
// bytes, and rows likewise. S and B are further slices of the depth in the same sums.
//
// S is made by the same launch, or was made before by linear_mma.cu. Its tiles, one for each 128 rows,
// come first in the walk, and wait for nothing; a flag tells that one is written (include/flags.cuh).
// The producer waits for it only where a tile has come to the slices of S. One launch makes S of up to
// four products that read the same x: their A lie one below the other in a stage, and their S side by
// side in memory.
//
//   linear_wgmma_{256, 128}         tiles of 128 x that many results, 64 of the depth a slice. As many
//   linear_input_wgmma_{256, 128}   blocks as multiprocessors, each makes tiles until none is left.
//                                   Bound by the tensor cores.
//   .._pairs                        the same by clusters of two blocks, which make tiles of the same
//                                   columns in neighbouring bands of rows: each copies its own rows of
//                                   x, and half of the columns of W to both. A stage is given back to
//                                   both. With an odd number of bands the last tile is beyond them.
//
//   producer, 1 thread        wait(empty) -> copies of a slice of x and of W -> next      6 or 4 stages
//   2 warpgroups, 64 rows     wait(full)  -> 4 wgmma -> wait for those of the slice before, and give
//                             its stage back; after the last slice the epilogue, while the producer
//                             already fills the stages for the next tile
//
// Not yet run on a GPU.
//
// Launcher: glance.backend.cuda.LinearWgmma. Test: glance.ops.parity.VariantParityTest.
// Benchmark: bench kernels --variant linear=wgmma --only 'lora|linear.(plain|input)'.
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/cluster.cuh"
#include "include/epilogue_chunks.cuh"
#include "include/flags.cuh"
#include "include/glance.cuh"
#include "include/shares.cuh"
#include "include/wgmma.cuh"
#include "include/wgmma_results.cuh"
#include "include/wgmma_tiles.cuh"

constexpr int kGroup = 128;    // threads of a warpgroup
constexpr int kConsumers = 2;  // warpgroups that multiply
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kGroupRows = 64;
constexpr int kRows = kGroupRows * kConsumers;
constexpr int kDepth = 64;  // 128 bytes of a row, as wide as the swizzle
constexpr int kConsumersDone = 1;  // a named barrier
constexpr int kMostLow = 4;  // products whose S one launch makes

template <int n>
struct Stage {
    bf16 x[kRows * kDepth];
    bf16 weight[n * kDepth];
};

template <int n>
struct Shared {
    static constexpr int stages = n == 256 ? 4 : 6;

    Stage<n> stage[stages];
    StagedResults staged[kConsumers * kGroup / kWarpSize];
};

struct Maps {
    const TensorMap& x;
    const TensorMap& weight;
    const TensorMap& s;
    const TensorMap& up;
    const TensorMap& factor0;  // what S of each product is made with
    const TensorMap& factor1;
    const TensorMap& factor2;
    const TensorMap& factor3;

    __device__ __forceinline__ const TensorMap& factor(int product) const {
        return product == 0 ? factor0 : product == 1 ? factor1 : product == 2 ? factor2 : factor3;
    }
};

// What a launch makes of S, if it makes any. Products lie side by side in memory, and in the tiles too,
// but there with room for more columns: a power of two for each, so that a quarter of a tile is of one.
struct Low {
    const ShareTable<kMostLow>& of;  // each product's
    bf16* s;                         // [samples * rows, pitch]
    int pitch;
    int width;          // columns of a product in memory
    int room;           // and in the tiles
    int columns;        // of a tile, 64 or 128
    int tiles;          // of a band of rows; 0 where S is there already
    unsigned* written;  // a flag for each band, 0 before and after the launch
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

    __device__ __forceinline__ int wide_slices() const { return (depth + kDepth - 1) / kDepth; }
    __device__ __forceinline__ int slices() const {
        return wide_slices() + (lowDepth + kDepth - 1) / kDepth;
    }
};

// Where a block is in its cluster of `blocks`, which have the same columns of neighbouring bands of rows:
// each copies a part of the right side to all.
template <int blocks>
struct Peers {
    int rank;

    __device__ __forceinline__ Peers() : rank(blocks == 1 ? 0 : cluster_rank()) {}

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

// Starts the copy of the right side of a slice: n columns, 64 of the depth from `at` on. Across the
// depth 64 columns lie after the other.
template <int n, Major major, int blocks>
__device__ __forceinline__ void copy_right(const Peers<blocks>& peers, Stage<n>& stage,
                                           const TensorMap& map, int at, int column,
                                           Barrier& arrived) {
    constexpr int part = major == kAlongDepth ? n / blocks : 64;
#pragma unroll
    for (int i = 0; i < n / part; ++i) {
        int first = column + i * part;
        peers.copy(i, stage.weight + i * part * kDepth, map, major == kAlongDepth ? at : first,
                   major == kAlongDepth ? first : at, arrived);
    }
}

// The same for a tile of S. Beyond the last product it has columns of another one, which nobody writes.
template <int n, Major major, int blocks>
__device__ __forceinline__ void copy_factors(const Peers<blocks>& peers, Stage<n>& stage,
                                             const Maps& maps, const Low& low, int at, int column,
                                             Barrier& arrived) {
    int part = major == kAlongDepth ? low.columns / 4 : 64;
    for (int i = 0; i < low.columns / part; ++i) {
        bf16* to = stage.weight + i * part * kDepth;
        int first = column + i * part;
        if constexpr (major == kAlongDepth) {
            peers.copy(i, to, maps.factor(first / low.room), at, first % low.room, arrived);
        } else {
            peers.copy(i, to, maps.factor(0), first, at, arrived);
        }
    }
}

// Waits until S of the rows of a tile is written. Each tile of the band does so once, and the last one
// resets the flag for the next launch.
__device__ __forceinline__ void wait_for_low(const Low& low, int band, int across) {
    unsigned& written = low.written[band];
    flag_wait(written, low.tiles);
    fence_proxy_async_global();
    if (flag_add(written, 1) == static_cast<unsigned>(low.tiles + across - 1)) {
        flag_set(written, 0);
    }
}

// Copies all slices of all tiles, each as soon as a stage is free, in all blocks that it is copied to.
template <int n, Major major, int blocks>
__device__ __forceinline__ void produce(const Maps& maps, const Sizes& sizes, const Low& low,
                                        Shared<n>& shared, Barrier* full, Barrier* empty) {
    Ring<Shared<n>::stages> ring;
    int wide = sizes.wide_slices();
    int slices = sizes.slices();
    Peers<blocks> peers;
    TileWalk<kRows, n, blocks> walk(sizes.samples, sizes.rows, sizes.columns);
    auto fill = [&](int bytes, auto copies) {
        Barrier& arrived = full[ring.stage];
        barrier_wait(empty[ring.stage], ring.parity ^ 1);
        barrier_arrive_expect(arrived, bytes);
        copies(shared.stage[ring.stage], arrived);
        ring.next();
    };
    int bytes = (kRows + low.columns) * kDepth * static_cast<int>(sizeof(bf16));
    walk.for_each_before(low.tiles, low.columns, [&](const Corner& corner) {
        for (int slice = 0; slice < wide; ++slice) {
            int at = slice * kDepth;
            fill(bytes, [&](Stage<n>& stage, Barrier& arrived) {
                bulk_tile(stage.x, maps.x, at, corner.row, corner.sample, arrived);
                copy_factors<n, major>(peers, stage, maps, low, at, corner.column, arrived);
            });
        }
    });
    walk.for_each_tile([&](const Corner& corner) {
        for (int slice = 0; slice < slices; ++slice) {
            if (slice == wide && low.tiles > 0 && walk.has(corner)) {
                wait_for_low(low, walk.band_of(corner), walk.across);
            }
            fill(sizeof(Stage<n>), [&](Stage<n>& stage, Barrier& arrived) {
                bool narrow = slice >= wide;
                int at = (narrow ? slice - wide : slice) * kDepth;
                bulk_tile(stage.x, narrow ? maps.s : maps.x, at, corner.row, corner.sample, arrived);
                copy_right<n, major>(peers, stage, narrow ? maps.up : maps.weight, at,
                                     corner.column, arrived);
            });
        }
    });
}

// The products of a slice, as one group that is not waited for. The stage has room for more columns
// where these are those of S.
template <Major major, int half>
__device__ __forceinline__ void multiply(float (&d)[half], const bf16* x, const bf16* weight,
                                         int group, bool accumulate) {
    unsigned long long left = matrix_descriptor(x + group * kGroupRows * kDepth, 0, 1024);
    constexpr bool across = major == kAcrossDepth;
    unsigned long long right =
        matrix_descriptor(weight, across ? 64 * kDepth * static_cast<int>(sizeof(bf16)) : 0, 1024);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_bf16<kAlongDepth, major>(d, advanced(left, 32 * k),
                                       advanced(right, (across ? 2048 : 32) * k),
                                       accumulate || k > 0);
    }
    wgmma_commit();
}

// What a warpgroup multiplies from.
template <int n, int blocks>
struct Filled {
    Shared<n>& shared;
    Barrier* full;
    Barrier* empty;
    Ring<Shared<n>::stages> ring;
    int group;

    // Tells the blocks of the cluster, by one thread each, that a stage of this one was read.
    __device__ __forceinline__ void give_back(int stage) {
        unsigned peer = threadIdx.x % kGroup;
        if (peer < blocks) {
            if constexpr (blocks == 1) {
                barrier_arrive(empty[stage]);
            } else {
                barrier_give_back(empty[stage], peer);
            }
        }
    }

    // The products of the next slices; each stage is given back.
    template <Major major, int half>
    __device__ __forceinline__ void multiply_all(float (&d)[half], int slices) {
        int before = ring.stage;
#pragma unroll 1
        for (int slice = 0; slice < slices; ++slice) {
            barrier_wait(full[ring.stage], ring.parity);
            const Stage<n>& stage = shared.stage[ring.stage];
            multiply<major>(d, stage.x, stage.weight, group, slice > 0);
            wgmma_wait<1>();
            if (slice > 0) {
                give_back(before);
            }
            before = ring.stage;
            ring.next();
        }
        wgmma_wait<0>();
        wgmma_keep(d);
        give_back(before);
    }
};

// Makes this warpgroup's half of a tile of S.
template <Major major, int columns, int n, int blocks>
__device__ __forceinline__ void make_low(Filled<n, blocks>& filled, const Sizes& sizes, const Low& low,
                                         const Corner& corner, int warp) {
    float d[columns / 2];
    filled.template multiply_all<major>(d, sizes.wide_slices());
    write_results(d, filled.shared.staged[warp], [&](int i, int j, const float(&product)[kChunk]) {
        int row = corner.row + warp * kWarpRows + i;
        int number = (corner.column + j) / low.room;
        int column = (corner.column + j) % low.room;
        if (row < sizes.rows_of(corner) && number * low.width < low.pitch &&
            column < low.width) {
            const Share& own = low.of.of[number];
            float scaled[kChunk];
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                bool has = own.scales != nullptr && column + e < own.rank;
                scaled[e] = (has ? own.scale * own.scales[column + e] : own.scale) * product[e];
            }
            long long at = static_cast<long long>(corner.sample) * sizes.rows + row;
            store_chunk(low.s + at * low.pitch + number * low.width + column, scaled, kChunk, true);
        }
    });
}

// Makes this warpgroup's half of each tile.
template <int n, Major major, int blocks>
__device__ __forceinline__ void consume(const Sizes& sizes, const Low& low,
                                        const Epilogue<bf16>& epilogue, bf16* out,
                                        Shared<n>& shared, Barrier* full, Barrier* empty) {
    int warp = static_cast<int>(threadIdx.x) / kWarpSize - kGroup / kWarpSize;
    Filled<n, blocks> filled{shared, full, empty, {}, static_cast<int>(threadIdx.x) / kGroup - 1};
    TileWalk<kRows, n, blocks> walk(sizes.samples, sizes.rows, sizes.columns);
    walk.for_each_before(low.tiles, low.columns, [&](const Corner& corner) {
        if (low.columns == 64) {
            make_low<major, 64>(filled, sizes, low, corner, warp);
        } else {
            make_low<major, 128>(filled, sizes, low, corner, warp);
        }
        fence_proxy_async_global();
        named_barrier_sync(kConsumersDone, kConsumers * kGroup);
        if (threadIdx.x == kGroup && walk.has(corner)) {
            flag_add(low.written[walk.band_of(corner)], 1);
        }
    });
    bool chunks = moves_chunks(epilogue, out, sizes.columns);
    int slices = sizes.slices();
    float d[n / 2];
    walk.for_each_tile([&](const Corner& corner) {
        filled.template multiply_all<major>(d, slices);
        int firstRow = corner.row + warp * kWarpRows;
        int rows = sizes.rows_of(corner);
        write_results(d, shared.staged[warp], [&](int i, int j, const float(&product)[kChunk]) {
            int row = firstRow + i;
            int column = corner.column + j;
            if (row < rows && column < sizes.columns) {
                write_chunk(epilogue, out, corner.sample * sizes.rows + row, column, sizes.columns,
                            chunks, product);
            }
        });
    });
}

template <int blocks>
__device__ __forceinline__ void sync_cluster() {
    if constexpr (blocks == 1) {
        __syncthreads();
    } else {
        cluster_sync();
    }
}

template <int n, Major major, int blocks>
__device__ __forceinline__ void linear(const Maps& maps, const Sizes& sizes, const Low& low,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
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
    sync_cluster<blocks>();
    if (threadIdx.x < kGroup) {
        lower_registers<40>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            produce<n, major, blocks>(maps, sizes, low, *shared, full, empty);
        }
    } else {
        raise_registers<232>();
        consume<n, major, blocks>(sizes, low, epilogue, out, *shared, full, empty);
    }
    if (blocks > 1) {
        __syncwarp();    // the producer's lanes
        cluster_sync();  // the others neither copy to this block nor arrive at its barriers any more
    }
}

// The results are [samples * rows, columns]; s and up are not read where rank is 0, nor what makes S
// where lowTiles is 0; S is made where it is read.
#define PARAMETERS                                                                                \
    TENSOR_MAP(x), TENSOR_MAP(weight), TENSOR_MAP(s), TENSOR_MAP(up), int rank,                   \
        const float *bias, int activation, const bf16 *gate, long long gateStride,                \
        const bf16 *residual, bf16 *out, int samples, int rows, int seqLen, int depth,            \
        int columns, TENSOR_MAP(factor0), TENSOR_MAP(factor1), TENSOR_MAP(factor2),               \
        TENSOR_MAP(factor3), ShareTable<kMostLow> lows, bf16 *low, int pitch, int width,          \
        int room, int lowColumns, int lowTiles, unsigned *written
#define LINEAR(n, major, blocks)                                                                  \
    linear<n, major, blocks>({x, weight, s, up, factor0, factor1, factor2, factor3},              \
                             {samples, rows, columns, depth, rank},                               \
                             {lows, low, pitch, width, room, lowColumns, lowTiles, written},      \
                             {bias, activation, gate, gateStride, residual, seqLen}, out)
#define KERNELS(name, n, major)                                                                   \
    HOPPER_KERNEL(kThreads, name##_##n##_bf16, PARAMETERS) { LINEAR(n, major, 1); }               \
    CLUSTER_KERNEL(2, kThreads, name##_##n##_pairs_bf16, PARAMETERS) { LINEAR(n, major, 2); }

static_assert(sizeof(Shared<256>) <= 226 * 1024 && sizeof(Shared<128>) <= 226 * 1024,
              "what Hopper has");
EXPORT_CONSTANT(linear_wgmma_256_shared, sizeof(Shared<256>));
EXPORT_CONSTANT(linear_wgmma_128_shared, sizeof(Shared<128>));
EXPORT_CONSTANT(linear_wgmma_lows, kMostLow);
EXPORT_CONSTANT(linear_wgmma_rows, kRows);
EXPORT_CONSTANT(linear_wgmma_depth, kDepth);
KERNELS(linear_wgmma, 256, kAlongDepth)
KERNELS(linear_wgmma, 128, kAlongDepth)
KERNELS(linear_input_wgmma, 256, kAcrossDepth)
KERNELS(linear_input_wgmma, 128, kAcrossDepth)
