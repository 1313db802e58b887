// Attention that never writes its scores, on plain arithmetic units: the path for f32 and for head
// dimensions that the tensor core path does not take. FlashAttention-2, arXiv 2307.08691.
//
//   out[b, i, h] = sum over j of p[i, j] v[b, j, g],  p = softmax(scale q k^T + mask),  g = h kv / heads
//   lse[b, h, i] = log of the sum of the exponentials of the scores (for the backward)
//
// q and out [batch, seqLen, heads, headDim], k and v [batch, keyLen, kv, headDim], f32 or bf16, with
// any strides before the last dimension (out packed). A key is visible if it is not after the query
// (causal), and beyond or below the real part of the padded prefix (glance.op.AttentionMask);
// bias [heads, seqLen, keyLen] f32 is added to the scores. A query that sees nothing yields zeros
// and an lse of -infinity.
//
// A block takes kQueries queries of one head, in shared memory with their sums, and walks over the
// keys in tiles of keyTile. A group of 8 neighbouring lanes has a query: each lane scores every 8th
// key and sums every 8th element of the head. Shared memory is sized at launch (shared_floats in the
// launcher): rows are padded by one float against bank conflicts. Bound by shared memory.
//
// Entry points: attention_{f32, bf16}. Launcher: glance.backend.cuda.AttentionPlain. Test:
// glance.ops.parity.AttentionCases.
// Benchmark: bench kernels --variant attention=plain --only attention.forward.
#include "include/attention_mask.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 128;
constexpr int kQueries = 16;
constexpr int kGroup = kThreads / kQueries;  // lanes of a query
constexpr int kMaxKeysPerLane = 4;
constexpr int kKeyTile = kMaxKeysPerLane * kGroup;
constexpr int kElements = 8;  // of the head, that a lane sums in one pass over the keys
static_assert(kGroup == 8, "the sums over a group shuffle by 4, 2 and 1");
EXPORT_CONSTANT(attention_queries, kQueries);
EXPORT_CONSTANT(attention_key_tile, kKeyTile);

__device__ __forceinline__ float group_max(float x) {
#pragma unroll
    for (int lanes = kGroup / 2; lanes > 0; lanes /= 2) {
        x = fmaxf(x, __shfl_xor_sync(kAllLanes, x, lanes));
    }
    return x;
}

__device__ __forceinline__ float group_sum(float x) {
#pragma unroll
    for (int lanes = kGroup / 2; lanes > 0; lanes /= 2) {
        x += __shfl_xor_sync(kAllLanes, x, lanes);
    }
    return x;
}

// Rows [first, first + count) of a head as floats; zeros from the end of the tensor on.
template <class T>
__device__ __forceinline__ void load_rows(float* to, const T* from, long long rowStride, int first,
                                          int end, int count, int headDim) {
    for (int i = threadIdx.x; i < count * headDim; i += kThreads) {
        int row = i / headDim;
        int d = i % headDim;
        to[row * (headDim + 1) + d] =
            first + row < end ? to_float(from[(first + row) * rowStride + d]) : 0.0f;
    }
}

template <class T>
__device__ __forceinline__ void attention(const T* q, HeadStrides qs, const T* k, HeadStrides ks,
                                          const T* v, HeadStrides vs, float scale, const Mask& mask,
                                          float* lse, T* out, int seqLen, int keyLen, int heads,
                                          int kvHeads, int headDim, int keyTile) {
    DYNAMIC_SHARED(float, shared);
    int pitch = headDim + 1;
    float* queries = shared;
    float* sums = queries + kQueries * pitch;
    float* keys = sums + kQueries * pitch;  // and then the values of the same tile
    float* weights = keys + keyTile * pitch;

    int first = blockIdx.x * kQueries;
    int head = blockIdx.y;
    long long batch = blockIdx.z;
    int kvHead = static_cast<int>(static_cast<long long>(head) * kvHeads / heads);
    int own = threadIdx.x / kGroup;
    int lane = threadIdx.x % kGroup;
    int query = first + own;
    q += batch * qs.batch + head * qs.head;
    k += batch * ks.batch + kvHead * ks.head;
    v += batch * vs.batch + kvHead * vs.head;
    float* ownSums = sums + own * pitch;
    float* ownWeights = weights + own * (keyTile + 1);

    load_rows(queries, q, qs.row, first, seqLen, kQueries, headDim);
    for (int d = lane; d < headDim; d += kGroup) {
        ownSums[d] = 0.0f;
    }
    float largest = -INFINITY;
    float total = 0.0f;
    int end = mask.end(first + kQueries);
    for (int start = 0; start < end; start += keyTile) {
        __syncthreads();  // the values of the last tile have been read
        load_rows(keys, k, ks.row, start, keyLen, keyTile, headDim);
        __syncthreads();  // keys (and at first the queries) are written

        float score[kMaxKeysPerLane] = {};
        for (int d = 0; d < headDim; ++d) {
            float x = queries[own * pitch + d];
#pragma unroll
            for (int i = 0; i < kMaxKeysPerLane; ++i) {
                if (lane + i * kGroup < keyTile) {
                    score[i] += x * keys[(lane + i * kGroup) * pitch + d];
                }
            }
        }
        float best = largest;
#pragma unroll
        for (int i = 0; i < kMaxKeysPerLane; ++i) {
            int j = start + lane + i * kGroup;
            bool visible =
                query < seqLen && lane + i * kGroup < keyTile && mask.shows(query, j);
            score[i] *= scale;
            if (visible && mask.bias != nullptr) {
                score[i] += *mask.bias_at(query, j);
            }
            score[i] = visible ? score[i] : -INFINITY;
            best = fmaxf(best, score[i]);
        }
        best = group_max(best);
        // -inf - (-inf) would be NaN: while nothing is visible, everything stays zero
        float base = best == -INFINITY ? 0.0f : best;
        float shrink = expf(largest - base);
        float added = 0.0f;
#pragma unroll
        for (int i = 0; i < kMaxKeysPerLane; ++i) {
            float p = expf(score[i] - base);
            added += p;
            if (lane + i * kGroup < keyTile) {
                ownWeights[lane + i * kGroup] = p;
            }
        }
        total = total * shrink + group_sum(added);
        largest = best;
        __syncthreads();  // keys have been read; the weights of a query are seen by its group
        load_rows(keys, v, vs.row, start, keyLen, keyTile, headDim);
        __syncthreads();  // values are written

        for (int from = lane; from < headDim; from += kGroup * kElements) {
            float sum[kElements] = {};
            for (int j = 0; j < keyTile; ++j) {
                float p = ownWeights[j];
#pragma unroll
                for (int e = 0; e < kElements; ++e) {
                    if (from + e * kGroup < headDim) {
                        sum[e] += p * keys[j * pitch + from + e * kGroup];
                    }
                }
            }
#pragma unroll
            for (int e = 0; e < kElements; ++e) {
                if (from + e * kGroup < headDim) {
                    ownSums[from + e * kGroup] = ownSums[from + e * kGroup] * shrink + sum[e];
                }
            }
        }
    }
    if (query < seqLen) {
        float inverse = total > 0.0f ? 1.0f / total : 0.0f;
        long long at = ((batch * seqLen + query) * heads + head) * headDim;
        for (int d = lane; d < headDim; d += kGroup) {
            out[at + d] = from_float<T>(ownSums[d] * inverse);
        }
        if (lse != nullptr && lane == 0) {
            lse[(batch * heads + head) * seqLen + query] = largest + logf(total);
        }
    }
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, attention_##suffix, const T* q, HeadStrides qs, const T* k, HeadStrides ks,  \
           const T* v, HeadStrides vs, float scale, int causal, int prefix, const int* lengths,   \
           const float* bias, float* lse, T* out, int seqLen, int keyLen, int heads, int kvHeads, \
           int headDim, int keyTile) {                                                            \
        Mask mask(causal, prefix, lengths, bias, blockIdx.z, blockIdx.y, seqLen, keyLen);         \
        attention<T>(q, qs, k, ks, v, vs, scale, mask, lse, out, seqLen, keyLen, heads, kvHeads,  \
                     headDim, keyTile);                                                           \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
