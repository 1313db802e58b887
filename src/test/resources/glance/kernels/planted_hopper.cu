// Kernels for Hopper with one mistake each, and their correct siblings: what the emulator must tell apart.
// Launched by glance.backend.cuda.driver.EmulatedHopperMistakesTest with one block of 256 threads and
// two tiles of dynamic shared memory. map describes x, 64 rows of 64 bf16, as one tile; n is 1.
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/glance.cuh"
#include "include/wgmma.cuh"

constexpr int kThreads = 256;
constexpr int kGroup = 128;  // threads of a warpgroup
constexpr int kSide = 64;
constexpr int kElements = kSide * kSide;
constexpr int kTileBytes = 2 * kElements;

#define PLANTED(name) \
    HOPPER_KERNEL(kThreads, name, TENSOR_MAP(map), const bf16* x, float* out, int n)

// Lets a kernel leave parameters alone.
#define UNUSED(...) (void)sizeof((__VA_ARGS__))

__device__ __forceinline__ int self() { return static_cast<int>(threadIdx.x); }

__device__ __forceinline__ void make(Barrier& barrier, int arrivals) {
    if (self() == 0) {
        barrier_init(barrier, arrivals);
        barrier_init_fence();
    }
    __syncthreads();
}

__device__ __forceinline__ void fetch(bf16* tile, const TensorMap& map, Barrier& full) {
    if (self() == 0) {
        barrier_arrive_expect(full, kTileBytes);
        bulk_tile(tile, map, 0, 0, full);
    }
}

// The tile times itself transposed, 16 deep, without the fence before and the wait after.
__device__ __forceinline__ void start_product(float (&d)[kSide / 2], const bf16* tile) {
    unsigned long long both = matrix_descriptor(tile, 0, 1024);
    wgmma_bf16(d, both, both, false);
    wgmma_commit();
}

__device__ __forceinline__ void finish_product(float (&d)[kSide / 2], float* out) {
    wgmma_wait<0>();
    wgmma_keep(d);
    out[self()] = d[0];
}

// A tile written by the threads of the first warpgroup.
__device__ __forceinline__ void write_tile(bf16* tile, const bf16* x) {
    for (int i = self(); i < kElements; i += kGroup) {
        tile[i] = x[i];
    }
}

// ---- correct

PLANTED(fetches_a_tile) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    out[self()] = to_float(tile[self()]);
    UNUSED(x, n);
}

PLANTED(copies_bytes) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    if (self() == 0) {
        barrier_arrive_expect(full[0], 512);
        bulk_copy(tile, x, 512, full[0]);
    }
    while (!barrier_try_wait(full[0], 0)) {
    }
    out[self()] = to_float(tile[self()]);
    UNUSED(map, n);
}

PLANTED(gives_through_a_barrier) {
    SHARED_ARRAY(float, tile, [kGroup]);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], kGroup);
    if (self() < kGroup) {
        tile[self()] = to_float(x[self()]);
        barrier_arrive(full[0]);
    } else {
        barrier_wait(full[0], 0);
        out[self() - kGroup] = tile[(self() + n) % kGroup];
    }
    UNUSED(map);
}

PLANTED(halves_exchange) {
    SHARED_ARRAY(float, tile, [kThreads]);
    tile[self()] = to_float(x[self()]);
    named_barrier_sync(1 + self() / kGroup, kGroup);
    out[self()] = tile[self() ^ n];
    UNUSED(map);
}

PLANTED(multiplies_what_threads_wrote) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() < kGroup) {
        write_tile(tile, x);
        fence_proxy_async();
        named_barrier_sync(1, kGroup);
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        finish_product(d, out);
    }
    UNUSED(map, n);
}

PLANTED(stores_a_tile) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() < kGroup) {
        write_tile(tile, x);
        fence_proxy_async();
        named_barrier_sync(1, kGroup);
        if (self() == 0) {
            bulk_store(map, 0, 0, tile);
            bulk_store_commit();
            bulk_store_wait_read<0>();
        }
        named_barrier_sync(1, kGroup);
        tile[self()] = x[n];
    }
    UNUSED(out);
}

PLANTED(shares_registers) {
    if (self() < kGroup) {
        lower_registers<40>();
    } else {
        raise_registers<256>();
    }
    if (elect_one()) {
        out[self()] = 1.0f;
    }
    UNUSED(map, x, n);
}

// ---- 1: barriers

PLANTED(forgets_to_make_a_barrier) {
    SHARED_ARRAY(Barrier, full, [1]);
    barrier_arrive(full[0]);
    UNUSED(map, x, out, n);
}

PLANTED(forgets_the_init_fence) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    if (self() == 0) {
        barrier_init(full[0], 1);
    }
    __syncthreads();
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

PLANTED(shows_a_barrier_to_nobody) {
    SHARED_ARRAY(Barrier, full, [1]);
    if (self() == 0) {
        barrier_init(full[0], kThreads);
        barrier_init_fence();
    }
    barrier_arrive(full[0]);
    UNUSED(map, x, out, n);
}

PLANTED(reads_a_barrier) {
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    out[self()] = static_cast<float>(*reinterpret_cast<int*>(&full[0]));
    UNUSED(map, x, n);
}

PLANTED(waits_for_arrivals_in_vain) {
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], kGroup + 1);
    if (self() < kGroup) {
        barrier_arrive(full[0]);
    } else {
        barrier_wait(full[0], 0);
    }
    UNUSED(map, x, out, n);
}

PLANTED(tries_in_vain) {
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    while (!barrier_try_wait(full[0], 0)) {
    }
    UNUSED(map, x, out, n);
}

PLANTED(announces_more_than_it_copies) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    if (self() == 0) {
        barrier_arrive_expect(full[0], 2 * kTileBytes);
        bulk_tile(tile, map, 0, 0, full[0]);
    }
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

PLANTED(announces_less_than_it_copies) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    if (self() == 0) {
        bulk_tile(tile + kElements, map, 0, 0, full[0]);
    }
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

PLANTED(waits_for_the_phase_before) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 1);
    out[self()] = to_float(tile[self()]);
    UNUSED(x, n);
}

// ---- 2: order

PLANTED(takes_without_waiting) {
    SHARED_ARRAY(float, tile, [kGroup]);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], kGroup);
    if (self() < kGroup) {
        tile[self()] = to_float(x[self()]);
        barrier_arrive(full[0]);
    } else {
        out[self()] = tile[self() - kGroup];
    }
    UNUSED(map, n);
}

PLANTED(writes_after_the_arrival) {
    SHARED_ARRAY(float, tile, [kGroup]);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], kGroup);
    if (self() < kGroup) {
        barrier_arrive(full[0]);
        tile[self()] = to_float(x[self()]);
    } else {
        barrier_wait(full[0], 0);
        out[self()] = tile[self() - kGroup];
    }
    UNUSED(map, n);
}

PLANTED(halves_read_each_other) {
    SHARED_ARRAY(float, tile, [kThreads]);
    tile[self()] = to_float(x[self()]);
    named_barrier_sync(1 + self() / kGroup, kGroup);
    if (self() >= kGroup) {
        out[self()] = tile[self() ^ kGroup];
    }
    UNUSED(map, n);
}

PLANTED(arrives_and_reads) {
    SHARED_ARRAY(float, tile, [kThreads]);
    tile[self()] = to_float(x[self()]);
    if (self() < kGroup) {
        named_barrier_sync(1, kThreads);
    } else {
        named_barrier_arrive(1, kThreads);
        out[self()] = tile[self() - kGroup];
    }
    UNUSED(map, n);
}

PLANTED(meets_for_different_counts) {
    named_barrier_sync(1, self() < kGroup ? kThreads : kGroup);
    UNUSED(map, x, out, n);
}

PLANTED(meets_too_few) {
    if (self() < kGroup / 2) {
        named_barrier_sync(3, kGroup);
    }
    UNUSED(map, x, out, n);
}

PLANTED(overwrites_what_wgmma_has_read) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    if (self() < kGroup) {
        barrier_wait(full[0], 0);
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        finish_product(d, out);
    } else {
        barrier_wait(full[0], 0);
        tile[self()] = x[n];
    }
}

// ---- 3: proxies

PLANTED(forgets_the_proxy_fence) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() < kGroup) {
        write_tile(tile, x);
        named_barrier_sync(1, kGroup);
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        finish_product(d, out);
    }
    UNUSED(map, n);
}

PLANTED(fences_before_it_writes) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() < kGroup) {
        fence_proxy_async();
        write_tile(tile, x);
        named_barrier_sync(1, kGroup);
        if (self() == 0) {
            bulk_store(map, 0, 0, tile);
            bulk_store_commit();
            bulk_store_wait_read<0>();
        }
    }
    UNUSED(out, n);
}

PLANTED(fences_and_forgets_the_barrier) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() < kGroup) {
        write_tile(tile, x);
        fence_proxy_async();
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        finish_product(d, out);
    }
    UNUSED(map, n);
}

PLANTED(copies_over_what_threads_read) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    if (self() < kGroup) {
        out[self()] = to_float(tile[self()]);
    } else {
        if (self() == kGroup) {
            barrier_arrive_expect(full[0], kTileBytes);
            bulk_tile(tile, map, 0, 0, full[0]);
        }
        barrier_wait(full[0], 1);
    }
    UNUSED(x, n);
}

// ---- 4: bulk copies

PLANTED(reads_before_the_wait) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    __syncthreads();
    out[self()] = to_float(tile[self()]);
    barrier_wait(full[0], 0);
    UNUSED(x, n);
}

PLANTED(lets_another_wait) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    SHARED_ARRAY(Barrier, never, [1]);
    make(full[0], 1);
    make(never[0], 1);
    fetch(tile, map, full[0]);
    if (self() == 0) {
        barrier_wait(full[0], 0);
    } else if (!barrier_try_wait(never[0], 0)) {
        out[self()] = to_float(tile[self()]);
    }
    UNUSED(x, n);
}

PLANTED(leaves_a_copy_under_way) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    UNUSED(x, out, n);
}

PLANTED(overwrites_what_a_store_reads) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() == 0) {
        for (int i = 0; i < kElements; ++i) {
            tile[i] = x[i];
        }
        fence_proxy_async();
        bulk_store(map, 0, 0, tile);
        bulk_store_commit();
        tile[0] = x[n];
        bulk_store_wait<0>();
    }
    UNUSED(out);
}

PLANTED(leaves_a_store_under_way) {
    DYNAMIC_SHARED(bf16, tile);
    if (self() == 0) {
        for (int i = 0; i < kElements; ++i) {
            tile[i] = x[i];
        }
        fence_proxy_async();
        bulk_store(map, 0, 0, tile);
        bulk_store_commit();
    }
    UNUSED(out, n);
}

PLANTED(copies_to_an_odd_place) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile + 64 * n, map, full[0]);
    barrier_wait(full[0], 0);
    UNUSED(x, out);
}

PLANTED(copies_past_the_end) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    if (self() == 0) {
        barrier_arrive_expect(full[0], 64);
        bulk_copy(tile, x + kElements - 16, 64, full[0]);
    }
    barrier_wait(full[0], 0);
    UNUSED(map, out, n);
}

// ---- 5: wgmma

PLANTED(forgets_the_wgmma_fence) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    start_product(d, tile);
    finish_product(d, out);
    UNUSED(x, n);
}

PLANTED(touches_sums_after_the_fence) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    wgmma_fence();
    d[3] = out[n] + 1.0f;
    start_product(d, tile);
    finish_product(d, out);
    UNUSED(x);
}

PLANTED(reads_sums_before_the_wait) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    wgmma_fence();
    start_product(d, tile);
    out[self()] = d[n];
    finish_product(d, out);
    UNUSED(x);
}

PLANTED(waits_for_a_group_too_few) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    float e[kSide / 2];
    wgmma_fence();
    start_product(d, tile);
    start_product(e, tile);
    wgmma_wait<1>();
    out[self()] = d[n] + e[n];
    finish_product(e, out);
    UNUSED(x);
}

PLANTED(forgets_the_commit) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    wgmma_fence();
    unsigned long long both = matrix_descriptor(tile, 0, 1024);
    wgmma_bf16(d, both, both, false);
    finish_product(d, out);
    UNUSED(x, n);
}

PLANTED(forgets_wgmma_wait) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    wgmma_fence();
    start_product(d, tile);
    UNUSED(x, out, n);
}

PLANTED(changes_a_before_the_wait) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    unsigned a[4];
    for (int i = 0; i < 4; ++i) {
        a[i] = static_cast<unsigned>(n * i);
    }
    wgmma_fence();
    wgmma_bf16(d, a, matrix_descriptor(tile, 0, 1024), false);
    wgmma_commit();
    a[1] = static_cast<unsigned>(n);
    finish_product(d, out);
    wgmma_keep(a);
    UNUSED(x);
}

PLANTED(overwrites_what_wgmma_reads) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    if (self() < kGroup) {
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        if (self() == 0) {
            tile[0] = x[n];
        }
        finish_product(d, out);
    }
}

PLANTED(refills_what_wgmma_reads) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    if (self() < kGroup) {
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        fetch(tile, map, full[0]);
        finish_product(d, out);
        barrier_wait(full[0], 1);
    }
    UNUSED(x, n);
}

PLANTED(half_a_warpgroup_multiplies) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    if (self() < kGroup / 2) {
        float d[kSide / 2];
        wgmma_fence();
        start_product(d, tile);
        finish_product(d, out);
    }
    UNUSED(x, n);
}

PLANTED(warps_multiply_different_tiles) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    float d[kSide / 2];
    wgmma_fence();
    start_product(d, tile + self() / 32 * 8 * kSide);
    finish_product(d, out);
    UNUSED(x, n);
}

// ---- 6: descriptors

#define MULTIPLIES(name, descriptor)                                      \
    PLANTED(name) {                                                       \
        DYNAMIC_SHARED(bf16, tile);                                       \
        SHARED_ARRAY(Barrier, full, [1]);                                 \
        make(full[0], 1);                                                 \
        fetch(tile, map, full[0]);                                        \
        barrier_wait(full[0], 0);                                         \
        float d[kSide / 2];                                               \
        wgmma_fence();                                                    \
        wgmma_bf16(d, matrix_descriptor(tile, 0, 1024), descriptor, false); \
        wgmma_commit();                                                   \
        finish_product(d, out);                                           \
        UNUSED(x, n);                                                     \
    }

MULTIPLIES(multiplies_a_fetched_tile, matrix_descriptor(tile, 0, 1024))
MULTIPLIES(forgets_the_swizzle, matrix_descriptor(tile, 0, 1024) & ~(3ull << 62))
MULTIPLIES(names_the_stride_in_rows, matrix_descriptor(tile, 0, 128))
MULTIPLIES(begins_within_an_atom, advanced(matrix_descriptor(tile, 0, 1024), 128))
MULTIPLIES(advances_out_of_its_field, matrix_descriptor(tile, 0, 1024) + (1ull << 14))
MULTIPLIES(reads_past_the_tile, matrix_descriptor(tile + kElements / 2, 0, 1024))

// ---- products of bytes, and of bf16 in the same sums

// Twice the product of the tile's bytes with themselves, 32 deep from a place of the depth on; then that
// of its bf16.
__device__ __forceinline__ void multiply_bytes(float (&d)[kSide / 2], const bf16* tile, int at,
                                               bool fenced) {
    unsigned long long both = matrix_descriptor(tile, 0, 1024);
    unsigned long long bytes = advanced(both, at);
    wgmma_fence();
    wgmma_e4m3(d, bytes, bytes, false);
    wgmma_commit();
    wgmma_wait<0>();
    wgmma_keep(d);
    for (float& sum : d) {
        sum *= 2.0f;
    }
    if (fenced) {
        wgmma_fence();
    }
    wgmma_bf16(d, both, both, true);
    wgmma_commit();
}

#define MULTIPLIES_BYTES(name, at, fenced)         \
    PLANTED(name) {                                \
        DYNAMIC_SHARED(bf16, tile);                \
        SHARED_ARRAY(Barrier, full, [1]);          \
        make(full[0], 1);                          \
        fetch(tile, map, full[0]);                 \
        barrier_wait(full[0], 0);                  \
        float d[kSide / 2];                        \
        multiply_bytes(d, tile, at, fenced);       \
        finish_product(d, out);                    \
        UNUSED(x, n);                              \
    }

MULTIPLIES_BYTES(multiplies_bytes, 32, true)
MULTIPLIES_BYTES(advances_bytes_by_half_a_product, 16, true)
MULTIPLIES_BYTES(scales_sums_and_forgets_the_fence, 32, false)

// ---- 8: registers, lanes and parameters

PLANTED(wants_more_registers_than_there_are) {
    if (self() < kGroup) {
        lower_registers<248>();
    } else {
        raise_registers<256>();
    }
    UNUSED(map, x, out, n);
}

PLANTED(lowers_to_more) {
    lower_registers<24>();
    lower_registers<32>();
    UNUSED(map, x, out, n);
}

PLANTED(half_a_warp_elects) {
    if (self() % 32 < 16 && elect_one()) {
        out[self()] = 1.0f;
    }
    UNUSED(map, x, n);
}

PLANTED(copies_its_map) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    TensorMap own = map;
    fetch(tile, own, full[0]);
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

PLANTED(takes_three_coordinates_of_two) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    if (self() == 0) {
        barrier_arrive_expect(full[0], kTileBytes);
        bulk_tile(tile, map, 0, 0, 0, full[0]);
    }
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

KERNEL(kThreads, is_for_every_gpu, TENSOR_MAP(map), const bf16* x, float* out, int n) {
    named_barrier_sync(1, kThreads);
    UNUSED(map, x, out, n);
}
