// Gradients of the norms.
//
//   rms_norm_grad        dx = r (g - x r^2 mean(x g)),       g = dy weight, r = 1 / sqrt(mean(x^2) + eps)
//   head_norm_rope_grad  the same over heads, after turning dy back by the rotary angle
//   layer_norm_grad      dx = r (g - mean(g) - n mean(n g)), g = dy weight (1 + scale[b]),
//                        n = (x - mean) r; keeps mean and r of each row for layer_norm_sums (sums.cu)
//
// x [batch, seqLen, dim] with any strides of batch and row; dy and dx packed; scale [batch or 1,
// dim]; all f32 or bf16. weight, cos, sin and moments f32. A warp takes a row (or a head of a token),
// a lane every 32nd element; the row is read again for each pass, from L1. Sums are f32 in a fixed
// order. Bound by memory.
//
// Entry points: the names above with _{f32, bf16}. Launcher: glance.backend.cuda.NormGradKernels.
// Test: glance.ops.parity.NormGradCases, LayerNormGradCases.
// Benchmark: none, no case of bench kernels runs it.
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 256;

__device__ __forceinline__ long long own_row() {
    return static_cast<long long>(blockIdx.x) * (kThreads / kWarpSize) + threadIdx.x / kWarpSize;
}

// The gradient of a row of an RMSNorm; dy(d) is the gradient of its result.
template <class T, class Dy>
__device__ __forceinline__ void rms_row(const T* x, const float* weight, Dy dy, T* dx, int dim,
                                        float eps) {
    int lane = threadIdx.x % kWarpSize;
    auto weighted = [&](int d) { return weight == nullptr ? dy(d) : dy(d) * weight[d]; };
    float squares = 0.0f;
    float dot = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        float v = to_float(x[d]);
        squares += v * v;
        dot += v * weighted(d);
    }
    float inverse = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
    float shrink = warp_sum(dot) / dim * inverse * inverse;
    for (int d = lane; d < dim; d += kWarpSize) {
        dx[d] = from_float<T>(inverse * (weighted(d) - to_float(x[d]) * shrink));
    }
}

template <class T>
__device__ __forceinline__ void rms_norm_grad(const T* x, long long batchStride,
                                              long long rowStride, const float* weight,
                                              const T* dy, T* dx, long long rows, int seqLen,
                                              int dim, float eps) {
    long long row = own_row();
    if (row < rows) {
        const T* from = dy + row * dim;
        rms_row(
            x + row / seqLen * batchStride + row % seqLen * rowStride, weight,
            [&](int d) { return to_float(from[d]); }, dx + row * dim, dim, eps);
    }
}

// The rotary angles of all positions of the joined streams; cos null for no rotation. rowsOfSample: 0
// if all samples have the same angles.
struct Turn {
    const float* cos;
    const float* sin;
    int interleaved;
    int rowsOfSample;
};

// start: the position of the stream's first row in the joinedLen rows of dy.
template <class T>
__device__ __forceinline__ void head_norm_rope_grad(const T* x, long long batchStride,
                                                    long long rowStride, long long headStride,
                                                    const float* weight, float eps,
                                                    const Turn& turn, const T* dy, T* dx,
                                                    int batch, int seqLen, int heads, int headDim,
                                                    int start, int joinedLen) {
    long long item = own_row();
    if (item >= static_cast<long long>(batch) * seqLen * heads) {
        return;
    }
    int head = static_cast<int>(item % heads);
    int row = static_cast<int>(item / heads % seqLen);
    long long sample = item / heads / seqLen;
    int position = start + row;
    const T* from = dy + ((sample * joinedLen + position) * heads + head) * headDim;
    int half = headDim / 2;
    long long angle = sample * turn.rowsOfSample + position;
    // pair (a, b) came from angle t, so its gradient turns by -t
    auto turned = [&](int d) {
        float own = to_float(from[d]);
        if (turn.cos == nullptr) {
            return own;
        }
        int j = turn.interleaved ? d / 2 : d % half;
        bool first = turn.interleaved ? d % 2 == 0 : d < half;
        float other = to_float(from[turn.interleaved ? d ^ 1 : (first ? d + half : d - half)]);
        float c = turn.cos[angle * half + j];
        float s = turn.sin[angle * half + j];
        return first ? own * c + other * s : own * c - other * s;
    };
    T* to = dx + item * headDim;
    if (weight == nullptr) {
        for (int d = threadIdx.x % kWarpSize; d < headDim; d += kWarpSize) {
            to[d] = from_float<T>(turned(d));
        }
        return;
    }
    rms_row(x + sample * batchStride + row * rowStride + head * headStride, weight, turned, to,
            headDim, eps);
}

// moments [rows, 2]: mean and 1 / sqrt(var + eps) of each row of x.
template <class T>
__device__ __forceinline__ void layer_norm_grad(const T* x, long long batchStride,
                                                long long rowStride, const float* weight,
                                                const T* scale, long long scaleStride,
                                                const T* dy, T* dx, float* moments, long long rows,
                                                int seqLen, int dim, float eps) {
    long long row = own_row();
    if (row >= rows) {
        return;
    }
    int lane = threadIdx.x % kWarpSize;
    long long batch = row / seqLen;
    x += batch * batchStride + row % seqLen * rowStride;
    dy += row * dim;
    dx += row * dim;
    float sum = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        sum += to_float(x[d]);
    }
    float mean = warp_sum(sum) / dim;
    float squares = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        float v = to_float(x[d]) - mean;
        squares += v * v;
    }
    float inverse = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
    auto weighted = [&](int d) {
        float g = to_float(dy[d]) * (weight == nullptr ? 1.0f : weight[d]);
        return scale == nullptr ? g : g * (1.0f + to_float(scale[batch * scaleStride + d]));
    };
    auto normed = [&](int d) { return (to_float(x[d]) - mean) * inverse; };
    float total = 0.0f;
    float dot = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        total += weighted(d);
        dot += weighted(d) * normed(d);
    }
    float meanGradient = warp_sum(total) / dim;
    float meanDot = warp_sum(dot) / dim;
    for (int d = lane; d < dim; d += kWarpSize) {
        dx[d] = from_float<T>(inverse * (weighted(d) - meanGradient - normed(d) * meanDot));
    }
    if (lane == 0) {
        moments[2 * row] = mean;
        moments[2 * row + 1] = inverse;
    }
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, rms_norm_grad_##suffix, const T* x, long long batchStride,                   \
           long long rowStride, const float* weight, const T* dy, T* dx, long long rows,          \
           int seqLen, int dim, float eps) {                                                      \
        rms_norm_grad<T>(x, batchStride, rowStride, weight, dy, dx, rows, seqLen, dim, eps);      \
    }                                                                                             \
    KERNEL(kThreads, head_norm_rope_grad_##suffix, const T* x, long long batchStride,             \
           long long rowStride, long long headStride, const float* weight, float eps,             \
           const float* cos, const float* sin, int interleaved, const T* dy, T* dx, int batch,    \
           int seqLen, int heads, int headDim, int start, int joinedLen, int rowsOfSample) {      \
        head_norm_rope_grad<T>(x, batchStride, rowStride, headStride, weight, eps,                \
                               {cos, sin, interleaved, rowsOfSample}, dy, dx, batch, seqLen,      \
                               heads, headDim, start, joinedLen);                                 \
    }                                                                                             \
    KERNEL(kThreads, layer_norm_grad_##suffix, const T* x, long long batchStride,                 \
           long long rowStride, const float* weight, const T* scale, long long scaleStride,       \
           const T* dy, T* dx, float* moments, long long rows, int seqLen, int dim, float eps) {  \
        layer_norm_grad<T>(x, batchStride, rowStride, weight, scale, scaleStride, dy, dx,         \
                           moments, rows, seqLen, dim, eps);                                      \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
