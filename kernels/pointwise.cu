// Operations that treat elements one by one.
//
//   unary            out[i] = act(x[i])
//   gated_activation out[i] = act(gate[i]) * up[i]
//   add, mul         out[i] = a[i] (+ or *) b[i mod period]
//   gate_residual    out[b, s, d] = residual[b, s, d] + gate[b, d] * y[b, s, d]
//
// Elements are f32 or bf16, arithmetic is f32. Any number of elements; a grid of any size strides
// over them, neighbouring threads take neighbouring elements. Bound by memory: each element is read
// once per argument and written once.
//
// Entry points: {unary, gated_activation, add, mul, gate_residual}_{f32, bf16}.
// Launcher: glance.backend.cuda.PointwiseKernels. Test: glance.ops.parity.PointwiseCases.
#include "include/activation.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;

// The loop of a thread over all elements that are its own.
#define FOR_EACH_ELEMENT(i, n)                                                           \
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; \
         i < (n); i += static_cast<long long>(gridDim.x) * blockDim.x)

template <class T>
__device__ __forceinline__ void unary(const T* x, T* out, long long n, int activation) {
    FOR_EACH_ELEMENT(i, n) { out[i] = from_float<T>(activate(activation, to_float(x[i]))); }
}

template <class T>
__device__ __forceinline__ void gated_activation(const T* gate, const T* up, T* out, long long n,
                                                 int activation) {
    FOR_EACH_ELEMENT(i, n) {
        out[i] = from_float<T>(activate(activation, to_float(gate[i])) * to_float(up[i]));
    }
}

template <class T>
__device__ __forceinline__ void add(const T* a, const T* b, T* out, long long n, long long period) {
    FOR_EACH_ELEMENT(i, n) {
        long long j = period == n ? i : i % period;
        out[i] = from_float<T>(to_float(a[i]) + to_float(b[j]));
    }
}

template <class T>
__device__ __forceinline__ void mul(const T* a, const T* b, T* out, long long n, long long period) {
    FOR_EACH_ELEMENT(i, n) {
        long long j = period == n ? i : i % period;
        out[i] = from_float<T>(to_float(a[i]) * to_float(b[j]));
    }
}

// gateStride is the distance between the gates of two samples, 0 if all share one.
template <class T>
__device__ __forceinline__ void gate_residual(const T* residual, const T* gate, const T* y, T* out,
                                              long long n, int seqLen, int dim,
                                              long long gateStride) {
    long long perSample = static_cast<long long>(seqLen) * dim;
    FOR_EACH_ELEMENT(i, n) {
        float g = to_float(gate[i / perSample * gateStride + i % dim]);
        out[i] = from_float<T>(to_float(residual[i]) + g * to_float(y[i]));
    }
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
