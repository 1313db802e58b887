// linear_mma.cu's product with the frozen weight and its low-rank addition, for Hopper: wgmma, fed by
// bulk copies; bf16 with f32 sums.
//
//   linear         out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input   out = dy W + S A,   S = scale dy B diag(scales): the gradient towards x
//
// x [samples, rows, in] with any strides of samples and rows; W [out, in] and B [out, rank]; bias f32,
// everything else bf16. The operands are tensor maps, so that what they name begins at multiples of 16
// bytes, and rows likewise. S is made before, by linear_mma.cu; S and B are further slices of the depth
// in the same sums.
//
//   linear_wgmma_{256, 128}         tiles of 128 x that many results, 64 of the depth a slice. As many
//   linear_input_wgmma_{256, 128}   blocks as multiprocessors, each makes tiles until none is left.
//                                   Bound by the tensor cores.
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
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/wgmma.cuh"
#include "include/wgmma_results.cuh"
#include "include/wgmma_tiles.cuh"

constexpr int kGroup = 128;    // threads of a warpgroup
constexpr int kConsumers = 2;  // warpgroups that multiply
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kGroupRows = 64;
constexpr int kRows = kGroupRows * kConsumers;
constexpr int kDepth = 64;  // 128 bytes of a row, as wide as the swizzle

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
};

struct Sizes {
    int samples;
    int rows;     // of a sample
    int columns;  // of the results
    int depth;
    int lowDepth;  // of S and B; 0 without an adapter

    __device__ __forceinline__ int wide_slices() const { return (depth + kDepth - 1) / kDepth; }
    __device__ __forceinline__ int slices() const {
        return wide_slices() + (lowDepth + kDepth - 1) / kDepth;
    }
};

// Starts the copy of the right side of a slice: n columns, 64 of the depth from `at` on. Across the
// depth 64 columns lie after the other.
template <int n, Major major>
__device__ __forceinline__ void copy_right(Stage<n>& stage, const TensorMap& map, int at,
                                           int column, Barrier& arrived) {
    if constexpr (major == kAlongDepth) {
        bulk_tile(stage.weight, map, at, column, arrived);
    } else {
#pragma unroll
        for (int i = 0; i < n; i += 64) {
            bulk_tile(stage.weight + i * kDepth, map, column + i, at, arrived);
        }
    }
}

// Copies all slices of all tiles, each as soon as a stage is free.
template <int n, Major major>
__device__ __forceinline__ void produce(const Maps& maps, const Sizes& sizes,
                                        Shared<n>& shared, Barrier* full, Barrier* empty) {
    Ring<Shared<n>::stages> ring;
    int wide = sizes.wide_slices();
    int slices = sizes.slices();
    for_each_tile<kRows, n>(sizes.samples, sizes.rows, sizes.columns, [&](const Corner& corner) {
        for (int slice = 0; slice < slices; ++slice) {
            Stage<n>& stage = shared.stage[ring.stage];
            Barrier& arrived = full[ring.stage];
            barrier_wait(empty[ring.stage], ring.parity ^ 1);
            barrier_arrive_expect(arrived, sizeof(Stage<n>));
            bool low = slice >= wide;
            int at = (low ? slice - wide : slice) * kDepth;
            bulk_tile(stage.x, low ? maps.s : maps.x, at, corner.row, corner.sample, arrived);
            copy_right<n, major>(stage, low ? maps.up : maps.weight, at, corner.column, arrived);
            ring.next();
        }
    });
}

// The products of a slice, as one group that is not waited for.
template <int n, Major major>
__device__ __forceinline__ void multiply(float (&d)[n / 2], const Stage<n>& stage, int group,
                                         bool accumulate) {
    unsigned long long x = matrix_descriptor(stage.x + group * kGroupRows * kDepth, 0, 1024);
    constexpr bool across = major == kAcrossDepth;
    unsigned long long weight =
        matrix_descriptor(stage.weight, across ? 64 * kDepth * static_cast<int>(sizeof(bf16)) : 0, 1024);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        wgmma_bf16<kAlongDepth, major>(d, advanced(x, 32 * k),
                                       advanced(weight, (across ? 2048 : 32) * k),
                                       accumulate || k > 0);
    }
    wgmma_commit();
}

// Makes this warpgroup's half of each tile.
template <int n, Major major>
__device__ __forceinline__ void consume(const Sizes& sizes, const Epilogue<bf16>& epilogue,
                                        bf16* out, Shared<n>& shared, Barrier* full,
                                        Barrier* empty) {
    int group = static_cast<int>(threadIdx.x) / kGroup - 1;
    int warp = static_cast<int>(threadIdx.x) / kWarpSize - kGroup / kWarpSize;
    bool leads = threadIdx.x % kGroup == 0;
    bool chunks = moves_chunks(epilogue, out, sizes.columns);
    int slices = sizes.slices();
    Ring<Shared<n>::stages> ring;
    float d[n / 2];
    for_each_tile<kRows, n>(sizes.samples, sizes.rows, sizes.columns, [&](const Corner& corner) {
        int before = ring.stage;
#pragma unroll 1
        for (int slice = 0; slice < slices; ++slice) {
            barrier_wait(full[ring.stage], ring.parity);
            multiply<n, major>(d, shared.stage[ring.stage], group, slice > 0);
            wgmma_wait<1>();
            if (slice > 0 && leads) {
                barrier_arrive(empty[before]);
            }
            before = ring.stage;
            ring.next();
        }
        wgmma_wait<0>();
        wgmma_keep(d);
        if (leads) {
            barrier_arrive(empty[before]);
        }
        int firstRow = corner.row + warp * kWarpRows;
        write_results(d, shared.staged[warp], [&](int i, int j, const float(&product)[kChunk]) {
            int row = firstRow + i;
            int column = corner.column + j;
            if (row < sizes.rows && column < sizes.columns) {
                write_chunk(epilogue, out, corner.sample * sizes.rows + row, column, sizes.columns,
                            chunks, product);
            }
        });
    });
}

template <int n, Major major>
__device__ __forceinline__ void linear(const Maps& maps, const Sizes& sizes,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    constexpr int stages = Shared<n>::stages;
    DYNAMIC_SHARED(Shared<n>, shared);
    SHARED_ARRAY(Barrier, full, [stages]);
    SHARED_ARRAY(Barrier, empty, [stages]);
    if (threadIdx.x == 0) {
        for (int s = 0; s < stages; ++s) {
            barrier_init(full[s], 1);
            barrier_init(empty[s], kConsumers);
        }
        barrier_init_fence();
        prefetch_map(maps.x);
        prefetch_map(maps.weight);
    }
    __syncthreads();
    if (threadIdx.x < kGroup) {
        lower_registers<40>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            produce<n, major>(maps, sizes, *shared, full, empty);
        }
    } else {
        raise_registers<232>();
        consume<n, major>(sizes, epilogue, out, *shared, full, empty);
    }
}

// The results are [samples * rows, columns]; s and up are not read where rank is 0.
#define LINEAR(name, n, major)                                                                    \
    HOPPER_KERNEL(kThreads, name##_##n##_bf16, TENSOR_MAP(x), TENSOR_MAP(weight), TENSOR_MAP(s),  \
                  TENSOR_MAP(up), int rank, const float* bias, int activation, const bf16* gate,  \
                  long long gateStride, const bf16* residual, bf16* out, int samples, int rows,   \
                  int seqLen, int depth, int columns) {                                           \
        linear<n, major>({x, weight, s, up}, {samples, rows, columns, depth, rank},               \
                         {bias, activation, gate, gateStride, residual, seqLen}, out);            \
    }

static_assert(sizeof(Shared<256>) <= 226 * 1024 && sizeof(Shared<128>) <= 226 * 1024,
              "what Hopper has");
EXPORT_CONSTANT(linear_wgmma_256_shared, sizeof(Shared<256>));
EXPORT_CONSTANT(linear_wgmma_128_shared, sizeof(Shared<128>));
EXPORT_CONSTANT(linear_wgmma_rows, kRows);
EXPORT_CONSTANT(linear_wgmma_depth, kDepth);
LINEAR(linear_wgmma, 256, kAlongDepth)
LINEAR(linear_wgmma, 128, kAlongDepth)
LINEAR(linear_input_wgmma, 256, kAcrossDepth)
LINEAR(linear_input_wgmma, 128, kAcrossDepth)
