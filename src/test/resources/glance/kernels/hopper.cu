// A product as Hopper computes it: bulk copies by a producer warp, barriers, and wgmma by two warpgroups.
// out[M, N] = a b, f32, of bf16 or e4m3, with a as [M, K] and b as [N, K] (kAlongDepth) or, in bf16, b
// or both with K first (kAcrossDepth). Then copies of boxes of more dimensions.
//
// Launched by glance.backend.cuda.driver.EmulatedHopperTest with one block of 384 threads for each
// 128 rows and n columns. M, N and K need not be multiples of the tile: bulk copies fill with zeros.
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/glance.cuh"
#include "include/mma.cuh"
#include "include/mma_slice.cuh"
#include "include/wgmma.cuh"

constexpr int kGroup = 128;    // threads of a warpgroup
constexpr int kConsumers = 2;  // warpgroups, 64 rows each
constexpr int kRows = 64 * kConsumers;
constexpr int kDepth = 64;  // of a stage: 128 bytes of a row, and 128 elements of e4m3
constexpr int kStages = 3;
constexpr int kThreads = kGroup * (1 + kConsumers);

// How b and a reach the tensor cores.
enum Way { kPlain, kTransposed, kBothTransposed, kRegisters, kBytes, kBytesRegisters };

__device__ __forceinline__ constexpr bool has_a_in_registers(Way way) {
    return way == kRegisters || way == kBytesRegisters;
}
__device__ __forceinline__ constexpr bool is_of_bytes(Way way) {
    return way == kBytes || way == kBytesRegisters;
}

__device__ __forceinline__ constexpr bool has_b_across(Way way) {
    return way == kTransposed || way == kBothTransposed;
}

// Elements of the depth of a stage.
__device__ __forceinline__ constexpr int depth_of(Way way) {
    return is_of_bytes(way) ? 2 * kDepth : kDepth;
}

template <int n>
struct Stage {
    bf16 a[kRows * kDepth];
    bf16 b[n * kDepth];  // 64 columns after the other if transposed
};

template <int n, Way way>
__device__ __forceinline__ void produce(const TensorMap& a, const TensorMap& b, Stage<n>* stages,
                                        Barrier* full, Barrier* empty, int slices) {
    int row = static_cast<int>(blockIdx.y) * kRows;
    int column = static_cast<int>(blockIdx.x) * n;
    for (int slice = 0; slice < slices; ++slice) {
        int s = slice % kStages;
        barrier_wait(empty[s], slice / kStages % 2 ^ 1);
        barrier_arrive_expect(full[s], sizeof(Stage<n>));
        if constexpr (way == kBothTransposed) {
            for (int i = 0; i < kRows; i += 64) {
                bulk_tile(stages[s].a + i * kDepth, a, row + i, slice * kDepth, full[s]);
            }
        } else {
            bulk_tile(stages[s].a, a, slice * depth_of(way), row, full[s]);
        }
        if constexpr (has_b_across(way)) {
            for (int i = 0; i < n; i += 64) {
                bulk_tile(stages[s].b + i * kDepth, b, column + i, slice * kDepth, full[s]);
            }
        } else {
            bulk_tile(stages[s].b, b, slice * depth_of(way), column, full[s]);
        }
    }
}

template <int n, Way way>
__device__ __forceinline__ void multiply(float (&d)[n / 2], const Stage<n>& stage, int group,
                                         bool accumulate) {
    int warp = static_cast<int>(threadIdx.x) / kWarpSize;
    int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    unsigned long long a = matrix_descriptor(stage.a + group * 64 * kDepth, 0, 1024);
    unsigned long long b = has_b_across(way)
                               ? matrix_descriptor(stage.b, 64 * kDepth * 2, 1024)
                               : matrix_descriptor(stage.b, 0, 1024);
    unsigned registers[kDepth / 16][4];
    if constexpr (has_a_in_registers(way)) {
#pragma unroll
        for (int k = 0; k < kDepth / 16; ++k) {
            load_matrices(registers[k], stage.a + swizzled<kDepth>(group * 64 + warp % 4 * 16 + lane % 16,
                                                                  k * 16 + lane / 16 * 8));
        }
    }
    wgmma_keep(d);
    wgmma_fence();
#pragma unroll
    for (int k = 0; k < kDepth / 16; ++k) {
        if constexpr (way == kBytes) {
            wgmma_e4m3(d, advanced(a, 32 * k), advanced(b, 32 * k), accumulate || k > 0);
        } else if constexpr (way == kBytesRegisters) {
            wgmma_e4m3(d, registers[k], advanced(b, 32 * k), accumulate || k > 0);
        } else if constexpr (way == kRegisters) {
            wgmma_bf16(d, registers[k], advanced(b, 32 * k), accumulate || k > 0);
        } else if constexpr (way == kBothTransposed) {
            wgmma_bf16<kAcrossDepth, kAcrossDepth>(d, advanced(a, 2048 * k), advanced(b, 2048 * k),
                                                   accumulate || k > 0);
        } else if constexpr (way == kTransposed) {
            wgmma_bf16<kAlongDepth, kAcrossDepth>(d, advanced(a, 32 * k), advanced(b, 2048 * k),
                                                  accumulate || k > 0);
        } else {
            wgmma_bf16(d, advanced(a, 32 * k), advanced(b, 32 * k), accumulate || k > 0);
        }
    }
    wgmma_commit();
    wgmma_wait<0>();
    wgmma_keep(d);
}

template <int n, Way way>
__device__ __forceinline__ void consume(Stage<n>* stages, Barrier* full, Barrier* empty, float* out,
                                        int m, int columns, int slices) {
    int group = static_cast<int>(threadIdx.x) / kGroup - 1;
    float d[n / 2];
    for (int slice = 0; slice < slices; ++slice) {
        int s = slice % kStages;
        barrier_wait(full[s], slice / kStages % 2);
        multiply<n, way>(d, stages[s], group, slice > 0);
        if (has_a_in_registers(way)) {
            named_barrier_sync(1 + group, kGroup);  // all its warps have loaded A
        }
        if (threadIdx.x % kGroup == 0) {
            barrier_arrive(empty[s]);
        }
    }
    int lane = static_cast<int>(threadIdx.x) % kWarpSize;
    int row = static_cast<int>(blockIdx.y) * kRows + group * 64 +
              static_cast<int>(threadIdx.x) / kWarpSize % 4 * 16 + lane / 4;
    int column = static_cast<int>(blockIdx.x) * n + lane % 4 * 2;
#pragma unroll
    for (int i = 0; i < n / 2; ++i) {
        int r = row + i / 2 % 2 * 8;
        int c = column + i / 4 * 8 + i % 2;
        if (r < m && c < columns) {
            out[static_cast<long long>(r) * columns + c] = d[i];
        }
    }
}

template <int n, Way way>
__device__ __forceinline__ void product(const TensorMap& a, const TensorMap& b, float* out, int m,
                                        int columns, int k) {
    DYNAMIC_SHARED(Stage<n>, stages);
    SHARED_ARRAY(Barrier, full, [kStages]);
    SHARED_ARRAY(Barrier, empty, [kStages]);
    if (threadIdx.x == 0) {
        for (int s = 0; s < kStages; ++s) {
            barrier_init(full[s], 1);
            barrier_init(empty[s], kConsumers);
        }
        barrier_init_fence();
        prefetch_map(a);
        prefetch_map(b);
    }
    __syncthreads();
    int slices = (k + depth_of(way) - 1) / depth_of(way);
    if (threadIdx.x < kGroup) {
        lower_registers<40>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            produce<n, way>(a, b, stages, full, empty, slices);
        }
    } else {
        raise_registers<232>();
        consume<n, way>(stages, full, empty, out, m, columns, slices);
    }
}

#define PRODUCT(name, n, way)                                                                   \
    HOPPER_KERNEL(kThreads, name, TENSOR_MAP(a), TENSOR_MAP(b), float* out, int m, int columns, \
                  int k) {                                                                      \
        product<n, way>(a, b, out, m, columns, k);                                              \
    }

PRODUCT(product_64, 64, kPlain)
PRODUCT(product_128, 128, kPlain)
PRODUCT(product_256, 256, kPlain)
PRODUCT(product_transposed_64, 64, kTransposed)
PRODUCT(product_transposed_128, 128, kTransposed)
PRODUCT(product_transposed_256, 256, kTransposed)
PRODUCT(product_both_transposed_128, 128, kBothTransposed)
PRODUCT(product_registers_64, 64, kRegisters)
PRODUCT(product_registers_128, 128, kRegisters)
PRODUCT(product_registers_256, 256, kRegisters)
PRODUCT(product_bytes_64, 64, kBytes)
PRODUCT(product_bytes_128, 128, kBytes)
PRODUCT(product_bytes_256, 256, kBytes)
PRODUCT(product_bytes_registers_256, 256, kBytesRegisters)

// Moves a box of `bytes` bytes from (x, y, z, w) to the same place but one to the right.
__device__ __forceinline__ void move_box(const TensorMap& from, const TensorMap& to, int rank, int x,
                                         int y, int z, int w, int bytes) {
    DYNAMIC_SHARED(unsigned char, box);
    SHARED_ARRAY(Barrier, full, [1]);
    barrier_init(full[0], 1);
    barrier_init_fence();
    barrier_arrive_expect(full[0], bytes);
    if (rank == 3) {
        bulk_tile(box, from, x, y, z, full[0]);
    } else {
        bulk_tile(box, from, x, y, z, w, full[0]);
    }
    barrier_wait(full[0], 0);
    if (rank == 3) {
        bulk_store(to, x + 1, y, z, box);
    } else {
        bulk_store(to, x + 1, y, z, w, box);
    }
    bulk_store_commit();
    bulk_store_wait<0>();
}

HOPPER_KERNEL(kWarpSize, moves_a_box, TENSOR_MAP(from), TENSOR_MAP(to), int rank, int x, int y, int z,
              int w, int bytes) {
    if (threadIdx.x == 0) {
        move_box(from, to, rank, x, y, z, w, bytes);
    }
}
