// Gradients of attention.cu from its saved log-sum-exp; arXiv 2205.14135, appendix B.2. The path for
// f32 and for head dimensions that the tensor core path does not take.
//
//   p = exp(scale q k^T + bias - lse), delta = rowsum(dy y), ds = scale p (dy v^T - delta)
//   dq = ds k, dk = ds^T q, dv = p^T dy
//
//   attention_grad_delta  delta [batch, heads, seqLen]; also for attention_grad_mma.cu
//   attention_grad_q      a warp for each query walks over the keys it sees
//   attention_grad_kv     a warp for each key walks over the queries of its group that see it
//
// q [batch, seqLen, heads, headDim], k and v [batch, keyLen, kvHeads, headDim] with any strides before
// the last dimension; y, dy, dq, dk, dv packed; all f32 or all bf16, lse, delta and sums f32; headDim
// at most kMaxHeadDim. No sums across warps: same bits every time. Bound by shuffles.
//
// Entry points: each with _f32 and _bf16. Launcher: glance.backend.cuda.AttentionGradPlain. Test:
// glance.ops.parity.AttentionGradCases.
// Benchmark: bench kernels --variant attention_grad=plain --only attention.backward.
#include "include/attention_mask.cuh"
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kPerLane = 8;
constexpr int kMaxHeadDim = kPerLane * kWarpSize;
EXPORT_CONSTANT(attention_grad_head_dim, kMaxHeadDim);

struct Sizes {
    int batch, seqLen, keyLen, heads, kvHeads, headDim;
};

// This lane's part of a head.
struct Part {
    float x[kPerLane];

    template <class T>
    __device__ __forceinline__ void load(const T* from, int headDim) {
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            int d = threadIdx.x % kWarpSize + i * kWarpSize;
            x[i] = d < headDim ? to_float(from[d]) : 0.0f;
        }
    }

    template <class T>
    __device__ __forceinline__ void store(T* to, int headDim) const {
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            int d = threadIdx.x % kWarpSize + i * kWarpSize;
            if (d < headDim) {
                to[d] = from_float<T>(x[i]);
            }
        }
    }

    __device__ __forceinline__ void add(float factor, const Part& other) {
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            x[i] += factor * other.x[i];
        }
    }

    __device__ __forceinline__ float dot(const Part& other) const {
        float sum = 0.0f;
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            sum += x[i] * other.x[i];
        }
        return warp_sum(sum);
    }
};

__device__ __forceinline__ long long own_item() {
    return static_cast<long long>(blockIdx.x) * kWarps + threadIdx.x / kWarpSize;
}

__device__ __forceinline__ float score(const Part& q, const Part& k, float scale, const Mask& mask,
                                       int query, int key) {
    float s = scale * q.dot(k);
    return mask.bias == nullptr ? s : s + *mask.bias_at(query, key);
}

template <class T>
__device__ __forceinline__ void attention_delta(const T* y, const T* dy, float* delta,
                                                const Sizes& n) {
    long long item = own_item();  // (batch, query, head)
    if (item >= static_cast<long long>(n.batch) * n.seqLen * n.heads) {
        return;
    }
    Part a, b;
    a.load(y + item * n.headDim, n.headDim);
    b.load(dy + item * n.headDim, n.headDim);
    float sum = a.dot(b);
    long long head = item % n.heads;
    long long query = item / n.heads % n.seqLen;
    if (threadIdx.x % kWarpSize == 0) {
        delta[(item / n.heads / n.seqLen * n.heads + head) * n.seqLen + query] = sum;
    }
}

template <class T>
__device__ __forceinline__ void attention_grad_q(const T* q, HeadStrides qs, const T* k,
                                                 HeadStrides ks, const T* v, HeadStrides vs,
                                                 float scale, int causal, int prefix,
                                                 const int* lengths, const float* bias,
                                                 const float* lse, const float* delta, const T* dy,
                                                 T* dq, const Sizes& n) {
    long long item = own_item();  // (batch, query, head)
    if (item >= static_cast<long long>(n.batch) * n.seqLen * n.heads) {
        return;
    }
    int head = static_cast<int>(item % n.heads);
    int query = static_cast<int>(item / n.heads % n.seqLen);
    long long sample = item / n.heads / n.seqLen;
    int kvHead = head / (n.heads / n.kvHeads);
    Mask mask(causal, prefix, lengths, bias, sample, head, n.seqLen, n.keyLen);
    long long row = (sample * n.heads + head) * n.seqLen + query;
    Part own, gradient, sum = {}, key, value;
    own.load(q + sample * qs.batch + query * qs.row + head * qs.head, n.headDim);
    gradient.load(dy + item * n.headDim, n.headDim);
    for (int j = 0; j < mask.end(query + 1); ++j) {
        if (!mask.shows(query, j)) {
            continue;
        }
        key.load(k + sample * ks.batch + j * ks.row + kvHead * ks.head, n.headDim);
        value.load(v + sample * vs.batch + j * vs.row + kvHead * vs.head, n.headDim);
        float p = expf(score(own, key, scale, mask, query, j) - lse[row]);
        sum.add(p * (gradient.dot(value) - delta[row]) * scale, key);
    }
    sum.store(dq + item * n.headDim, n.headDim);
}

template <class T>
__device__ __forceinline__ void attention_grad_kv(const T* q, HeadStrides qs, const T* k,
                                                  HeadStrides ks, const T* v, HeadStrides vs,
                                                  float scale, int causal, int prefix,
                                                  const int* lengths, const float* bias,
                                                  const float* lse, const float* delta, const T* dy,
                                                  T* dk, T* dv, const Sizes& n) {
    long long item = own_item();  // (batch, key, kvHead)
    if (item >= static_cast<long long>(n.batch) * n.keyLen * n.kvHeads) {
        return;
    }
    int kvHead = static_cast<int>(item % n.kvHeads);
    int j = static_cast<int>(item / n.kvHeads % n.keyLen);
    long long sample = item / n.kvHeads / n.keyLen;
    int group = n.heads / n.kvHeads;
    Part key, value, keySum = {}, valueSum = {}, other, gradient;
    key.load(k + sample * ks.batch + j * ks.row + kvHead * ks.head, n.headDim);
    value.load(v + sample * vs.batch + j * vs.row + kvHead * vs.head, n.headDim);
    for (int head = kvHead * group; head < (kvHead + 1) * group; ++head) {
        Mask mask(causal, prefix, lengths, bias, sample, head, n.seqLen, n.keyLen);
        for (int query = causal ? j : 0; query < n.seqLen; ++query) {
            if (!mask.shows(query, j)) {
                continue;
            }
            long long row = (sample * n.heads + head) * n.seqLen + query;
            other.load(q + sample * qs.batch + query * qs.row + head * qs.head, n.headDim);
            gradient.load(dy + ((sample * n.seqLen + query) * n.heads + head) * n.headDim,
                          n.headDim);
            float p = expf(score(other, key, scale, mask, query, j) - lse[row]);
            valueSum.add(p, gradient);
            keySum.add(p * (gradient.dot(value) - delta[row]) * scale, other);
        }
    }
    keySum.store(dk + item * n.headDim, n.headDim);
    valueSum.store(dv + item * n.headDim, n.headDim);
}

#define ENTRY_POINTS(T, suffix)                                                                    \
    KERNEL(kThreads, attention_grad_delta_##suffix, const T* y, const T* dy, float* delta,         \
           int batch, int seqLen, int heads, int headDim) {                                        \
        attention_delta<T>(y, dy, delta, {batch, seqLen, 0, heads, 0, headDim});                   \
    }                                                                                              \
    KERNEL(kThreads, attention_grad_q_##suffix, const T* q, HeadStrides qs, const T* k,            \
           HeadStrides ks, const T* v, HeadStrides vs, float scale, int causal, int prefix,        \
           const int* lengths, const float* bias, const float* lse, const float* delta,            \
           const T* dy, T* dq, int seqLen, int keyLen, int heads, int kvHeads, int headDim,        \
           int batch) {                                                                            \
        attention_grad_q<T>(q, qs, k, ks, v, vs, scale, causal, prefix, lengths, bias, lse, delta, \
                            dy, dq, {batch, seqLen, keyLen, heads, kvHeads, headDim});             \
    }                                                                                              \
    KERNEL(kThreads, attention_grad_kv_##suffix, const T* q, HeadStrides qs, const T* k,           \
           HeadStrides ks, const T* v, HeadStrides vs, float scale, int causal, int prefix,        \
           const int* lengths, const float* bias, const float* lse, const float* delta,            \
           const T* dy, T* dk, T* dv, int seqLen, int keyLen, int heads, int kvHeads, int headDim, \
           int batch) {                                                                            \
        attention_grad_kv<T>(q, qs, k, ks, v, vs, scale, causal, prefix, lengths, bias, lse,       \
                             delta, dy, dk, dv,                                                    \
                             {batch, seqLen, keyLen, heads, kvHeads, headDim});                    \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
