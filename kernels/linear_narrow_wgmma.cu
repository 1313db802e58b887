// linear_narrow.cu and linear_blocks.cu for Hopper: weights of 8 or 4 bits, which stay as they are
// stored, and wgmma, fed by bulk copies; bf16 with f32 sums.
//
//   linear         out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input   out = dy W + S A,   S = scale dy B diag(scales): the gradient towards x
//
// As linear_wgmma.cu, but W [out, in] is bytes, e4m3 or whole numbers, in a multiple of 16; or, for
// linear, blocks of Q8_0, Q4_0 or Q4_K, in a multiple of 256. A scale of each row of W is a gate; B has
// been divided by it then (glance.nn.Linear), so that the adapter is in the same sums: the slices after
// the last one of W.
//
// The product is made across, out^T = W x^T: W is operand A, which wgmma takes from registers, and so
// becomes bf16 on the way there (include/narrow_wgmma.cuh); x is operand B, from shared memory. W
// crosses memory once, as it is stored, 1 byte a weight or less where expand.cu and the product move 5,
// and no bf16 copy of it is made. The products and their order are those of the expanded weights in
// linear_wgmma.cu.
//
//   producer, 1 thread        wait(empty) -> copy of a slice of x -> next      4 to 8 stages
//                             and, for every second one (fourth, of blocks), of the weights of all of
//                             them      2 stages
//   2 warpgroups, 64 rows     wait(full)  -> 4 wgmma -> bf16 of the weights of the next slice, beside
//   of W each                 them -> wait for the products of the slice before, give its stage back
//
//   linear_narrow_wgmma_{e4m3, i8, q8_0, q4_0, q4_k}_{256, 128}   tiles of that many rows of x, and 128
//   linear_input_narrow_wgmma_{e4m3, i8}_{256, 128}               of W. As many blocks as
//                                                                 multiprocessors. Bound by the
//                                                                 tensor cores.
//
// Not yet run on a GPU.
//
// Launcher: glance.backend.cuda.LinearNarrowWgmma. Test: glance.ops.parity.NarrowWeightCases.
// Benchmark: bench kernels --variant linear=narrow_wgmma --only 'linear.(f8_e4m3|i8|q).*4160'.
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/narrow_wgmma.cuh"
#include "include/wgmma.cuh"
#include "include/wgmma_results.cuh"
#include "include/wgmma_tiles.cuh"

constexpr int kGroup = 128;    // threads of a warpgroup
constexpr int kConsumers = 2;  // warpgroups that multiply
constexpr int kConsumerWarps = kConsumers * kGroup / kWarpSize;
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kDepth = 64;  // 128 bytes of a row of x, as wide as the swizzle
constexpr int kFactorBytes = kWeightRows * kDepth * static_cast<int>(sizeof(bf16));

constexpr int kMostShared = 226 * 1024;  // of a block on Hopper

// tokens: rows of x of a tile.
template <class Weights, int tokens>
struct Shared {
    static constexpr int weightStages = 2;
    static constexpr int weightBytes =
        Weights::kBytes > kFactorBytes ? Weights::kBytes : kFactorBytes;
    static_assert(weightBytes % 1024 == 0, "stages begin where the swizzle does");

    // as many as there is room for, but no more than 8
    static constexpr int tokenBytes = tokens * kDepth * static_cast<int>(sizeof(bf16));
    static constexpr int room = kMostShared - weightStages * weightBytes -
                                kConsumerWarps * static_cast<int>(sizeof(StagedAcross));
    static constexpr int stages = room / tokenBytes < 8 ? room / tokenBytes : 8;
    static_assert(stages >= 4, "copies are ahead of the products");

    bf16 x[stages][tokens * kDepth];
    uint8_t weights[weightStages][weightBytes];
    StagedAcross staged[kConsumerWarps];
};

// Stages of one kind: full when the copies are there, empty when all have read them.
template <int stages>
struct Stages {
    Barrier* full;
    Barrier* empty;
    Ring<stages> ring;

    // By the producer: the stage, once it is empty, announcing the bytes that will come.
    __device__ __forceinline__ Barrier& fill(int bytes) {
        barrier_wait(empty[ring.stage], ring.parity ^ 1);
        barrier_arrive_expect(full[ring.stage], bytes);
        return full[ring.stage];
    }

    __device__ __forceinline__ void wait() { barrier_wait(full[ring.stage], ring.parity); }
};

template <class Weights, int tokens>
using TokenStages = Stages<Shared<Weights, tokens>::stages>;

template <class Weights, int tokens>
using WeightStages = Stages<Shared<Weights, tokens>::weightStages>;

struct Maps {
    const TensorMap& x;
    const TensorMap& weight;
    const TensorMap& s;
    const TensorMap& factor;
};

struct Sizes {
    int samples;
    int rows;     // of a sample
    int columns;  // of the results
    int depth;
    int lowDepth;  // of S and the factor; 0 without an adapter

    // Whole stages of weights: the last slices may be zeros.
    template <class Weights>
    __device__ __forceinline__ int wide_slices() const {
        constexpr int ofStage = Weights::kSlices * kDepth;
        return (depth + ofStage - 1) / ofStage * Weights::kSlices;
    }
    __device__ __forceinline__ int low_slices() const { return (lowDepth + kDepth - 1) / kDepth; }
};

// Starts the copy of weights, from `at` of the depth on.
template <class Weights>
__device__ __forceinline__ void copy_weights(uint8_t* stage, const TensorMap& map, int at,
                                             int column, Barrier& arrived) {
    if constexpr (Weights::kPaired) {
        bulk_tile(stage, map, column, Weights::in_map(at), arrived);
    } else {
        bulk_tile(stage, map, Weights::in_map(at), column, arrived);
    }
}

// Starts the copy of a slice of the adapter's factor.
template <bool across>
__device__ __forceinline__ void copy_factor(uint8_t* stage, const TensorMap& map, int at,
                                            int column, Barrier& arrived) {
    if constexpr (across) {
#pragma unroll
        for (int i = 0; i < kConsumers; ++i) {
            bulk_tile(stage + i * (kFactorBytes / kConsumers), map, column + i * 64, at, arrived);
        }
    } else {
        bulk_tile(stage, map, at, column, arrived);
    }
}

// Copies all slices of all tiles, each as soon as a stage is free.
template <class Weights, int tokens>
__device__ __forceinline__ void produce(const Maps& maps, const Sizes& sizes,
                                        Shared<Weights, tokens>& shared,
                                        TokenStages<Weights, tokens> own,
                                        WeightStages<Weights, tokens> weights) {
    constexpr int tokenBytes = Shared<Weights, tokens>::tokenBytes;
    int wide = sizes.wide_slices<Weights>();
    int slices = wide + sizes.low_slices();
    for_each_tile<tokens, kWeightRows>(
        sizes.samples, sizes.rows, sizes.columns, [&](const Corner& corner) {
            for (int slice = 0; slice < slices; ++slice) {
                bool low = slice >= wide;
                int at = (low ? slice - wide : slice) * kDepth;
                uint8_t* stage = shared.weights[weights.ring.stage];
                if (low) {
                    Barrier& arrived = weights.fill(kFactorBytes);
                    copy_factor<Weights::kPaired>(stage, maps.factor, at, corner.column, arrived);
                    weights.ring.next();
                } else if (slice % Weights::kSlices == 0) {
                    Barrier& arrived = weights.fill(Weights::kBytes);
                    copy_weights<Weights>(stage, maps.weight, at, corner.column, arrived);
                    weights.ring.next();
                }
                Barrier& arrived = own.fill(tokenBytes);
                bulk_tile(shared.x[own.ring.stage], low ? maps.s : maps.x, at, corner.row,
                          corner.sample, arrived);
                own.ring.next();
            }
        });
}

__device__ __forceinline__ void keep(SliceOperands& a) {
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_keep(a[k]);
    }
}

// The products of a slice, as one group that is not waited for.
template <int tokens>
__device__ __forceinline__ void multiply(float (&d)[tokens / 2], const SliceOperands& a,
                                         const bf16* x, bool accumulate) {
    unsigned long long right = matrix_descriptor(x, 0, 1024);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_bf16(d, a[k], advanced(right, 32 * k), accumulate || k > 0);
    }
    wgmma_commit();
}

// The same with 64 rows of a factor in shared memory, along the depth.
template <int tokens>
__device__ __forceinline__ void multiply_factor(float (&d)[tokens / 2], const uint8_t* factor,
                                                const bf16* x) {
    unsigned long long left = matrix_descriptor(factor, 0, 1024);
    unsigned long long right = matrix_descriptor(x, 0, 1024);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_bf16(d, advanced(left, 32 * k), advanced(right, 32 * k), true);
    }
    wgmma_commit();
}

// Makes this warpgroup's half of each tile.
template <class Weights, int tokens>
__device__ __forceinline__ void consume(const Sizes& sizes, const Epilogue<bf16>& epilogue,
                                        bf16* out, Shared<Weights, tokens>& shared,
                                        TokenStages<Weights, tokens> own,
                                        WeightStages<Weights, tokens> weights) {
    int thread = static_cast<int>(threadIdx.x) - kGroup;
    OperandPlace place = {thread / kGroup, thread % kGroup / kWarpSize, thread % kWarpSize};
    bool leads = threadIdx.x % kGroup == 0;
    bool chunks = moves_chunks(epilogue, out, sizes.columns);
    int wide = sizes.wide_slices<Weights>();
    int lows = sizes.low_slices();
    float d[tokens / 2];
    SliceOperands a, b;  // of a slice and the next
    int before = 0;

    // Gives the stage of the slice before the last one back, once its products are done.
    auto release = [&](SliceOperands& used, bool first) {
        wgmma_wait<1>();
        keep(used);
        if (!first && leads) {
            barrier_arrive(own.empty[before]);
        }
        before = own.ring.stage;
        own.ring.next();
    };
    // Each warp tells that it has read the weights.
    auto release_weights = [&] {
        __syncwarp();
        if (place.lane == 0) {
            barrier_arrive(weights.empty[weights.ring.stage]);
        }
        weights.ring.next();
    };

    for_each_tile<tokens, kWeightRows>(
        sizes.samples, sizes.rows, sizes.columns, [&](const Corner& corner) {
            weights.wait();
            Weights::read(a, shared.weights[weights.ring.stage], 0, place);
#pragma unroll 1
            for (int slice = 0; slice < wide; slice += 2) {
                own.wait();
                multiply<tokens>(d, a, shared.x[own.ring.stage], slice > 0);
                release(b, slice == 0);
                int ofStage = slice % Weights::kSlices;
                Weights::read(b, shared.weights[weights.ring.stage], ofStage + 1, place);
                if (ofStage + 2 == Weights::kSlices) {
                    release_weights();
                }
                own.wait();
                multiply<tokens>(d, b, shared.x[own.ring.stage], true);
                release(a, false);
                if (slice + 2 < wide) {
                    int next = (slice + 2) % Weights::kSlices;
                    if (next == 0) {
                        weights.wait();
                    }
                    Weights::read(a, shared.weights[weights.ring.stage], next, place);
                }
            }
#pragma unroll 1
            for (int slice = 0; slice < lows; ++slice) {
                uint8_t* factor = shared.weights[weights.ring.stage];
                weights.wait();
                own.wait();
                if constexpr (Weights::kPaired) {
                    read_factor_across(a, reinterpret_cast<const bf16*>(factor), place);
                    multiply<tokens>(d, a, shared.x[own.ring.stage], true);
                } else {
                    multiply_factor<tokens>(
                        d, factor + place.group * (kFactorBytes / kConsumers),
                        shared.x[own.ring.stage]);
                }
                wgmma_wait<0>();
                keep(a);
                if (leads) {
                    barrier_arrive(own.empty[before]);
                }
                before = own.ring.stage;
                own.ring.next();
                release_weights();
            }
            wgmma_wait<0>();
            wgmma_keep(d);
            if (leads) {
                barrier_arrive(own.empty[before]);
            }
            int firstColumn = corner.column + place.group * 64 + place.warp * kWarpRows;
            write_results_across<Weights::kPaired>(
                d, shared.staged[thread / kWarpSize],
                [&](int i, int j, const float(&product)[kChunk]) {
                    int row = corner.row + i;
                    int column = firstColumn + j;
                    if (row < sizes.rows && column < sizes.columns) {
                        write_chunk(epilogue, out, corner.sample * sizes.rows + row, column,
                                    sizes.columns, chunks, product);
                    }
                });
        });
}

template <class Weights, int tokens>
__device__ __forceinline__ void linear(const Maps& maps, const Sizes& sizes,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    typedef Shared<Weights, tokens> Memory;
    static_assert(sizeof(Memory) <= kMostShared, "what Hopper has");
    DYNAMIC_SHARED(Memory, shared);
    SHARED_ARRAY(Barrier, full, [Memory::stages]);
    SHARED_ARRAY(Barrier, empty, [Memory::stages]);
    SHARED_ARRAY(Barrier, fullWeights, [Memory::weightStages]);
    SHARED_ARRAY(Barrier, emptyWeights, [Memory::weightStages]);
    if (threadIdx.x == 0) {
        for (int s = 0; s < Memory::stages; ++s) {
            barrier_init(full[s], 1);
            barrier_init(empty[s], kConsumers);
        }
        for (int s = 0; s < Memory::weightStages; ++s) {
            barrier_init(fullWeights[s], 1);
            barrier_init(emptyWeights[s], kConsumerWarps);
        }
        barrier_init_fence();
        prefetch_map(maps.x);
        prefetch_map(maps.weight);
    }
    __syncthreads();
    TokenStages<Weights, tokens> own = {full, empty, {}};
    WeightStages<Weights, tokens> weights = {fullWeights, emptyWeights, {}};
    if (threadIdx.x < kGroup) {
        lower_registers<40>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            produce<Weights, tokens>(maps, sizes, *shared, own, weights);
        }
    } else {
        raise_registers<232>();
        consume<Weights, tokens>(sizes, epilogue, out, *shared, own, weights);
    }
}

// The results are [samples * rows, columns]; s and factor are not read where rank is 0.
#define LINEAR(entry, Weights, tokens)                                                            \
    HOPPER_KERNEL(kThreads, entry##_##tokens##_bf16, TENSOR_MAP(x), TENSOR_MAP(weight),           \
                  TENSOR_MAP(s), TENSOR_MAP(factor), int rank, const float* bias, int activation, \
                  const bf16* gate, long long gateStride, const bf16* residual, bf16* out,        \
                  int samples, int rows, int seqLen, int depth, int columns) {                    \
        linear<Weights, tokens>({x, weight, s, factor}, {samples, rows, columns, depth, rank},    \
                                {bias, activation, gate, gateStride, residual, seqLen}, out);     \
    }

#define LINEAR_TILES(name, Weights)                                                          \
    EXPORT_CONSTANT(linear_narrow_wgmma_##name##_256_shared, (sizeof(Shared<Weights, 256>))); \
    EXPORT_CONSTANT(linear_narrow_wgmma_##name##_128_shared, (sizeof(Shared<Weights, 128>))); \
    LINEAR(linear_narrow_wgmma_##name, Weights, 256)                                         \
    LINEAR(linear_narrow_wgmma_##name, Weights, 128)

#define LINEAR_INPUT_TILES(name, Weights)                  \
    LINEAR(linear_input_narrow_wgmma_##name, Weights, 256) \
    LINEAR(linear_input_narrow_wgmma_##name, Weights, 128)

EXPORT_CONSTANT(linear_narrow_wgmma_columns, kWeightRows);
EXPORT_CONSTANT(linear_narrow_wgmma_depth, kDepth);
EXPORT_CONSTANT(linear_narrow_wgmma_segment, kSegment);
LINEAR_TILES(e4m3, BytesAlong<E4M3>)
LINEAR_TILES(i8, BytesAlong<Int8>)
LINEAR_TILES(q8_0, BlocksAlong<FewQ8_0>)
LINEAR_TILES(q4_0, BlocksAlong<FewQ4_0>)
LINEAR_TILES(q4_k, BlocksAlong<FewQ4_K>)
LINEAR_INPUT_TILES(e4m3, BytesAcross<E4M3>)
LINEAR_INPUT_TILES(i8, BytesAcross<Int8>)
