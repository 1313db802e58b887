// Blocks that work for each other, as Hopper lets them: out[M, N] = x w^T + s b^T in f32, of bf16 x [M, K],
// w [N, K], b [N, 64] and s = x a^T, which is rounded to bf16, with a as [64, K].
//
// The two blocks of a cluster have neighbouring columns and the same rows: each brings half of the rows
// of x to both, and its own w. Blocks with the same rows make a share of their s each, and tell by a flag.
//
// Launched by glance.backend.cuda.driver.EmulatedBlocksTest with one block of 384 threads for each 128 rows
// and 64 columns. M, N and K need not be multiples of the tile.
#include "include/cluster.cuh"
#include "include/flags.cuh"
#include "include/glance.cuh"
#include "include/wgmma.cuh"

constexpr int kGroup = 128;    // threads of a warpgroup
constexpr int kConsumers = 2;  // warpgroups, 64 rows each
constexpr int kRows = 64 * kConsumers;
constexpr int kColumns = 64;
constexpr int kDepth = 64;  // of a stage, and the rank
constexpr int kStages = 2;
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kCluster = 2;

struct Stage {
    bf16 x[kRows * kDepth];
    bf16 w[kColumns * kDepth];
};

struct Barriers {
    Barrier full[kStages];
    Barrier empty[kStages];  // both blocks have given the stage back
};

__device__ __forceinline__ int first_row() { return static_cast<int>(blockIdx.y) * kRows; }
__device__ __forceinline__ int first_column() { return static_cast<int>(blockIdx.x) * kColumns; }

// The share of this block of s, one element a thread.
__device__ __forceinline__ void make_low(const bf16* x, const bf16* a, bf16* s, int m, int k) {
    int lines = min(kRows, m - first_row());
    int step = static_cast<int>(gridDim.x) * kThreads;
    for (int i = static_cast<int>(blockIdx.x * kThreads + threadIdx.x); i < lines * kDepth; i += step) {
        long long row = first_row() + i / kDepth;
        float sum = 0.0f;
        for (int j = 0; j < k; ++j) {
            sum += to_float(x[row * k + j]) * to_float(a[i % kDepth * k + j]);
        }
        s[row * kDepth + i % kDepth] = from_float<bf16>(sum);
    }
}

__device__ __forceinline__ void produce(const TensorMap& x, const TensorMap& w, const TensorMap& s,
                                        const TensorMap& b, const unsigned* flags, Stage* stages,
                                        Barriers& barriers, int slices) {
    int half = static_cast<int>(cluster_rank()) * kRows / kCluster;
    for (int slice = 0; slice <= slices; ++slice) {
        int stage = slice % kStages;
        bool isLast = slice == slices;
        if (isLast) {
            flag_wait(flags[blockIdx.y], gridDim.x);
            fence_proxy_async_global();
        }
        barrier_wait(barriers.empty[stage], slice / kStages % 2 ^ 1);
        barrier_arrive_expect(barriers.full[stage], sizeof(Stage));
        bulk_tile_all(stages[stage].x + half * kDepth, isLast ? s : x, isLast ? 0 : slice * kDepth,
                      first_row() + half, barriers.full[stage], 3);
        bulk_tile(stages[stage].w, isLast ? b : w, isLast ? 0 : slice * kDepth, first_column(),
                  barriers.full[stage]);
    }
}

__device__ __forceinline__ void consume(Stage* stages, Barriers& barriers, float* out, int m, int columns,
                                        int slices) {
    int group = static_cast<int>(threadIdx.x) / kGroup - 1;
    float d[kColumns / 2];
    for (int slice = 0; slice <= slices; ++slice) {
        int stage = slice % kStages;
        barrier_wait(barriers.full[stage], slice / kStages % 2);
        unsigned long long x = matrix_descriptor(stages[stage].x + group * 64 * kDepth, 0, 1024);
        unsigned long long w = matrix_descriptor(stages[stage].w, 0, 1024);
        wgmma_keep(d);
        wgmma_fence();
#pragma unroll
        for (int k = 0; k < kDepth / 16; ++k) {
            wgmma_bf16(d, advanced(x, 32 * k), advanced(w, 32 * k), slice > 0 || k > 0);
        }
        wgmma_commit();
        wgmma_wait<0>();
        wgmma_keep(d);
        if (threadIdx.x % kGroup < kCluster) {
            barrier_give_back(barriers.empty[stage], threadIdx.x % kGroup);
        }
    }
    int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    int row = first_row() + group * 64 + static_cast<int>(threadIdx.x) / kWarpSize % 4 * 16 + lane / 4;
#pragma unroll
    for (int i = 0; i < kColumns / 2; ++i) {
        int r = row + i / 2 % 2 * 8;
        int c = first_column() + lane % 4 * 2 + i / 4 * 8 + i % 2;
        if (r < m && c < columns) {
            out[static_cast<long long>(r) * columns + c] = d[i];
        }
    }
}

CLUSTER_KERNEL(kCluster, kThreads, low_rank_product, TENSOR_MAP(xMap), TENSOR_MAP(wMap),
               TENSOR_MAP(sMap), TENSOR_MAP(bMap), const bf16* x, const bf16* a, bf16* s,
               unsigned* flags, float* out, int m, int columns, int k) {
    DYNAMIC_SHARED(Stage, stages);
    SHARED_ARRAY(Barriers, barriers, [1]);
    if (threadIdx.x == 0) {
        for (int stage = 0; stage < kStages; ++stage) {
            barrier_init(barriers[0].full[stage], 1);
            barrier_init(barriers[0].empty[stage], kCluster * kConsumers);
        }
        barrier_init_fence();
    }
    make_low(x, a, s, m, k);
    fence_proxy_async_global();
    cluster_sync();  // shows the barriers, and the shares of s of both blocks
    if (threadIdx.x == 0) {
        flag_add(flags[blockIdx.y], 1);
    }
    int slices = (k + kDepth - 1) / kDepth;
    if (threadIdx.x < kGroup) {
        if (threadIdx.x == 0) {
            produce(xMap, wMap, sMap, bMap, flags, stages, barriers[0], slices);
        }
    } else {
        consume(stages, barriers[0], out, m, columns, slices);
    }
    cluster_sync();  // no block ends before the other has given its last stages back
}
