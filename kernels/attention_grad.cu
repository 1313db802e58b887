// Gradients of attention.cu from its saved log-sum-exp; arXiv 2205.14135, appendix B.2. All f32.
//
//   p = exp(scale q k^T + bias - lse), delta = rowsum(dy y), ds = scale p (dy v^T - delta)
//   dq = ds k, dk = ds^T q, dv = p^T dy
//
//   attention_grad_delta  delta [batch, heads, seqLen]
//   attention_grad_q      a warp for each query walks over the keys it sees
//   attention_grad_kv     a warp for each key walks over the queries of its group that see it
//
// q [batch, seqLen, heads, headDim], k and v [batch, keyLen, kvHeads, headDim] with any strides before
// the last dimension; y, dy, dq, dk, dv packed; headDim at most kMaxHeadDim. No sums across warps:
// same bits every time. The plain path; bound by shuffles.
//
// Launcher: glance.backend.cuda.AttentionGradKernel. Test: glance.backend.cuda.EmulatedModelTest.
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / kWarpSize;
constexpr int kPerLane = 8;
constexpr int kMaxHeadDim = kPerLane * kWarpSize;
EXPORT_CONSTANT(attention_grad_head_dim, kMaxHeadDim);

struct HeadStrides {
    long long batch, row, head;
};

struct Sizes {
    int batch, seqLen, keyLen, heads, kvHeads, headDim;
};

struct Mask {
    int causal;
    int prefix;
    const int* lengths;
    const float* bias;

    __device__ __forceinline__ bool shows(int query, int key, int real) const {
        return (!causal || key <= query) && (key >= prefix || key < real);
    }
};

// This lane's part of a head.
struct Part {
    float x[kPerLane];

    __device__ __forceinline__ void load(const float* from, int headDim) {
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            int d = threadIdx.x % kWarpSize + i * kWarpSize;
            x[i] = d < headDim ? from[d] : 0.0f;
        }
    }

    __device__ __forceinline__ void store(float* to, int headDim) const {
#pragma unroll
        for (int i = 0; i < kPerLane; ++i) {
            int d = threadIdx.x % kWarpSize + i * kWarpSize;
            if (d < headDim) {
                to[d] = x[i];
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
                                       const Sizes& n, int head, int query, int key) {
    float s = scale * q.dot(k);
    if (mask.bias != nullptr) {
        s += mask.bias[(static_cast<long long>(head) * n.seqLen + query) * n.keyLen + key];
    }
    return s;
}

KERNEL(kThreads, attention_grad_delta_f32, const float* y, const float* dy, float* delta, int batch,
       int seqLen, int heads, int headDim) {
    long long item = own_item();  // (batch, query, head)
    if (item >= static_cast<long long>(batch) * seqLen * heads) {
        return;
    }
    Part a, b;
    a.load(y + item * headDim, headDim);
    b.load(dy + item * headDim, headDim);
    float sum = a.dot(b);
    long long head = item % heads;
    long long query = item / heads % seqLen;
    if (threadIdx.x % kWarpSize == 0) {
        delta[(item / heads / seqLen * heads + head) * seqLen + query] = sum;
    }
}

KERNEL(kThreads, attention_grad_q_f32, const float* q, HeadStrides qs, const float* k,
       HeadStrides ks, const float* v, HeadStrides vs, float scale, int causal, int prefix,
       const int* lengths, const float* bias, const float* lse, const float* delta,
       const float* dy, float* dq, int batch, int seqLen, int keyLen, int heads, int kvHeads,
       int headDim) {
    long long item = own_item();  // (batch, query, head)
    if (item >= static_cast<long long>(batch) * seqLen * heads) {
        return;
    }
    Sizes n{batch, seqLen, keyLen, heads, kvHeads, headDim};
    Mask mask{causal, prefix, lengths, bias};
    int head = static_cast<int>(item % heads);
    int query = static_cast<int>(item / heads % seqLen);
    long long sample = item / heads / seqLen;
    int kvHead = head / (heads / kvHeads);
    int real = prefix > 0 ? lengths[sample] : 0;
    long long row = (sample * heads + head) * seqLen + query;
    Part own, gradient, sum = {}, key, value;
    own.load(q + sample * qs.batch + query * qs.row + head * qs.head, headDim);
    gradient.load(dy + item * headDim, headDim);
    for (int j = 0; j < (causal ? query + 1 : keyLen); ++j) {
        if (!mask.shows(query, j, real)) {
            continue;
        }
        key.load(k + sample * ks.batch + j * ks.row + kvHead * ks.head, headDim);
        value.load(v + sample * vs.batch + j * vs.row + kvHead * vs.head, headDim);
        float p = expf(score(own, key, scale, mask, n, head, query, j) - lse[row]);
        sum.add(p * (gradient.dot(value) - delta[row]) * scale, key);
    }
    sum.store(dq + item * headDim, headDim);
}

KERNEL(kThreads, attention_grad_kv_f32, const float* q, HeadStrides qs, const float* k,
       HeadStrides ks, const float* v, HeadStrides vs, float scale, int causal, int prefix,
       const int* lengths, const float* bias, const float* lse, const float* delta,
       const float* dy, float* dk, float* dv, int batch, int seqLen, int keyLen, int heads,
       int kvHeads, int headDim) {
    long long item = own_item();  // (batch, key, kvHead)
    if (item >= static_cast<long long>(batch) * keyLen * kvHeads) {
        return;
    }
    Sizes n{batch, seqLen, keyLen, heads, kvHeads, headDim};
    Mask mask{causal, prefix, lengths, bias};
    int kvHead = static_cast<int>(item % kvHeads);
    int j = static_cast<int>(item / kvHeads % keyLen);
    long long sample = item / kvHeads / keyLen;
    int group = heads / kvHeads;
    int real = prefix > 0 ? lengths[sample] : 0;
    Part key, value, keySum = {}, valueSum = {}, other, gradient;
    key.load(k + sample * ks.batch + j * ks.row + kvHead * ks.head, headDim);
    value.load(v + sample * vs.batch + j * vs.row + kvHead * vs.head, headDim);
    for (int head = kvHead * group; head < (kvHead + 1) * group; ++head) {
        for (int query = causal ? j : 0; query < seqLen; ++query) {
            if (!mask.shows(query, j, real)) {
                continue;
            }
            long long row = (sample * heads + head) * seqLen + query;
            other.load(q + sample * qs.batch + query * qs.row + head * qs.head, headDim);
            gradient.load(dy + ((sample * seqLen + query) * heads + head) * headDim, headDim);
            float p = expf(score(other, key, scale, mask, n, head, query, j) - lse[row]);
            valueSum.add(p, gradient);
            keySum.add(p * (gradient.dot(value) - delta[row]) * scale, other);
        }
    }
    keySum.store(dk + item * headDim, headDim);
    valueSum.store(dv + item * headDim, headDim);
}
