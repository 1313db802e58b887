// Gradients of operations that treat elements one by one, and sums into memory.
//
//   fill             out[i] = value
//   accumulate       out[i] += x[i], any strides (up to 6 dimensions, as in copy.cu)
//   activation_grad  dx[i] = act'(x[i]) dy[i]
//
// Elements are f32 or bf16; accumulate reads any float dtype and adds in f32, so that the gradients
// of f32 parameters add up in f32. Threads stride over runs of 8 elements, moved at once where they
// are aligned; strided sums go one by one. Bound by memory.
//
// Entry points: {fill, accumulate, activation_grad}_{f32, bf16}, by the type of the result. Launcher:
// glance.backend.cuda.GradientKernels. Test: glance.ops.parity.PointwiseGradCases.
// Benchmark: none, no case of bench kernels runs it.
#include "include/activation.cuh"
#include "include/chunk.cuh"
#include "include/glance.cuh"
#include "include/layout.cuh"

constexpr int kThreads = 256;

// Slope of x s(z), s the sigmoid and z = linear x + cubic x^3.
__device__ __forceinline__ float sigmoid_slope(float x, float linear, float cubic) {
    float s = sigmoid<false>(x * (linear + cubic * x * x));
    return s + x * s * (1.0f - s) * (linear + 3.0f * cubic * x * x);
}

__device__ __forceinline__ float slope(int activation, float x) {
    switch (activation) {
        case kGeluTanh:
            return sigmoid_slope(x, 1.595769122f, 0.07135481283f);
        case kGeluErf:
            return 0.5f * erfcf(-0.70710678f * x) + x * 0.3989422804f * expf(-0.5f * x * x);
        case kQuickGelu:
            return sigmoid_slope(x, 1.702f, 0.0f);
        case kSilu:
            return sigmoid_slope(x, 1.0f, 0.0f);
        case kHardTanh:
            return x > -1.0f && x < 1.0f ? 1.0f : 0.0f;
        case kSigmoid:
            // 1 - s is the sigmoid of -x, which keeps its digits where s is near 1
            return sigmoid<false>(x) * sigmoid<false>(-x);
        case kTanh: {
            // 1 - tanh^2, which keeps its digits where tanh is near 1
            float cosine = coshf(x);
            return 1.0f / (cosine * cosine);
        }
        default:
            return 1.0f;
    }
}

template <class T>
__device__ __forceinline__ void fill(T* out, long long n, float value) {
    float values[kChunk];
#pragma unroll
    for (int e = 0; e < kChunk; ++e) {
        values[e] = value;
    }
    for_each_chunk(n, is_aligned(out, 16), [&](long long at, int left, bool whole) {
        store_chunk(out + at, values, left, whole);
    });
}

template <class T>
__device__ __forceinline__ void accumulate_packed(const void* x, int dtype, T* out, long long n) {
    bool aligned = is_aligned(x, 16) && is_aligned(out, 16);
    for_each_chunk(n, aligned, [&](long long at, int left, bool whole) {
        float sum[kChunk], term[kChunk];
        load_chunk(sum, out + at, left, whole);
        load_chunk(term, x, at, dtype, left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            sum[e] += term[e];
        }
        store_chunk(out + at, sum, left, whole);
    });
}

template <class T>
__device__ __forceinline__ void accumulate_strided(const void* x, int dtype, T* out, long long n,
                                                   const Layout& layout) {
    for_each_place(layout, n, [&](const Place& place) {
        float sum = to_float(out[place.to]) + load_any(x, place.from, dtype);
        out[place.to] = from_float<T>(sum);
    });
}

template <class T>
__device__ __forceinline__ void activation_grad(const T* x, const T* dy, T* dx, long long n,
                                                int activation) {
    bool aligned = is_aligned(x, 16) && is_aligned(dy, 16) && is_aligned(dx, 16);
    for_each_chunk(n, aligned, [&](long long at, int left, bool whole) {
        float argument[kChunk], gradient[kChunk];
        load_chunk(argument, x + at, left, whole);
        load_chunk(gradient, dy + at, left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            gradient[e] *= slope(activation, argument[e]);
        }
        store_chunk(dx + at, gradient, left, whole);
    });
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, fill_##suffix, T* out, long long n, float value) { fill<T>(out, n, value); } \
    KERNEL(kThreads, accumulate_##suffix, const void* x, int dtype, T* out, long long n,          \
           int packed, Layout layout) {                                                           \
        if (packed) {                                                                             \
            accumulate_packed<T>(x, dtype, out, n);                                               \
        } else {                                                                                  \
            accumulate_strided<T>(x, dtype, out, n, layout);                                      \
        }                                                                                         \
    }                                                                                             \
    KERNEL(kThreads, activation_grad_##suffix, const T* x, const T* dy, T* dx, long long n,       \
           int activation) {                                                                      \
        activation_grad<T>(x, dy, dx, n, activation);                                             \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
