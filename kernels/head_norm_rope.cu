// RMSNorm over each head, then rotary positions: queries and keys on their way to attention.
//
//   y = x / sqrt(mean(x^2) + eps) * weight                    arXiv 1910.07467; skipped without weight
//   (out[i], out[j]) = (y[i] cos - y[j] sin, y[j] cos + y[i] sin)   for each pair; arXiv 2104.09864
//
// Pairs of a head of 8: interleaved (0,1) (2,3) (4,5) (6,7); halves (0,4) (1,5) (2,6) (3,7).
//
// One launch for each stream: x [batch, seqLen, heads, headDim] with any strides before the last
// dimension goes to positions [start, start + seqLen) of out [batch, joinedLen, heads, headDim],
// packed; both f32 or bf16. weight [headDim], cos and sin [joinedLen, headDim / 2] f32, each may be
// absent. A warp takes a head of a token, a lane every 32nd pair. headDim is even if there are
// angles. Bound by memory: one read and one write of each element.
//
// Entry points: head_norm_rope_{f32, bf16}. Launcher: glance.backend.cuda.HeadNormRopeKernel. Test:
// glance.ops.parity.HeadNormRopeCases.
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 256;

template <class T>
__device__ __forceinline__ void head_norm_rope(const T* x, long long batchStride,
                                               long long rowStride, long long headStride,
                                               const float* weight, float eps, const float* cos,
                                               const float* sin, int interleaved, T* out, int batch,
                                               int seqLen, int heads, int headDim, int start,
                                               int joinedLen) {
    long long item = static_cast<long long>(blockIdx.x) * (kThreads / kWarpSize) +
                     threadIdx.x / kWarpSize;
    if (item >= static_cast<long long>(batch) * seqLen * heads) {
        return;
    }
    int lane = threadIdx.x % kWarpSize;
    int head = static_cast<int>(item % heads);
    int row = static_cast<int>(item / heads % seqLen);
    long long sample = item / heads / seqLen;
    x += sample * batchStride + row * rowStride + head * headStride;
    int position = start + row;
    out += ((sample * joinedLen + position) * heads + head) * headDim;

    float inverse = 1.0f;
    if (weight != nullptr) {
        float squares = 0.0f;
        for (int d = lane; d < headDim; d += kWarpSize) {
            float v = to_float(x[d]);
            squares += v * v;
        }
        inverse = 1.0f / sqrtf(warp_sum(squares) / headDim + eps);
    }
    auto normed = [&](int d) {
        float v = to_float(x[d]) * inverse;
        return weight == nullptr ? v : v * weight[d];
    };
    if (cos == nullptr) {
        for (int d = lane; d < headDim; d += kWarpSize) {
            out[d] = from_float<T>(normed(d));
        }
        return;
    }
    int half = headDim / 2;
    for (int j = lane; j < half; j += kWarpSize) {
        int first = interleaved ? 2 * j : j;
        int second = interleaved ? 2 * j + 1 : j + half;
        float a = normed(first);
        float b = normed(second);
        float c = cos[static_cast<long long>(position) * half + j];
        float s = sin[static_cast<long long>(position) * half + j];
        out[first] = from_float<T>(a * c - b * s);
        out[second] = from_float<T>(b * c + a * s);
    }
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, head_norm_rope_##suffix, const T* x, long long batchStride,                  \
           long long rowStride, long long headStride, const float* weight, float eps,             \
           const float* cos, const float* sin, int interleaved, T* out, int batch, int seqLen,    \
           int heads, int headDim, int start, int joinedLen) {                                    \
        head_norm_rope<T>(x, batchStride, rowStride, headStride, weight, eps, cos, sin,           \
                          interleaved, out, batch, seqLen, heads, headDim, start, joinedLen);     \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
