// Kernels with one mistake each, and their correct siblings: what the emulator must tell apart.
// Launched by glance.backend.cuda.driver.EmulatedDriverTest with one block of 64 threads.
#include "include/async_copy.cuh"
#include "include/glance.cuh"
#include "include/mma.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 64;

// ---- global memory

KERNEL(kThreads, copy_words, const float* x, float* out, int n) {
    if (static_cast<int>(threadIdx.x) < n) {
        out[threadIdx.x] = x[threadIdx.x];
    }
}

KERNEL(kThreads, reads_past_the_end, const float* x, float* out, int n) {
    if (static_cast<int>(threadIdx.x) <= n) {
        float y = x[threadIdx.x];
        if (static_cast<int>(threadIdx.x) < n) {
            out[threadIdx.x] = y;
        }
    }
}

KERNEL(kThreads, writes_past_the_end, const float* x, float* out, int n) {
    if (static_cast<int>(threadIdx.x) <= n) {
        out[threadIdx.x] = x[0];
    }
}

KERNEL(kThreads, reads_before_the_start, const float* x, float* out, int n) {
    if (static_cast<int>(threadIdx.x) < n) {
        out[threadIdx.x] = x[static_cast<int>(threadIdx.x) - 1];
    }
}

KERNEL(kThreads, reads_null, const float* x, float* out, int n) {
    out[0] = *reinterpret_cast<const float*>(static_cast<intptr_t>(n - n)) + x[0];
}

KERNEL(kThreads, reads_four_words_past_the_end, const float* x, float* out, int n) {
    float4 y = reinterpret_cast<const float4*>(x)[n / 4];
    out[0] = y.x + y.y + y.z + y.w;
}

KERNEL(kThreads, reads_four_words_at_an_odd_place, const float* x, float* out, int n) {
    float4 y = *reinterpret_cast<const float4*>(x + n % 2 + 1);
    out[0] = y.x + y.y + y.z + y.w;
}

// ---- shared memory

KERNEL(kThreads, reverses, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = i < n ? x[i] : 0.0f;
    __syncthreads();
    if (i < n) {
        out[i] = tile[n - 1 - i];
    }
}

KERNEL(kThreads, forgets_the_barrier, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = i < n ? x[i] : 0.0f;
    if (i < n) {
        out[i] = tile[i ^ 1];
    }
}

KERNEL(kThreads, overwrites_what_others_read, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = x[i % n];
    __syncthreads();
    float y = tile[(i + 1) % kThreads];
    tile[i] = y;
    __syncthreads();
    out[i % n] = tile[i % n];
}

KERNEL(kThreads, all_write_one_word, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [1]);
    tile[0] = x[static_cast<int>(threadIdx.x) % n];
    __syncthreads();
    out[0] = tile[0];
}

KERNEL(kThreads, exchanges_within_warps, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = x[i % n];
    __syncwarp();
    float y = tile[i ^ 1];
    __syncwarp();
    tile[i] = y;
    __syncwarp();
    if (i < n) {
        out[i] = tile[i ^ 1];
    }
}

KERNEL(kThreads, exchanges_between_warps, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = x[i % n];
    __syncwarp();
    if (i < n) {
        out[i] = tile[i ^ 32];
    }
}

KERNEL(kThreads, reads_past_a_shared_array, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    SHARED_ARRAY(float, other, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = x[i % n];
    other[i] = x[i % n];
    __syncthreads();
    float* past = &tile[0] + (n > 0 ? kThreads : 0);
    out[0] = past[0] + other[0];
}

KERNEL(kThreads, writes_past_dynamic_shared, const float* x, float* out, int n) {
    DYNAMIC_SHARED(float, tile);
    int i = static_cast<int>(threadIdx.x);
    tile[i] = x[i % n];
    __syncthreads();
    out[i % n] = tile[i % n];
}

KERNEL(kThreads, reads_unwritten_shared, const float* x, float* out, int n) {
    SHARED_ARRAY(float, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    if (i % 2 == 0) {
        tile[i] = x[i % n];
    }
    __syncthreads();
    if (i < n) {
        out[i] = tile[i];
    }
}

// ---- barriers and lanes

KERNEL(kThreads, half_the_threads_meet, const float* x, float* out, int n) {
    if (threadIdx.x < kThreads / 2) {
        __syncthreads();
    }
    out[static_cast<int>(threadIdx.x) % n] = x[0];
}

KERNEL(kThreads, threads_meet_at_two_places, const float* x, float* out, int n) {
    if (threadIdx.x < kThreads / 2) {
        __syncthreads();
    } else {
        __syncthreads();
    }
    out[static_cast<int>(threadIdx.x) % n] = x[0];
}

KERNEL(kThreads, threads_leave_early, const float* x, float* out, int n) {
    if (static_cast<int>(threadIdx.x) >= n) {
        return;
    }
    __syncthreads();
    out[threadIdx.x] = x[threadIdx.x];
}

KERNEL(kThreads, half_a_warp_shuffles, const float* x, float* out, int n) {
    float y = x[static_cast<int>(threadIdx.x) % n];
    if (threadIdx.x % 32 < 16) {
        y += __shfl_xor_sync(kAllLanes, y, 1);
    }
    out[static_cast<int>(threadIdx.x) % n] = y;
}

KERNEL(kThreads, sums, const float* x, float* out, int n) {
    int i = static_cast<int>(threadIdx.x);
    float sum = block_sum(i < n ? x[i] : 0.0f);
    if (i == 0) {
        out[0] = sum;
    }
}

// ---- asynchronous copies; x and out have 4 words for each thread

KERNEL(kThreads, copies_asynchronously, const float* x, float* out, int n) {
    SHARED_ARRAY(float4, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    async_copy_16(&tile[i], x + 4 * i, 4 * i < n);
    async_commit();
    async_wait<0>();
    __syncthreads();
    reinterpret_cast<float4*>(out)[i] = tile[i ^ 1];
}

KERNEL(kThreads, forgets_to_wait, const float* x, float* out, int n) {
    SHARED_ARRAY(float4, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    async_copy_16(&tile[i], x + 4 * i, 4 * i < n);
    async_commit();
    async_wait<1>();
    __syncthreads();
    reinterpret_cast<float4*>(out)[i] = tile[i ^ 1];
}

KERNEL(kThreads, forgets_the_barrier_after_the_wait, const float* x, float* out, int n) {
    SHARED_ARRAY(float4, tile, [kThreads]);
    int i = static_cast<int>(threadIdx.x);
    async_copy_16(&tile[i], x + 4 * i, 4 * i < n);
    async_commit();
    async_wait<0>();
    reinterpret_cast<float4*>(out)[i] = tile[max(i - 1, 0)];
}

// ---- tensor cores: out[16, 8] = x[16, 16] x[16, 16] with the second cut to 8 columns

KERNEL(kThreads / 2, multiplies_tiles, const float* x, float* out, int n) {
    SHARED_ARRAY(bf16, tile, [16][16]);
    int lane = static_cast<int>(threadIdx.x);
    for (int i = lane; i < n; i += kWarpSize) {
        tile[i / 16][i % 16] = from_float<bf16>(x[i]);
    }
    __syncthreads();
    unsigned a[4], b[2];
    load_matrices(a, &tile[lane % 16][lane / 16 * 8]);
    load_matrices_transposed(b, &tile[lane % 16][0]);
    float c[4] = {};
    mma_bf16(c, a, b);
    for (int i = 0; i < 4; ++i) {
        out[(lane / 4 + 8 * (i / 2)) * 8 + 2 * (lane % 4) + i % 2] = c[i];
    }
}
