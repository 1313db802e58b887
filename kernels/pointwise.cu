// Operations that treat elements one by one.
//
//   unary            out[i] = act(x[i])
//   gated_activation out[i] = act(gate[i]) * up[i]
//   add, mul         out[i] = a[i] (+ or *) b[i mod period]
//   gate_residual    out[b, s, d] = residual[b, s, d] + gate[b, d] * y[b, s, d]
//
// Elements are f32 or bf16, packed; arithmetic is f32. Any number of elements; a thread takes runs of
// 8, at once where addresses, periods and rows allow it. Bound by memory: each element is read once
// per argument and written once.
//
// Entry points: {unary, gated_activation, add, mul, gate_residual}_{f32, bf16}.
// Launcher: glance.backend.cuda.PointwiseKernels. Test: glance.ops.parity.PointwiseCases.
// Benchmark: bench kernels --only '^(gelu|silu|gate)'.
#include "include/activation.cuh"
#include "include/chunk.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;
EXPORT_CONSTANT(pointwise_elements_each, kChunk);

__device__ __forceinline__ bool are_aligned(const void* a, const void* b, const void* c) {
    return is_aligned(a, 16) && is_aligned(b, 16) && is_aligned(c, 16);
}

template <class T>
__device__ __forceinline__ void unary(const T* x, T* out, long long n, int activation) {
    for_each_chunk(n, are_aligned(x, out, out), [&](long long at, int left, bool whole) {
        float v[kChunk];
        load_chunk(v, x + at, left, whole);
        activate<T>(activation, v);
        store_chunk(out + at, v, left, whole);
    });
}

template <class T>
__device__ __forceinline__ void gated_activation(const T* gate, const T* up, T* out, long long n,
                                                 int activation) {
    for_each_chunk(n, are_aligned(gate, up, out), [&](long long at, int left, bool whole) {
        float v[kChunk];
        float factor[kChunk];
        load_chunk(v, gate + at, left, whole);
        load_chunk(factor, up + at, left, whole);
        activate<T>(activation, v);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            v[e] *= factor[e];
        }
        store_chunk(out + at, v, left, whole);
    });
}

// combine(a, b) on elements whose second operand repeats.
template <class T, class Combine>
__device__ __forceinline__ void binary(const T* a, const T* b, T* out, long long n,
                                       long long period, Combine combine) {
    bool runs = period == n || period % kChunk == 0;  // a chunk of a meets a chunk of b
    for_each_chunk(n, are_aligned(a, b, out), [&](long long at, int left, bool whole) {
        long long first = period == n ? at : at % period;
        float v[kChunk];
        float w[kChunk];
        load_chunk(v, a + at, left, whole);
        if (runs) {
            load_chunk(w, b + first, left, whole);
        } else {
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                w[e] = e < left ? to_float(b[(first + e) % period]) : 0.0f;
            }
        }
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            v[e] = combine(v[e], w[e]);
        }
        store_chunk(out + at, v, left, whole);
    });
}

template <class T>
__device__ __forceinline__ void add(const T* a, const T* b, T* out, long long n, long long period) {
    binary(a, b, out, n, period, [](float x, float y) { return x + y; });
}

template <class T>
__device__ __forceinline__ void mul(const T* a, const T* b, T* out, long long n, long long period) {
    binary(a, b, out, n, period, [](float x, float y) { return x * y; });
}

// gateStride is the distance between the gates of two samples, 0 if all share one.
template <class T>
__device__ __forceinline__ void gate_residual(const T* residual, const T* gate, const T* y, T* out,
                                              long long n, int seqLen, int dim,
                                              long long gateStride) {
    bool runs = dim % kChunk == 0;  // a chunk lies in one row
    bool gateAligned = gateStride % kChunk == 0 && is_aligned(gate, 16);
    for_each_chunk(n, are_aligned(residual, y, out), [&](long long at, int left, bool whole) {
        float v[kChunk];
        float r[kChunk];
        float g[kChunk];
        load_chunk(v, y + at, left, whole);
        load_chunk(r, residual + at, left, whole);
        int row = static_cast<int>(at / dim);
        int column = static_cast<int>(at % dim);
        if (runs) {
            load_chunk(g, gate + row / seqLen * gateStride + column, left, whole && gateAligned);
        } else {
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                g[e] = e < left ? to_float(gate[row / seqLen * gateStride + column]) : 0.0f;
                ++column;
                if (column == dim) {
                    column = 0;
                    ++row;
                }
            }
        }
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            v[e] = r[e] + g[e] * v[e];
        }
        store_chunk(out + at, v, left, whole);
    });
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, unary_##suffix, const T* x, T* out, long long n, int activation) {           \
        unary<T>(x, out, n, activation);                                                          \
    }                                                                                             \
    KERNEL(kThreads, gated_activation_##suffix, const T* gate, const T* up, T* out, long long n,  \
           int activation) {                                                                      \
        gated_activation<T>(gate, up, out, n, activation);                                        \
    }                                                                                             \
    KERNEL(kThreads, add_##suffix, const T* a, const T* b, T* out, long long n,                   \
           long long period) {                                                                    \
        add<T>(a, b, out, n, period);                                                             \
    }                                                                                             \
    KERNEL(kThreads, mul_##suffix, const T* a, const T* b, T* out, long long n,                   \
           long long period) {                                                                    \
        mul<T>(a, b, out, n, period);                                                             \
    }                                                                                             \
    KERNEL(kThreads, gate_residual_##suffix, const T* residual, const T* gate, const T* y,        \
           T* out, long long n, int seqLen, int dim, long long gateStride) {                      \
        gate_residual<T>(residual, gate, y, out, n, seqLen, dim, gateStride);                     \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
