// Gradients of the norms, and the sums over tokens that go with them. All f32.
//
//   rms_norm_grad        dx = r (g - x r^2 mean(x g)),       g = dy weight, r = 1 / sqrt(mean(x^2) + eps)
//   head_norm_rope_grad  the same over heads, after turning dy back by the rotary angle
//   layer_norm_grad      dx = r (g - mean(g) - n mean(n g)), g = dy weight (1 + scale[b]),
//                        n = (x - mean) r; keeps mean and r of each row for column_sums
//   column_sums          sums[s, d] = sum over the rows t of sample s of dy[t, d] f[t, d], with f = n,
//                        y or 1, in the order of rows and in f64: same bits every time
//
// x [batch, seqLen, dim] with any strides of batch and row; dy and results packed; weights f32. A
// warp takes a row (or a head of a token); in column_sums a thread takes a column. Bound by memory.
//
// Launcher: glance.backend.cuda.NormGradKernels. Test: glance.backend.cuda.EmulatedModelTest.
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 256;
constexpr int kColumnThreads = 64;

__device__ __forceinline__ long long own_row() {
    return static_cast<long long>(blockIdx.x) * (kThreads / kWarpSize) + threadIdx.x / kWarpSize;
}

// The gradient of a row of an RMSNorm; dy(d) is the gradient of its result.
template <class Dy>
__device__ __forceinline__ void rms_row(const float* x, const float* weight, Dy dy, float* dx,
                                        int dim, float eps) {
    int lane = threadIdx.x % kWarpSize;
    auto weighted = [&](int d) { return weight == nullptr ? dy(d) : dy(d) * weight[d]; };
    float squares = 0.0f;
    float dot = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        squares += x[d] * x[d];
        dot += x[d] * weighted(d);
    }
    float inverse = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
    float shrink = warp_sum(dot) / dim * inverse * inverse;
    for (int d = lane; d < dim; d += kWarpSize) {
        dx[d] = inverse * (weighted(d) - x[d] * shrink);
    }
}

KERNEL(kThreads, rms_norm_grad_f32, const float* x, long long batchStride, long long rowStride,
       const float* weight, const float* dy, float* dx, long long rows, int seqLen, int dim,
       float eps) {
    long long row = own_row();
    if (row < rows) {
        const float* from = dy + row * dim;
        rms_row(
            x + row / seqLen * batchStride + row % seqLen * rowStride, weight,
            [&](int d) { return from[d]; }, dx + row * dim, dim, eps);
    }
}

KERNEL(kThreads, head_norm_rope_grad_f32, const float* x, long long batchStride,
       long long rowStride, long long headStride, const float* weight, float eps, const float* cos,
       const float* sin, int interleaved, const float* dy, float* dx, int batch, int seqLen,
       int heads, int headDim, int start, int joinedLen) {
    long long item = own_row();
    if (item >= static_cast<long long>(batch) * seqLen * heads) {
        return;
    }
    int head = static_cast<int>(item % heads);
    int row = static_cast<int>(item / heads % seqLen);
    long long sample = item / heads / seqLen;
    int position = start + row;
    const float* from = dy + ((sample * joinedLen + position) * heads + head) * headDim;
    int half = headDim / 2;
    // pair (a, b) came from angle t, so its gradient turns by -t
    auto turned = [&](int d) {
        if (cos == nullptr) {
            return from[d];
        }
        int j = interleaved ? d / 2 : d % half;
        bool first = interleaved ? d % 2 == 0 : d < half;
        int partner = interleaved ? d ^ 1 : (first ? d + half : d - half);
        float c = cos[static_cast<long long>(position) * half + j];
        float s = sin[static_cast<long long>(position) * half + j];
        return first ? from[d] * c + from[partner] * s : from[d] * c - from[partner] * s;
    };
    float* to = dx + item * headDim;
    if (weight == nullptr) {
        for (int d = threadIdx.x % kWarpSize; d < headDim; d += kWarpSize) {
            to[d] = turned(d);
        }
        return;
    }
    rms_row(x + sample * batchStride + row * rowStride + head * headStride, weight, turned, to,
            headDim, eps);
}

// moments [rows, 2]: mean and 1 / sqrt(var + eps) of each row of x.
KERNEL(kThreads, layer_norm_grad_f32, const float* x, long long batchStride, long long rowStride,
       const float* weight, const float* scale, long long scaleStride, const float* dy, float* dx,
       float* moments, long long rows, int seqLen, int dim, float eps) {
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
        sum += x[d];
    }
    float mean = warp_sum(sum) / dim;
    float squares = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        squares += (x[d] - mean) * (x[d] - mean);
    }
    float inverse = 1.0f / sqrtf(warp_sum(squares) / dim + eps);
    auto weighted = [&](int d) {
        float g = weight == nullptr ? dy[d] : dy[d] * weight[d];
        return scale == nullptr ? g : g * (1.0f + scale[batch * scaleStride + d]);
    };
    float total = 0.0f;
    float dot = 0.0f;
    for (int d = lane; d < dim; d += kWarpSize) {
        total += weighted(d);
        dot += weighted(d) * (x[d] - mean) * inverse;
    }
    float meanGradient = warp_sum(total) / dim;
    float meanDot = warp_sum(dot) / dim;
    for (int d = lane; d < dim; d += kWarpSize) {
        dx[d] = inverse * (weighted(d) - meanGradient - (x[d] - mean) * inverse * meanDot);
    }
    if (lane == 0) {
        moments[2 * row] = mean;
        moments[2 * row + 1] = inverse;
    }
}

// f is x normalised by the moments if they are given, x itself if not, 1 if there is no x. Grid: y
// counts samples of sums, each of rowsEach rows; seqLen is that of x.
KERNEL(kColumnThreads, column_sums_f32, const float* dy, const float* x, long long batchStride,
       long long rowStride, const float* moments, float* sums, long long rowsEach, int seqLen,
       int dim) {
    int d = blockIdx.x * kColumnThreads + threadIdx.x;
    if (d >= dim) {
        return;
    }
    long long sample = blockIdx.y;
    double sum = 0.0;
    for (long long row = sample * rowsEach; row < (sample + 1) * rowsEach; ++row) {
        float f = 1.0f;
        if (x != nullptr) {
            f = x[row / seqLen * batchStride + row % seqLen * rowStride + d];
        }
        if (moments != nullptr) {
            f = (f - moments[2 * row]) * moments[2 * row + 1];
        }
        sum += static_cast<double>(dy[row * dim + d]) * f;
    }
    sums[sample * dim + d] = static_cast<float>(sum);
}
