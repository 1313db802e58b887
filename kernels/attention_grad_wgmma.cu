// attention_grad_mma.cu's gradients for Hopper: wgmma, fed by bulk copies; bf16 with f32 scores and sums;
// arXiv 2307.08691, section 3.1.2, in two kernels instead of one with atomics.
//
//   p = exp(scale q k^T + mask - lse), delta = rowsum(dy y), ds = p (dy v^T - delta)
//   dq = scale ds k, dk = scale ds^T q, dv = p^T dy
//
// q [batch, seqLen, heads, headDim], k and v [batch, keyLen, kv, headDim], heads of a multiple of 8 up
// to 128; dy, dq, dk, dv packed; all bf16, lse and delta [batch, heads, seqLen] f32. q, k, v and dy are
// tensor maps (attention_wgmma.cuh); heads that these do not describe take attention_grad_mma.cu. delta
// is made before, by attention_grad.cu.
//
//   attention_grad_wgmma_q    a block has 128 queries of one head and walks over the keys:
//                               s = q k^T, dp = dy v^T  ->  ds  ->  dq += ds k
//   attention_grad_wgmma_kv   a block has 128 keys of one head and walks over the queries of all heads
//                             that share it, transposed, so that p^T and ds^T are left operands too:
//                               s^T = k q^T, dp^T = v dy^T  ->  p^T, ds^T  ->  dv += p^T dy, dk += ds^T q
//
//   producer, 1 thread       the block's rows; then wait(empty) -> 64 keys or queries    4 or 6 stages
//   producer, 1 warp (kv)    lse and delta of the queries of a stage
//   2 warpgroups, 64 rows    wait(full) -> s, dp -> wait for s -> p -> dv (kv) -> wait for dp -> ds
//                            -> dk or dq -> wait for all, and give the stage back
//
// What is read along the rows for scores is read across them for sums, from the same stage. p and ds
// stay in registers. While a warpgroup makes p and ds, the products of the other one run. Scores are
// made twice, 7 products instead of 5, so that each sum has one order (same bits every time); keeping
// ds in memory for dq instead would cost 4 bytes of traffic a score, more than the two products of it.
// Bound by the tensor cores.
//
// Entry points: attention_grad_wgmma_{q, kv}_h{64, 128}_bf16, by the width of the rows in shared memory.
// Not yet run on a GPU.
//
// Launcher: glance.backend.cuda.AttentionGradWgmma. Test: glance.ops.parity.AttentionGradCases.
// Benchmark: bench kernels --variant attention_grad=wgmma --only attention.backward.
#include "include/attention_grad.cuh"
#include "include/attention_mask.cuh"
#include "include/attention_scores.cuh"
#include "include/attention_tile.cuh"
#include "include/attention_wgmma.cuh"
#include "include/barrier.cuh"
#include "include/bulk_copy.cuh"
#include "include/fast_exp2.cuh"
#include "include/glance.cuh"
#include "include/wgmma.cuh"

constexpr int kConsumers = 2;  // warpgroups that multiply
constexpr int kThreads = kGroup * (1 + kConsumers);
constexpr int kWarps = kConsumers * kGroup / kWarpSize;  // that multiply
constexpr int kWarpRows = 16;
constexpr int kRows = kGroupRows * kConsumers;  // queries or keys of a block
constexpr int kSteps = kGroupRows;              // keys or queries of a stage: the same boxes

// Rows of two tensors: q and dy, or k and v.
template <int width>
struct Pair {
    HeadTile<kSteps, width> a, b;
};

template <int width>
struct Shared {
    static constexpr int stages = width == 128 ? 4 : 6;

    Pair<width> own[kConsumers];
    Pair<width> stage[stages];
};

// What is known of the queries of a stage.
struct QueryRows {
    float lse[kSteps];
    float delta[kSteps];
};

struct Barriers {
    Barrier& own;
    Barrier* full;
    Barrier* empty;
};

// Two tensors, and the head and the sample of them that a block reads.
struct Heads {
    const TensorMap& a;
    const TensorMap& b;
    int head;
    int sample;
};

// Starts the copies of rows of both tensors.
template <int width>
__device__ __forceinline__ void copy_pair(Pair<width>& pair, const Heads& from, int head, int row,
                                          Barrier& arrived) {
    copy_head(pair.a, from.a, from.sample, row, head, arrived);
    copy_head(pair.b, from.b, from.sample, row, head, arrived);
}

// Starts the copy of the block's own rows.
template <int width>
__device__ __forceinline__ void copy_own(Shared<width>& shared, const Heads& from, int row,
                                         Barrier& arrived) {
    barrier_arrive_expect(arrived, sizeof shared.own);
#pragma unroll
    for (int group = 0; group < kConsumers; ++group) {
        copy_pair(shared.own[group], from, from.head, row + group * kGroupRows, arrived);
    }
}

// Fills the stage whose turn it is, as soon as it is free.
template <int width>
__device__ __forceinline__ void fill(Shared<width>& shared, const Ring<Shared<width>::stages>& ring,
                                     const Barriers& barriers, const Heads& from, int head,
                                     int row) {
    Barrier& arrived = barriers.full[ring.stage];
    barrier_wait(barriers.empty[ring.stage], ring.parity ^ 1);
    barrier_arrive_expect(arrived, sizeof(Pair<width>));
    copy_pair(shared.stage[ring.stage], from, head, row, arrived);
}

// Of each warp that has read a stage.
__device__ __forceinline__ void give_back(Barrier& empty) {
    __syncwarp();  // its lanes have read
    if (threadIdx.x % kWarpSize == 0) {
        barrier_arrive(empty);
    }
}

// Calls body(head, query), heads counted from the first of the group.
template <class Body>
__device__ __forceinline__ void for_each_query_tile(const QueryTiles& tiles, int seqLen,
                                                    Body body) {
    int head = 0;
    int query = tiles.first * kSteps;
#pragma unroll 1
    for (int item = 0; item < tiles.count; ++item) {
        body(head, query);
        query += kSteps;
        if (query >= seqLen) {
            query = tiles.first * kSteps;
            ++head;
        }
    }
}

// Scores and dp of a warpgroup's own rows and those of a stage, in two groups.
template <int width>
__device__ __forceinline__ void multiply_pairs(float (&score)[kSteps / 2], float (&dp)[kSteps / 2],
                                               const Pair<width>& own, const Pair<width>& stage) {
    wgmma_fence();
    multiply_along(score, own.a, 0, stage.a);
    wgmma_commit();
    multiply_along(dp, own.b, 0, stage.b);
    wgmma_commit();
}

using RowWeights = Weights<1, kSteps / 8>;

// sum += weights rows, in a group.
template <int width>
__device__ __forceinline__ void add_weighted(float (&sum)[width / 2], RowWeights& weights,
                                             const HeadTile<kSteps, width>& rows) {
    wgmma_keep(weights);
    wgmma_fence();
    multiply_across(sum, weights, rows);
    wgmma_commit();
}

// The rows of a warp of the consumers.
struct WarpRows {
    int group;  // its warpgroup
    int first;  // among those of the block

    __device__ __forceinline__ WarpRows() {
        int warp = static_cast<int>(threadIdx.x - kGroup) / kWarpSize;
        group = warp / (kGroup / kWarpSize);
        first = warp * kWarpRows;
    }

    // The warp's part of a tile of its warpgroup.
    template <int width>
    __device__ __forceinline__ bf16* slice(HeadTile<kSteps, width>& tile) const {
        return tile.data + first % kGroupRows * width;
    }
};

template <int width>
__device__ __forceinline__ void consume_keys(Shared<width>& shared, const Barriers& barriers,
                                             const Mask& mask, float scale, const float* lse,
                                             const float* delta, bf16* dq, long long dqStride,
                                             int seqLen, int headDim) {
    WarpRows warp;
    int firstQuery = blockIdx.x * kRows;
    int ownQuery = firstQuery + warp.first;
    float scale2 = scale * kLog2OfE;
    QueryRow row[2];
#pragma unroll
    for (int half = 0; half < 2; ++half) {
        row[half] = QueryRow::of(lse, delta, ownQuery + row_of(0, 2 * half), seqLen);
    }
    Pair<width>& own = shared.own[warp.group];
    Ring<Shared<width>::stages> ring;
    float sum[width / 2] = {};
    RowWeights ds;
    auto arrival = [&] { barrier_wait(barriers.full[ring.stage], ring.parity); };
    barrier_wait(barriers.own, 0);
    int end = mask.end(firstQuery + kRows);
    int key = mask.skip_padding(0, kSteps);
    if (key < end) {
        arrival();
    }
#pragma unroll 1
    while (key < end) {
        float score[kSteps / 2];
        float dp[kSteps / 2];
        Pair<width>& stage = shared.stage[ring.stage];
        Barrier& empty = barriers.empty[ring.stage];
        multiply_pairs(score, dp, own, stage);
        wgmma_wait<1>();
        wgmma_keep(score);
        auto& tile = as_row_tile(score);
        if (mask.bias != nullptr) {
            add_bias(mask, tile, ownQuery, seqLen, key, 1.0f / scale);
        }
        if (!mask.is_open(ownQuery, key, kSteps)) {
            hide(mask, tile, ownQuery, key);
        }
#pragma unroll
        for (int i = 0; i < kSteps / 2; ++i) {
            score[i] = row[i / 2 % 2].p(score[i], scale2);
        }
        wgmma_keep(score);
        // a branch between the exponentials and the wait for dp: else the compiler waits before them
        key = mask.skip_padding(key + kSteps, kSteps);
        ring.next();
        if (key < end) {
            arrival();
        }
        wgmma_wait<0>();
        wgmma_keep(dp);
#pragma unroll
        for (int i = 0; i < kSteps / 2; i += 2) {
            float d = row[i / 2 % 2].delta;
            ds.set(0, i / 4, i % 4, score[i] * (dp[i] - d), score[i + 1] * (dp[i + 1] - d));
        }
        add_weighted(sum, ds, stage.a);
        wgmma_wait<0>();
        give_back(empty);
    }
    wgmma_keep(sum);
    named_barrier_sync(1 + warp.group, kGroup);  // the warpgroup's rows have been read
    scale_all(as_row_tile(sum), scale);
    write_rows(warp.slice(own.a), as_row_tile(sum), dq + ownQuery * dqStride, dqStride,
               seqLen - ownQuery, headDim);
}

template <int width>
__device__ __forceinline__ void attention_grad_q(const Heads& left, const Heads& right, float scale,
                                                 const Mask& mask, const float* lse,
                                                 const float* delta, bf16* dq, long long dqStride,
                                                 int seqLen, int headDim) {
    constexpr int stages = Shared<width>::stages;
    DYNAMIC_SHARED(Shared<width>, shared);
    SHARED_ARRAY(Barrier, own, [1]);
    SHARED_ARRAY(Barrier, full, [stages]);
    SHARED_ARRAY(Barrier, empty, [stages]);
    Barriers barriers{own[0], full, empty};
    if (threadIdx.x == 0) {
        barrier_init(own[0], 1);
        for (int s = 0; s < stages; ++s) {
            barrier_init(full[s], 1);
            barrier_init(empty[s], kWarps);
        }
        barrier_init_fence();
    }
    __syncthreads();
    int firstQuery = blockIdx.x * kRows;
    if (threadIdx.x < kGroup) {
        lower_registers<24>();
        if (threadIdx.x < kWarpSize && elect_one()) {
            copy_own(*shared, left, firstQuery, own[0]);
            Ring<stages> ring;
            int end = mask.end(firstQuery + kRows);
            for (int key = mask.skip_padding(0, kSteps); key < end;
                 key = mask.skip_padding(key + kSteps, kSteps)) {
                fill(*shared, ring, barriers, right, right.head, key);
                ring.next();
            }
        }
    } else {
        raise_registers<240>();
        consume_keys(*shared, barriers, mask, scale, lse, delta, dq, dqStride, seqLen, headDim);
    }
}

template <int width>
__device__ __forceinline__ void consume_queries(Shared<width>& shared, const Barriers& barriers,
                                                const QueryRows* rows, const QueryTiles& tiles,
                                                const Mask& groupMask, float scale, bf16* dk,
                                                bf16* dv, long long outStride, int seqLen,
                                                int headDim) {
    WarpRows warp;
    int ownKey = blockIdx.x * kRows + warp.first;
    float scale2 = scale * kLog2OfE;
    Pair<width>& own = shared.own[warp.group];
    Ring<Shared<width>::stages> ring;
    float sumK[width / 2] = {};
    float sumV[width / 2] = {};
    RowWeights p, ds;
    barrier_wait(barriers.own, 0);
    for_each_query_tile(tiles, seqLen, [&](int head, int query) {
        float score[kSteps / 2];
        float dp[kSteps / 2];
        Pair<width>& stage = shared.stage[ring.stage];
        const QueryRows& row = rows[ring.stage];
        barrier_wait(barriers.full[ring.stage], ring.parity);
        multiply_pairs(score, dp, own, stage);
        wgmma_wait<1>();
        wgmma_keep(score);
        auto& tile = as_row_tile(score);
        if (groupMask.bias != nullptr) {
            Mask mask = groupMask.of_head(head, seqLen);
            add_bias_transposed(mask, tile, query, seqLen, ownKey, 1.0f / scale);
        }
        if (!groupMask.is_open(query, ownKey, kWarpRows)) {
            hide_transposed(groupMask, tile, query, ownKey);
        }
#pragma unroll
        for (int j = 0; j < kSteps / 8; ++j) {
            const float2 lse = *reinterpret_cast<const float2*>(row.lse + column_of(j, 0));
#pragma unroll
            for (int e = 0; e < 4; e += 2) {
                float& left = score[4 * j + e];
                float& right = score[4 * j + e + 1];
                left = QueryRow{lse.x, 0.0f}.p(left, scale2);
                right = QueryRow{lse.y, 0.0f}.p(right, scale2);
                p.set(0, j, e, left, right);
            }
        }
        add_weighted(sumV, p, stage.b);
        wgmma_wait<1>();
        wgmma_keep(dp);
#pragma unroll
        for (int j = 0; j < kSteps / 8; ++j) {
            const float2 delta = *reinterpret_cast<const float2*>(row.delta + column_of(j, 0));
#pragma unroll
            for (int e = 0; e < 4; e += 2) {
                int i = 4 * j + e;
                ds.set(0, j, e, score[i] * (dp[i] - delta.x),
                       score[i + 1] * (dp[i + 1] - delta.y));
            }
        }
        add_weighted(sumK, ds, stage.a);
        wgmma_wait<0>();
        give_back(barriers.empty[ring.stage]);
        ring.next();
    });
    wgmma_keep(sumK);
    wgmma_keep(sumV);
    named_barrier_sync(1 + warp.group, kGroup);  // the warpgroup's rows have been read
    scale_all(as_row_tile(sumK), scale);
    int count = groupMask.keyLen - ownKey;
    write_rows(warp.slice(own.a), as_row_tile(sumK), dk + ownKey * outStride, outStride, count,
               headDim);
    write_rows(warp.slice(own.b), as_row_tile(sumV), dv + ownKey * outStride, outStride, count,
               headDim);
}

// Writes what is known of the queries of each stage, as soon as the stage is free; one warp does.
template <int stages>
__device__ __forceinline__ void write_query_rows(QueryRows* rows, const Barriers& barriers,
                                                 const QueryTiles& tiles, const float* lse,
                                                 const float* delta, int seqLen) {
    Ring<stages> ring;
    for_each_query_tile(tiles, seqLen, [&](int head, int query) {
        long long at = static_cast<long long>(head) * seqLen;
        barrier_wait(barriers.empty[ring.stage], ring.parity ^ 1);
#pragma unroll
        for (int i = threadIdx.x % kWarpSize; i < kSteps; i += kWarpSize) {
            QueryRow row = QueryRow::of(lse + at, delta + at, query + i, seqLen);
            rows[ring.stage].lse[i] = row.lse;
            rows[ring.stage].delta[i] = row.delta;
        }
        barrier_arrive(barriers.full[ring.stage]);
        ring.next();
    });
}

// left has k and v; right, lse and delta are those of the first head of the group.
template <int width>
__device__ __forceinline__ void attention_grad_kv(const Heads& left, const Heads& right, int group,
                                                  float scale, const Mask& groupMask,
                                                  const float* lse, const float* delta, bf16* dk,
                                                  bf16* dv, long long outStride, int seqLen,
                                                  int headDim) {
    constexpr int stages = Shared<width>::stages;
    DYNAMIC_SHARED(Shared<width>, shared);
    SHARED_ARRAY(QueryRows, rows, [stages]);
    SHARED_ARRAY(Barrier, own, [1]);
    SHARED_ARRAY(Barrier, full, [stages]);
    SHARED_ARRAY(Barrier, empty, [stages]);
    Barriers barriers{own[0], full, empty};
    if (threadIdx.x == 0) {
        barrier_init(own[0], 1);
        for (int s = 0; s < stages; ++s) {
            barrier_init(full[s], 1 + kWarpSize);
            barrier_init(empty[s], kWarps);
        }
        barrier_init_fence();
    }
    __syncthreads();
    int firstKey = blockIdx.x * kRows;
    QueryTiles tiles(groupMask, firstKey, kRows, seqLen, group, kSteps);
    if (threadIdx.x < kGroup) {
        lower_registers<24>();
        if (threadIdx.x < kWarpSize) {
            if (elect_one()) {
                copy_own(*shared, left, firstKey, own[0]);
                Ring<stages> ring;
                for_each_query_tile(tiles, seqLen, [&](int head, int query) {
                    fill(*shared, ring, barriers, right, right.head + head, query);
                    ring.next();
                });
            }
        } else if (threadIdx.x < 2 * kWarpSize) {
            write_query_rows<stages>(rows, barriers, tiles, lse, delta, seqLen);
        }
    } else {
        raise_registers<240>();
        consume_queries(*shared, barriers, rows, tiles, groupMask, scale, dk, dv, outStride,
                        seqLen, headDim);
    }
}

// Grids: tiles of queries, heads, samples; tiles of keys, kvHeads, samples.
#define ATTENTION_GRAD(width)                                                                      \
    EXPORT_CONSTANT(attention_grad_wgmma_h##width##_shared, sizeof(Shared<width>));                \
    static_assert(sizeof(Shared<width>) <= 222 * 1024, "what Hopper has, with the row sums");      \
    HOPPER_KERNEL(kThreads, attention_grad_wgmma_q_h##width##_bf16, TENSOR_MAP(q), TENSOR_MAP(dy), \
                  TENSOR_MAP(k), TENSOR_MAP(v), float scale, int causal, int prefix,               \
                  const int* lengths, const float* bias, const float* lse, const float* delta,     \
                  bf16* dq, int seqLen, int keyLen, int heads, int kvHeads, int headDim) {         \
        int head = blockIdx.y;                                                                     \
        int kvHead = head / (heads / kvHeads);                                                     \
        int sample = blockIdx.z;                                                                   \
        long long row = (static_cast<long long>(sample) * heads + head) * seqLen;                  \
        HeadStrides packed = packed_heads(seqLen, heads, headDim);                                 \
        attention_grad_q<width>({q, dy, head, sample}, {k, v, kvHead, sample}, scale,              \
                                Mask(causal, prefix, lengths, bias, sample, head, seqLen, keyLen), \
                                lse + row, delta + row,                                            \
                                dq + sample * packed.batch + head * packed.head, packed.row,       \
                                seqLen, headDim);                                                  \
    }                                                                                              \
    HOPPER_KERNEL(kThreads, attention_grad_wgmma_kv_h##width##_bf16, TENSOR_MAP(q),                \
                  TENSOR_MAP(dy), TENSOR_MAP(k), TENSOR_MAP(v), float scale, int causal,           \
                  int prefix, const int* lengths, const float* bias, const float* lse,             \
                  const float* delta, bf16* dk, bf16* dv, int seqLen, int keyLen, int heads,       \
                  int kvHeads, int headDim) {                                                      \
        int kvHead = blockIdx.y;                                                                   \
        int group = heads / kvHeads;                                                               \
        int head = kvHead * group;                                                                 \
        int sample = blockIdx.z;                                                                   \
        long long row = (static_cast<long long>(sample) * heads + head) * seqLen;                  \
        HeadStrides packed = packed_heads(keyLen, kvHeads, headDim);                               \
        long long out = sample * packed.batch + kvHead * packed.head;                              \
        attention_grad_kv<width>(                                                                  \
            {k, v, kvHead, sample}, {q, dy, head, sample}, group, scale,                           \
            Mask(causal, prefix, lengths, bias, sample, head, seqLen, keyLen), lse + row,          \
            delta + row, dk + out, dv + out, packed.row, seqLen, headDim);                         \
    }

EXPORT_CONSTANT(attention_grad_wgmma_rows, kRows);
EXPORT_CONSTANT(attention_grad_wgmma_box, kSteps);
ATTENTION_GRAD(64)
ATTENTION_GRAD(128)
