// Norms over the last dimension.
//
//   rms_norm    out = act(x / sqrt(mean(x^2) + eps) * weight)            arXiv 1910.07467
//   layer_norm  out = n * weight + bias, then * (1 + scale[b]) + shift[b]; arXiv 2212.09748
//               n = (x - mean) / sqrt(var + eps)
//
// x [batch, seqLen, dim] with any strides of batch and row, out packed, both f32 or bf16; weight and
// bias [dim] f32, scale and shift [batch or 1, dim] of the type of x; each may be absent. A warp
// takes a row, a lane every 32nd element; the row is read again for each pass, from L1. Sums are
// f32 in a fixed order. Bound by memory: x is read from global memory once, out written once.
//
// Entry points: {rms_norm, layer_norm}_{f32, bf16}.
//
// Lost to norm.cu: 8 times as many instructions for the same bytes, 2 instead of 16 a thread.
#include "../include/activation.cuh"
#include "../include/glance.cuh"
#include "../include/reduce.cuh"

constexpr int kThreads = 256;

// The row of this warp, or -1 if there is none.
__device__ __forceinline__ long long own_row(long long rows) {
    long long row = static_cast<long long>(blockIdx.x) * (kThreads / kWarpSize) +
                    threadIdx.x / kWarpSize;
    return row < rows ? row : -1;
}

template <class T>
__device__ __forceinline__ void rms_norm(const T* x, long long batchStride, long long rowStride,
                                         const float* weight, T* out, long long rows, int seqLen,
                                         int dim, float eps, int activation) {
    long long row = own_row(rows);
    if (row < 0) {
        return;
    }
    int lane = threadIdx.x % kWarpSize;
    x += row / seqLen * batchStride + row % seqLen * rowStride;
    out += row * dim;
    float squares = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        float v = to_float(x[d]);
        squares += v * v;
    }
    float inverse = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
    for (int d = lane; d < dim; d += kWarpSize) {
        float v = to_float(x[d]) * inverse;
        if (weight != nullptr) {
            v *= weight[d];
        }
        out[d] = from_float<T>(activate(activation, v));
    }
}

// The strides of scale and shift are 0 if all samples share one row.
template <class T>
__device__ __forceinline__ void layer_norm(const T* x, long long batchStride, long long rowStride,
                                           const float* weight, const float* bias, const T* scale,
                                           long long scaleStride, const T* shift,
                                           long long shiftStride, T* out, long long rows,
                                           int seqLen, int dim, float eps) {
    long long row = own_row(rows);
    if (row < 0) {
        return;
    }
    int lane = threadIdx.x % kWarpSize;
    long long batch = row / seqLen;
    x += batch * batchStride + row % seqLen * rowStride;
    out += row * dim;
    float sum = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        sum += to_float(x[d]);
    }
    float mean = warp_sum(sum) / dim;
    // a pass of its own: E[x^2] - mean^2 cancels when the mean is large
    float squares = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        float v = to_float(x[d]) - mean;
        squares += v * v;
    }
    float inverse = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
    for (int d = lane; d < dim; d += kWarpSize) {
        float v = (to_float(x[d]) - mean) * inverse;
        if (weight != nullptr) {
            v *= weight[d];
        }
        if (bias != nullptr) {
            v += bias[d];
        }
        if (scale != nullptr) {
            v *= 1.0f + to_float(scale[batch * scaleStride + d]);
        }
        if (shift != nullptr) {
            v += to_float(shift[batch * shiftStride + d]);
        }
        out[d] = from_float<T>(v);
    }
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, rms_norm_##suffix, const T* x, long long batchStride, long long rowStride,   \
           const float* weight, T* out, long long rows, int seqLen, int dim, float eps,           \
           int activation) {                                                                      \
        rms_norm<T>(x, batchStride, rowStride, weight, out, rows, seqLen, dim, eps, activation);  \
    }                                                                                             \
    KERNEL(kThreads, layer_norm_##suffix, const T* x, long long batchStride, long long rowStride, \
           const float* weight, const float* bias, const T* scale, long long scaleStride,         \
           const T* shift, long long shiftStride, T* out, long long rows, int seqLen, int dim,    \
           float eps) {                                                                           \
        layer_norm<T>(x, batchStride, rowStride, weight, bias, scale, scaleStride, shift,         \
                      shiftStride, out, rows, seqLen, dim, eps);                                  \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
