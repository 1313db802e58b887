// Kernels of clusters of two blocks with one mistake each, and their correct siblings: what the emulator
// must tell apart. Launched by glance.backend.cuda.driver.EmulatedClusterMistakesTest with 2 blocks of 128
// threads. map describes x, 64 rows of 64 bf16 that are 1, as one tile; n is 1.
#include "include/cluster.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 128;
constexpr int kElements = 64 * 64;
constexpr int kTileBytes = 2 * kElements;
constexpr unsigned short kBoth = 3;

#define PLANTED(name) CLUSTER_KERNEL(2, kThreads, name, TENSOR_MAP(map), bf16* x, float* out, int n)

// Lets a kernel leave parameters alone.
#define UNUSED(...) (void)sizeof((__VA_ARGS__))

__device__ __forceinline__ int self() { return static_cast<int>(threadIdx.x); }
__device__ __forceinline__ bool is_first() { return self() == 0; }

// A barrier of each block, which the others can arrive at.
__device__ __forceinline__ void make(Barrier& barrier, int arrivals) {
    if (is_first()) {
        barrier_init(barrier, arrivals);
        barrier_init_fence();
    }
    cluster_sync();
}

// The tile of x for both blocks, by the first one.
__device__ __forceinline__ void fetch(bf16* tile, const TensorMap& map, Barrier& full) {
    if (is_first()) {
        barrier_arrive_expect(full, kTileBytes);
        if (cluster_rank() == 0) {
            bulk_tile_all(tile, map, 0, 0, full, kBoth);
        }
    }
}

// The place of this thread in out.
__device__ __forceinline__ int place() {
    return static_cast<int>(blockIdx.x) * kThreads + self();
}

// ---- correct

PLANTED(fetches_for_both) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    out[place()] = to_float(tile[self()]);
    UNUSED(x, n);
}

PLANTED(tells_the_other_block) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], kThreads);
    out[place()] = 2.0f;
    barrier_arrive_at(told[0], cluster_rank() ^ 1);
    barrier_wait_cluster(told[0], 0);
    out[2 * kThreads + place()] = out[place() ^ kThreads] + 1.0f;
    cluster_sync();
    UNUSED(map, x, n);
}

PLANTED(meets_twice) {
    out[place()] = 2.0f;
    cluster_sync();
    float taken = out[place() ^ kThreads];
    cluster_sync();
    out[place()] = taken + 1.0f;
    UNUSED(map, x, n);
}

// A stage that is filled three times: both blocks give it back before.
__device__ __forceinline__ void fetch_three_times(const TensorMap& map, float* out, bool givesBack,
                                                  bool loads) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    SHARED_ARRAY(Barrier, empty, [1]);
    if (is_first()) {
        barrier_init(empty[0], 2 * kThreads);
    }
    make(full[0], 1);
    float sum = 0.0f;
    for (int i = 0; i < 3; ++i) {
        if (is_first() && cluster_rank() == 0 && givesBack) {
            barrier_wait_cluster(empty[0], i % 2 ^ 1);
        }
        fetch(tile, map, full[0]);
        barrier_wait(full[0], i % 2);
        sum += to_float(tile[self()]);
        if (loads) {
            barrier_arrive_at(empty[0], 0);
        } else {
            barrier_give_back(empty[0], 0);
        }
    }
    out[place()] = sum;
    cluster_sync();
}

PLANTED(fills_a_stage_again) {
    fetch_three_times(map, out, true, true);
    UNUSED(x, n);
}

// ---- barriers

PLANTED(forgets_to_meet_after_the_init) {
    SHARED_ARRAY(Barrier, told, [1]);
    if (is_first()) {
        barrier_init(told[0], 1);
        barrier_init_fence();
        barrier_arrive_at(told[0], cluster_rank() ^ 1);
    }
    cluster_sync();
    UNUSED(map, x, out, n);
}

PLANTED(meets_only_its_own_block_after_the_init) {
    SHARED_ARRAY(Barrier, told, [1]);
    if (is_first()) {
        barrier_init(told[0], 1);
        barrier_init_fence();
    }
    __syncthreads();
    if (is_first() && cluster_rank() == 1) {
        barrier_arrive_at(told[0], 0);
    }
    cluster_sync();
    UNUSED(map, x, out, n);
}

PLANTED(forgets_the_init_fence) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    if (is_first()) {
        barrier_init(full[0], 1);
    }
    cluster_sync();
    fetch(tile, map, full[0]);
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

PLANTED(waits_as_within_a_block) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], 1);
    if (is_first()) {
        barrier_arrive_at(told[0], cluster_rank() ^ 1);
        barrier_wait(told[0], 0);
    }
    cluster_sync();
    UNUSED(map, x, out, n);
}

PLANTED(names_a_block_too_many) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], 1);
    if (is_first()) {
        barrier_arrive_at(told[0], cluster_rank() + n);
    }
    cluster_sync();
    UNUSED(map, x, out);
}

PLANTED(waits_in_vain) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], 1);
    if (is_first() && cluster_rank() == 0) {
        barrier_wait_cluster(told[0], 0);
    }
    cluster_sync();
    UNUSED(map, x, out, n);
}

PLANTED(one_block_does_not_meet) {
    if (cluster_rank() == 0) {
        cluster_sync();
    }
    UNUSED(map, x, out, n);
}

PLANTED(lanes_meet_at_different_places) {
    if (is_first()) {
        cluster_sync();
    } else {
        cluster_sync();
    }
    UNUSED(map, x, out, n);
}

// ---- order

PLANTED(takes_before_it_is_told) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], kThreads);
    out[place()] = 2.0f;
    barrier_arrive_at(told[0], cluster_rank() ^ 1);
    out[2 * kThreads + place()] = out[place() ^ kThreads];
    barrier_wait_cluster(told[0], 0);
    cluster_sync();
    UNUSED(map, x, n);
}

PLANTED(tells_without_a_release) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], kThreads);
    out[place()] = 2.0f;
    barrier_give_back(told[0], cluster_rank() ^ 1);
    barrier_wait_cluster(told[0], 0);
    out[2 * kThreads + place()] = out[place() ^ kThreads];
    cluster_sync();
    UNUSED(map, x, n);
}

PLANTED(forgets_to_meet) {
    out[place()] = 2.0f;
    __syncthreads();
    out[2 * kThreads + place()] = out[place() ^ kThreads];
    UNUSED(map, x, n);
}

PLANTED(takes_the_tile_without_waiting) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    if (cluster_rank() == 0) {
        barrier_wait(full[0], 0);
    }
    out[place()] = to_float(tile[self()]);
    UNUSED(x, n);
}

PLANTED(refills_without_waiting) {
    fetch_three_times(map, out, false, true);
    UNUSED(x, n);
}

// Threads have loaded the tile, and not wgmma.
PLANTED(gives_back_what_threads_load) {
    fetch_three_times(map, out, true, false);
    UNUSED(x, n);
}

PLANTED(waits_for_its_own_block_alone) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    for (int i = 0; i < 2; ++i) {
        fetch(tile, map, full[0]);
        barrier_wait(full[0], i);
        out[2 * kThreads * i + place()] = to_float(tile[self()]);
        __syncthreads();
    }
    cluster_sync();
    UNUSED(x, n);
}

// ---- bytes, blocks and their ends

PLANTED(announces_at_one_block_alone) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    if (is_first()) {
        barrier_arrive_expect(full[0], cluster_rank() == 0 ? kTileBytes : 0);
        if (cluster_rank() == 0) {
            bulk_tile_all(tile, map, 0, 0, full[0], kBoth);
        }
    }
    barrier_wait(full[0], 0);
    cluster_sync();
    UNUSED(x, out, n);
}

PLANTED(brings_a_tile_to_one_too_many) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    if (is_first()) {
        barrier_arrive_expect(full[0], kTileBytes);
        bulk_tile_all(tile, map, 0, 0, full[0], 4);
    }
    barrier_wait(full[0], 0);
    UNUSED(x, out, n);
}

PLANTED(ends_before_the_other_arrives) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], 1);
    if (is_first() && cluster_rank() == 1) {
        barrier_arrive_at(told[0], 0);
    }
    UNUSED(map, x, out, n);
}

PLANTED(ends_after_the_other_has_arrived) {
    SHARED_ARRAY(Barrier, told, [1]);
    make(told[0], 1);
    if (is_first() && cluster_rank() == 0) {
        barrier_arrive_at(told[0], 1);
    }
    UNUSED(map, x, out, n);
}

PLANTED(ends_while_a_tile_comes) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    make(full[0], 1);
    fetch(tile, map, full[0]);
    if (cluster_rank() == 0) {
        barrier_wait(full[0], 0);
    }
    UNUSED(x, out, n);
}
