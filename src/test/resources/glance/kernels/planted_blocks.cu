// Kernels whose blocks work for each other, with one mistake each, and their correct siblings: what the
// emulator must tell apart. Launched by glance.backend.cuda.driver.EmulatedBlocksMistakesTest with 4
// blocks of 128 threads on 4 multiprocessors. map describes x, 64 rows of 64 bf16, as one tile; flags are
// zeros, and n is 1. Block 0 waits for what others do, so that it is put aside.
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/flags.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 128;
constexpr int kElements = 64 * 64;
constexpr int kTileBytes = 2 * kElements;

#define PARAMETERS TENSOR_MAP(map), bf16 *x, float *out, unsigned *flags, int n

// For every GPU, and for Hopper.
#define PLANTED(name) KERNEL(kThreads, name, PARAMETERS)
#define PLANTED_HOPPER(name) HOPPER_KERNEL(kThreads, name, PARAMETERS)

// Lets a kernel leave parameters alone.
#define UNUSED(...) (void)sizeof((__VA_ARGS__))

__device__ __forceinline__ int self() { return static_cast<int>(threadIdx.x); }
__device__ __forceinline__ bool is_first() { return self() == 0; }
__device__ __forceinline__ bool is_block(int b) { return static_cast<int>(blockIdx.x) == b; }

__device__ __forceinline__ void tell(unsigned& flag) {
    __syncthreads();
    if (is_first()) {
        flag_add(flag, 1);
    }
}

__device__ __forceinline__ void hear(const unsigned& flag, unsigned least) {
    if (is_first()) {
        flag_wait(flag, least);
    }
    __syncthreads();
}

__device__ __forceinline__ void write_tile(bf16* x) {
    for (int i = self(); i < kElements; i += kThreads) {
        x[i] = from_float<bf16>(2.0f);
    }
}

// The tile of x by a bulk copy.
__device__ __forceinline__ float fetched(const TensorMap& map, bool fenced) {
    DYNAMIC_SHARED(bf16, tile);
    SHARED_ARRAY(Barrier, full, [1]);
    if (is_first()) {
        barrier_init(full[0], 1);
        barrier_init_fence();
    }
    __syncthreads();
    if (is_first()) {
        if (fenced) {
            fence_proxy_async_global();
        }
        barrier_arrive_expect(full[0], kTileBytes);
        bulk_tile(tile, map, 0, 0, full[0]);
    }
    barrier_wait(full[0], 0);
    return to_float(tile[self()]);
}

// The tile of x by a bulk store.
__device__ __forceinline__ void store_tile(const TensorMap& map, bool waits) {
    DYNAMIC_SHARED(bf16, tile);
    write_tile(tile);
    fence_proxy_async();
    __syncthreads();
    if (is_first()) {
        bulk_store(map, 0, 0, tile);
        bulk_store_commit();
        if (waits) {
            bulk_store_wait<0>();
        } else {
            bulk_store_wait_read<0>();
        }
    }
}

// ---- correct

PLANTED(takes_from_a_later_block) {
    if (is_block(3)) {
        out[self()] = 2.0f;
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[kThreads + self()] = out[(self() + n) % kThreads] + 1.0f;
    }
    UNUSED(map, x);
}

PLANTED(takes_through_a_third) {
    if (is_block(3)) {
        out[self()] = 2.0f;
        tell(flags[0]);
    } else if (is_block(2)) {
        hear(flags[0], 1);
        tell(flags[1]);
    } else if (is_block(0)) {
        hear(flags[1], 1);
        out[kThreads + self()] = out[(self() + n) % kThreads] + 1.0f;
    }
    UNUSED(map, x);
}

PLANTED(last_one_adds_up) {
    SHARED_ARRAY(unsigned, before, [1]);
    out[blockIdx.x * kThreads + self()] = 1.0f;
    __syncthreads();
    if (is_first()) {
        before[0] = flag_add(flags[0], 1);
    }
    __syncthreads();
    if (before[0] == gridDim.x - 1) {
        float sum = 0.0f;
        for (unsigned b = 0; b < gridDim.x; ++b) {
            sum += out[b * kThreads + (self() + n) % kThreads];
        }
        out[gridDim.x * kThreads + self()] = sum;
        if (is_first()) {
            flag_set(flags[0], 0);
        }
    }
    UNUSED(map, x);
}

PLANTED_HOPPER(copies_what_another_wrote) {
    if (is_block(1)) {
        write_tile(x);
        fence_proxy_async_global();
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[self()] = fetched(map, true);
    }
    UNUSED(n);
}

PLANTED_HOPPER(reads_what_another_stored) {
    if (is_block(1)) {
        store_tile(map, true);
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[self()] = to_float(x[self() + n]);
    }
}

// ---- waits

PLANTED(waits_for_more_than_come) {
    tell(flags[0]);
    hear(flags[0], 5);
    UNUSED(map, x, out, n);
}

PLANTED(waits_for_who_has_no_room) {
    if (is_block(4)) {
        tell(flags[0]);
    }
    hear(flags[0], 1);
    UNUSED(map, x, out, n);
}

PLANTED(has_its_flag_in_shared_memory) {
    SHARED_ARRAY(unsigned, flag, [1]);
    tell(flag[0]);
    UNUSED(map, x, out, flags, n);
}

// ---- order

PLANTED(forgets_the_flag) {
    if (is_block(0)) {
        out[self()] = 2.0f;
    } else {
        out[blockIdx.x * kThreads + self()] = out[self()];
    }
    UNUSED(map, x, flags, n);
}

PLANTED(tells_before_it_writes) {
    if (is_block(3)) {
        tell(flags[0]);
        out[self()] = 2.0f;
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[kThreads + self()] = out[self()];
    }
    UNUSED(map, x, n);
}

PLANTED(tells_before_the_barrier) {
    if (is_block(3)) {
        out[self()] = 2.0f;
        if (is_first()) {
            flag_add(flags[0], 1);
        }
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[kThreads + self()] = out[self()];
    }
    UNUSED(map, x, n);
}

PLANTED(hears_and_forgets_the_barrier) {
    if (is_block(3)) {
        out[self()] = 2.0f;
        tell(flags[0]);
    } else if (is_block(0)) {
        if (is_first()) {
            flag_wait(flags[0], 1);
        }
        out[kThreads + self()] = out[self()];
    }
    UNUSED(map, x, n);
}

PLANTED(waits_for_one_of_two) {
    if (is_block(3) || is_block(2)) {
        out[blockIdx.x * kThreads + self()] = 2.0f;
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[self()] = out[2 * kThreads + self()] + out[3 * kThreads + self()];
    }
    UNUSED(map, x, n);
}

// Both have told when this block comes, which need not be so.
PLANTED(waits_late_for_one_of_two) {
    if (is_block(0) || is_block(1)) {
        out[blockIdx.x * kThreads + self()] = 2.0f;
        tell(flags[0]);
    } else if (is_block(3)) {
        hear(flags[0], 1);
        out[3 * kThreads + self()] = out[self()] + out[kThreads + self()];
    }
    UNUSED(map, x, n);
}

PLANTED(both_write) {
    if (is_block(0) || is_block(1)) {
        out[self()] = 2.0f;
    }
    UNUSED(map, x, flags, n);
}

PLANTED(overwrites_what_another_reads) {
    if (is_block(0)) {
        out[kThreads + self()] = to_float(x[self() + n]);
    } else if (is_block(1)) {
        x[self()] = from_float<bf16>(2.0f);
    }
    UNUSED(map, flags);
}

PLANTED(races_within_a_block) {
    if (is_block(0)) {
        out[self()] = out[(self() + n) % kThreads] + 1.0f;
    }
    UNUSED(map, x, flags);
}

// ---- bulk copies

PLANTED_HOPPER(writes_without_a_fence) {
    if (is_block(1)) {
        write_tile(x);
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[self()] = fetched(map, true);
    }
    UNUSED(n);
}

PLANTED_HOPPER(copies_without_a_fence) {
    if (is_block(1)) {
        write_tile(x);
        fence_proxy_async_global();
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[self()] = fetched(map, false);
    }
    UNUSED(n);
}

PLANTED_HOPPER(copies_its_own_without_a_fence) {
    if (is_block(0)) {
        write_tile(x);
        __syncthreads();
        out[self()] = fetched(map, false);
    }
    UNUSED(flags, n);
}

PLANTED_HOPPER(copies_before_it_hears) {
    if (is_block(0)) {
        write_tile(x);
        fence_proxy_async_global();
        tell(flags[0]);
    } else if (is_block(1)) {
        out[self()] = fetched(map, true);
        hear(flags[0], 1);
    }
    UNUSED(n);
}

PLANTED_HOPPER(overwrites_what_is_copied) {
    if (is_block(0)) {
        out[self()] = fetched(map, false);
    } else if (is_block(1)) {
        write_tile(x);
    }
    UNUSED(flags, n);
}

PLANTED_HOPPER(tells_before_the_store_has_written) {
    if (is_block(1)) {
        store_tile(map, false);
        tell(flags[0]);
    } else if (is_block(0)) {
        hear(flags[0], 1);
        out[self()] = to_float(x[self() + n]);
    }
}
