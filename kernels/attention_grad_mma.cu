// Gradients of attention on tensor cores: bf16 with f32 scores and sums, from the log-sum-exp that
// the forward saved; arXiv 2307.08691, section 3.1.2, in two kernels instead of one with atomics.
//
//   p = exp(scale q k^T + mask - lse), delta = rowsum(dy y), ds = p (dy v^T - delta)
//   dq = scale ds k, dk = scale ds^T q, dv = p^T dy
//
// q [batch, seqLen, heads, headDim], k and v [batch, keyLen, kv, headDim] with any strides before the
// last dimension; dy, dq, dk, dv packed; all bf16, lse and delta [batch, heads, seqLen] f32. The same
// limits as attention_mma.cu; the rest takes attention_grad.cu, which also makes delta.
//
//   attention_grad_mma_q    a block has 64 queries of one head and walks over the keys:
//                             s = q k^T, dp = dy v^T  ->  ds  ->  dq += ds k
//   attention_grad_mma_kv   a block has 64 keys of one head and walks over the queries of all heads
//                           that share it, transposed, so that p^T and ds^T are left operands too:
//                             s^T = k q^T, dp^T = v dy^T  ->  p^T, ds^T  ->  dv += p^T dy, dk += ds^T q
//
// Scores are made twice, 7 products instead of 5; in return every sum is made by one warp in one
// order (same bits every time), and nothing but the results is written. Each of the 4 warps has 16
// rows; p and ds stay in registers. Tiles of 16 KB arrive by cp.async while the last one is used.
// Bound by shared memory: 128 (q) and 160 bytes (kv) for each clock of the tensor cores of an A100,
// which reads 128. More rows to a warp would help, but dk and dv of 16 take 128 registers.
//
// Entry points: attention_grad_mma_{q, kv}_h{64, 128}_bf16, by the width of the slices. Not yet run on
// a GPU. Launcher: glance.backend.cuda.AttentionGradMma. Test: glance.ops.parity.AttentionGradCases.
// Benchmark: bench kernels --only attention.backward.
#include "include/attention_grad.cuh"
#include "include/attention_mask.cuh"
#include "include/attention_scores.cuh"
#include "include/attention_tile.cuh"
#include "include/fast_exp2.cuh"
#include "include/glance.cuh"

constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kWarpSize;
constexpr int kWarpRows = 16;
constexpr int kRows = kWarps * kWarpRows;  // queries or keys of a block
constexpr int kStages = 2;
constexpr int kStageElements = 8192;  // k and v, or q and dy
EXPORT_CONSTANT(attention_grad_mma_rows, kRows);

template <int width>
struct GradTile {
    static constexpr int steps = kStageElements / 2 / width;  // keys or queries of a stage
    static constexpr int ownElements = kRows * width;
    static constexpr int sharedBytes =
        (2 * ownElements + kStages * kStageElements) * static_cast<int>(sizeof(bf16));
    static_assert(steps <= kRows && sharedBytes <= 98 * 1024, "fits every GPU, with the row sums");
};

// Two tensors of the same rows, one after the other.
template <int rows, int width>
__device__ __forceinline__ void copy_pair(bf16* slices, const HeadRows& a, const HeadRows& b,
                                          int first) {
    copy_rows<rows, width, kThreads>(slices, a, first);
    copy_rows<rows, width, kThreads>(slices + rows * width, b, first);
}

template <int width>
__device__ __forceinline__ void attention_grad_q(const HeadRows& q, const HeadRows& dy,
                                                 const HeadRows& k, const HeadRows& v, float scale,
                                                 const Mask& mask, const float* lse,
                                                 const float* delta, bf16* dq, long long dqStride) {
    using Tile = GradTile<width>;
    constexpr int keys = Tile::steps;
    DYNAMIC_SHARED(bf16, own);
    bf16* reading = own + 2 * Tile::ownElements;
    bf16* filling = reading + kStageElements;
    int firstQuery = blockIdx.x * kRows;
    int ownRow = threadIdx.x / kWarpSize * kWarpRows;
    int ownQuery = firstQuery + ownRow;
    float scale2 = scale * kLog2OfE;
    int end = mask.end(firstQuery + kRows);
    int key = mask.skip_padding(0, keys);

    copy_pair<kRows, width>(own, q, dy, firstQuery);
    if (key < end) {
        copy_pair<keys, width>(reading, k, v, key);
    }
    async_commit();
    QueryRow row[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        row[half] = QueryRow::of(lse, delta, ownQuery + row_of(0, 2 * half), q.count);
    }
    async_wait<0>();
    __syncthreads();  // the block's rows and the first stage are there

    LeftRows<width, 1, true> ownQ(own + ownRow * width);
    LeftRows<width, 1, true> ownDy(own + Tile::ownElements + ownRow * width);
    float sum[1][width / 8][4] = {};
#pragma unroll 1
    while (key < end) {
        int next = mask.skip_padding(key + keys, keys);
        if (next < end) {
            copy_pair<keys, width>(filling, k, v, next);
        }
        async_commit();
        float score[1][keys / 8][4] = {};
        float dp[1][keys / 8][4] = {};
        multiply_along<width>(score, ownQ, reading);
        multiply_along<width>(dp, ownDy, reading + keys * width);
        if (mask.bias != nullptr) {
            add_bias(mask, score, ownQuery, q.count, key, 1.0f / scale);
        }
        if (!mask.is_open(ownQuery, key, keys)) {
            hide(mask, score, ownQuery, key);
        }
        Weights<1, keys / 8> ds;
#pragma unroll
        for (int j = 0; j < keys / 8; ++j) {
#pragma unroll
            for (int e = 0; e < 4; e += 2) {
                const QueryRow& at = row[e / 2];
                ds.set(0, j, e, at.p(score[0][j][e], scale2) * (dp[0][j][e] - at.delta),
                       at.p(score[0][j][e + 1], scale2) * (dp[0][j][e + 1] - at.delta));
            }
        }
        multiply_across(sum, ds, reading);
        async_wait<0>();
        __syncthreads();  // the next stage is there; this one has been read
        bf16* read = reading;
        reading = filling;
        filling = read;
        key = next;
    }
    scale_all(sum, scale);
    write_rows(own + ownRow * width, sum, dq + ownQuery * dqStride, dqStride, q.count - ownQuery,
               q.headDim);
}

// q, dy, lse and delta are those of the first head of the group.
template <int width>
__device__ __forceinline__ void attention_grad_kv(const HeadRows& k, const HeadRows& v, HeadRows q,
                                                  long long qHead, HeadRows dy, int group,
                                                  float scale, const Mask& groupMask,
                                                  const float* lse, const float* delta, bf16* dk,
                                                  bf16* dv, long long outStride) {
    using Tile = GradTile<width>;
    constexpr int queries = Tile::steps;
    DYNAMIC_SHARED(bf16, own);
    SHARED_ARRAY(QueryRow, rows, [kStages][queries]);
    bf16* stages = own + 2 * Tile::ownElements;
    int firstKey = blockIdx.x * kRows;
    int ownRow = threadIdx.x / kWarpSize * kWarpRows;
    int ownKey = firstKey + ownRow;
    int seqLen = q.count;
    float scale2 = scale * kLog2OfE;
    QueryTiles tiles(groupMask, firstKey, kRows, seqLen, group, queries);

    auto copy_stage = [&](int item, int stage) {
        int head = item / tiles.perHead;
        HeadRows headQ = q;
        HeadRows headDy = dy;
        headQ.data += head * qHead;
        headDy.data += head * dy.headDim;
        int firstQuery = (tiles.first + item % tiles.perHead) * queries;
        copy_pair<queries, width>(stages + stage * kStageElements, headQ, headDy, firstQuery);
        if (threadIdx.x < queries) {
            long long at = static_cast<long long>(head) * seqLen;
            rows[stage][threadIdx.x] =
                QueryRow::of(lse + at, delta + at, firstQuery + threadIdx.x, seqLen);
        }
    };

    copy_pair<kRows, width>(own, k, v, firstKey);
    if (tiles.count > 0) {
        copy_stage(0, 0);
    }
    async_commit();
    async_wait<0>();
    __syncthreads();  // the block's rows and the first stage are there

    bf16* sliceK = own + ownRow * width;
    bf16* sliceV = sliceK + Tile::ownElements;
    LeftRows<width, 1, false> ownK(sliceK);
    LeftRows<width, 1, false> ownV(sliceV);
    float sumK[1][width / 8][4] = {};
    float sumV[1][width / 8][4] = {};
#pragma unroll 1
    for (int item = 0; item < tiles.count; ++item) {
        int stage = item % kStages;
        if (item + 1 < tiles.count) {
            copy_stage(item + 1, 1 - stage);
        }
        async_commit();
        const bf16* sliceQ = stages + stage * kStageElements;
        const bf16* sliceDy = sliceQ + queries * width;
        int firstQuery = (tiles.first + item % tiles.perHead) * queries;
        float score[1][queries / 8][4] = {};
        float dp[1][queries / 8][4] = {};
        multiply_along<width>(score, ownK, sliceQ);
        multiply_along<width>(dp, ownV, sliceDy);
        if (groupMask.bias != nullptr) {
            Mask mask = groupMask.of_head(item / tiles.perHead, seqLen);
            add_bias_transposed(mask, score, firstQuery, seqLen, ownKey, 1.0f / scale);
        }
        if (!groupMask.is_open(firstQuery, ownKey, kWarpRows)) {
            hide_transposed(groupMask, score, firstQuery, ownKey);
        }
        Weights<1, queries / 8> p, ds;
#pragma unroll
        for (int j = 0; j < queries / 8; ++j) {
            const QueryRow left = rows[stage][column_of(j, 0)];
            const QueryRow right = rows[stage][column_of(j, 1)];
#pragma unroll
            for (int e = 0; e < 4; e += 2) {
                float p0 = left.p(score[0][j][e], scale2);
                float p1 = right.p(score[0][j][e + 1], scale2);
                p.set(0, j, e, p0, p1);
                ds.set(0, j, e, p0 * (dp[0][j][e] - left.delta),
                       p1 * (dp[0][j][e + 1] - right.delta));
            }
        }
        multiply_across(sumV, p, sliceDy);
        multiply_across(sumK, ds, sliceQ);
        async_wait<0>();
        __syncthreads();  // the next stage is there; this one has been read
    }
    scale_all(sumK, scale);
    int count = k.count - ownKey;
    write_rows(sliceK, sumK, dk + ownKey * outStride, outStride, count, k.headDim);
    write_rows(sliceV, sumV, dv + ownKey * outStride, outStride, count, k.headDim);
}

// Grids: tiles of queries, heads, samples; tiles of keys, kvHeads, samples.
#define ATTENTION_GRAD(width)                                                                      \
    EXPORT_CONSTANT(attention_grad_mma_h##width##_shared, GradTile<width>::sharedBytes);           \
    KERNEL(kThreads, attention_grad_mma_q_h##width##_bf16, const bf16* q, HeadStrides qs,          \
           const bf16* k, HeadStrides ks, const bf16* v, HeadStrides vs, float scale, int causal,  \
           int prefix, const int* lengths, const float* bias, const float* lse,                    \
           const float* delta, const bf16* dy, bf16* dq, int seqLen, int keyLen, int heads,        \
           int kvHeads, int headDim) {                                                             \
        int head = blockIdx.y;                                                                     \
        int kvHead = head / (heads / kvHeads);                                                     \
        long long sample = blockIdx.z;                                                             \
        long long row = (sample * heads + head) * seqLen;                                          \
        HeadStrides packed = packed_heads(seqLen, heads, headDim);                                 \
        attention_grad_q<width>(                                                                   \
            HeadRows(q, qs, sample, head, seqLen, headDim),                                        \
            HeadRows(dy, packed, sample, head, seqLen, headDim),                                   \
            HeadRows(k, ks, sample, kvHead, keyLen, headDim),                                      \
            HeadRows(v, vs, sample, kvHead, keyLen, headDim), scale,                               \
            Mask(causal, prefix, lengths, bias, sample, head, seqLen, keyLen), lse + row,          \
            delta + row, dq + sample * packed.batch + head * packed.head, packed.row);             \
    }                                                                                              \
    KERNEL(kThreads, attention_grad_mma_kv_h##width##_bf16, const bf16* q, HeadStrides qs,         \
           const bf16* k, HeadStrides ks, const bf16* v, HeadStrides vs, float scale, int causal,  \
           int prefix, const int* lengths, const float* bias, const float* lse,                    \
           const float* delta, const bf16* dy, bf16* dk, bf16* dv, int seqLen, int keyLen,         \
           int heads, int kvHeads, int headDim) {                                                  \
        int kvHead = blockIdx.y;                                                                   \
        int group = heads / kvHeads;                                                               \
        int head = kvHead * group;                                                                 \
        long long sample = blockIdx.z;                                                             \
        long long row = (sample * heads + head) * seqLen;                                          \
        HeadStrides packed = packed_heads(keyLen, kvHeads, headDim);                               \
        long long out = sample * packed.batch + kvHead * packed.head;                              \
        attention_grad_kv<width>(                                                                  \
            HeadRows(k, ks, sample, kvHead, keyLen, headDim),                                      \
            HeadRows(v, vs, sample, kvHead, keyLen, headDim),                                      \
            HeadRows(q, qs, sample, head, seqLen, headDim), qs.head,                               \
            HeadRows(dy, packed_heads(seqLen, heads, headDim), sample, head, seqLen, headDim),     \
            group, scale, Mask(causal, prefix, lengths, bias, sample, head, seqLen, keyLen),       \
            lse + row, delta + row, dk + out, dv + out, packed.row);                               \
    }

ATTENTION_GRAD(64)
ATTENTION_GRAD(128)
