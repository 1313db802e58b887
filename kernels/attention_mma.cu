// Attention on tensor cores: bf16 with f32 scores and sums. FlashAttention-2, arXiv 2307.08691.
//
//   out[b, i, h] = sum over j of p[i, j] v[b, j, g],  p = softmax(scale q k^T + mask),  g = h kv / heads
//   lse[b, h, i] = log of the sum of the exponentials of the scores (for the backward)
//
// q and out [batch, seqLen, heads, headDim], k and v [batch, keyLen, kv, headDim], bf16, with any
// strides before the last dimension (out packed); the mask is that of attention.cu. headDim is a
// multiple of 8 up to 128, every row aligned to 16 bytes, scale > 0; the rest takes attention.cu.
//
// A block of 4 warps has a tile of queries of one head, each warp 32 or 16 of them, and walks over
// the keys in tiles of 32 (slices 128 wide) or 64 (64 wide). Nothing but q, k, v and out is ever in
// memory:
//
//   cp.async   q, k0, v0 | k1, v1                               | k2, v2 ...
//   a warp               | S = q k0^T -> softmax -> sum += p v0 | S = q k1^T ...
//                        ^                                      ^ barrier: the next tile is there,
//                                                                 and this one has been read
//
// S, p and the sums stay in registers (attention_tile.cuh), and so does what the softmax knows of each
// row (attention_softmax.cuh). With q and two tiles of keys and values a block has at most 64 KB, so
// that two of them fit a multiprocessor (A100, H100) and fill each other's gaps.
//
// Tiles that hide all their keys are skipped; only tiles with an edge of the mask test each score. A
// causal grid starts with the last queries, which have the most to do.
//
// Tiles of 128 queries have 32 to a warp: a fragment of k or v that is read from shared memory serves
// two products (96 bytes for each clock of the tensor cores of an A100, which reads 128; with 16
// queries it would be 128). For heads of 128 their q does not fit the registers beside sums and
// scores, and is read again for each tile; tiles of 64 keys spill (compiled, not timed). Tiles of 64
// queries are for grids that leave multiprocessors idle.
//
// Cost: 4 seqLen keyLen headDim FLOP for each head; bound by the tensor cores.
//
// Entry points: attention_mma_h{64, 128}_q{128, 64}_bf16, by the width of the slices (the smallest
// that the head fits) and queries of a tile. Not yet run on a GPU.
// Hopper's version is attention_wgmma.cu. Launcher: glance.backend.cuda.AttentionMma.
// Test: glance.ops.parity.AttentionCases.
// Benchmark: bench kernels --only 'attention.(forward|masked)'.
#include "include/attention_mask.cuh"
#include "include/attention_scores.cuh"
#include "include/attention_softmax.cuh"
#include "include/attention_tile.cuh"
#include "include/glance.cuh"

constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kWarpSize;
constexpr int kStages = 2;  // tiles of keys and values in shared memory
constexpr int kStageElements = 8192;

template <int width_, int queries_>
struct AttentionTile {
    static constexpr int width = width_;  // of a slice: headDim and zeros
    static constexpr int queries = queries_;
    static constexpr int keys = kStageElements / 2 / width;
    static constexpr int warpQueries = queries / kWarps;
    static constexpr int rowTiles = warpQueries / 16;
    static constexpr int sharedBytes =
        (queries * width + kStages * kStageElements) * static_cast<int>(sizeof(bf16));

    // Registers of a thread for sums, scores and q; about 60 more are for addresses and fragments.
    static constexpr int registers = rowTiles * (width / 2 + keys / 2 + width / 4);
    static constexpr bool keepsQueries = registers <= 192;

    static_assert(warpQueries % 16 == 0, "whole products");
    static_assert(sharedBytes <= 99 * 1024, "fits every GPU from compute capability 8.0");
};

// Starts the copies of a tile of keys and its values.
template <class Tile>
__device__ __forceinline__ void copy_stage(bf16* stage, const HeadRows& k, const HeadRows& v,
                                           int firstKey) {
    copy_rows<Tile::keys, Tile::width, kThreads>(stage, k, firstKey);
    copy_rows<Tile::keys, Tile::width, kThreads>(stage + Tile::keys * Tile::width, v, firstKey);
}

template <class Tile>
__device__ __forceinline__ void attention(const HeadRows& q, const HeadRows& k, const HeadRows& v,
                                          int firstQuery, float scale, const Mask& mask, float* lse,
                                          bf16* out, long long outStride) {
    constexpr int width = Tile::width;
    DYNAMIC_SHARED(bf16, queries);
    bf16* reading = queries + Tile::queries * width;
    bf16* filling = reading + kStageElements;
    int ownRow = threadIdx.x / kWarpSize * Tile::warpQueries;
    int ownQuery = firstQuery + ownRow;
    bf16* ownSlice = queries + ownRow * width;
    float scale2 = scale * kLog2OfE;
    int end = mask.end(firstQuery + Tile::queries);
    int key = mask.skip_padding(0, Tile::keys);

    copy_rows<Tile::queries, width, kThreads>(queries, q, firstQuery);
    if (key < end) {
        copy_stage<Tile>(reading, k, v, key);
    }
    async_commit();
    async_wait<0>();
    __syncthreads();  // queries and the first stage are there

    LeftRows<width, Tile::rowTiles, Tile::keepsQueries> left(ownSlice);
    Softmax<Tile::rowTiles> softmax;
    float sum[Tile::rowTiles][width / 8][4] = {};
#pragma unroll 1
    while (key < end) {
        int next = mask.skip_padding(key + Tile::keys, Tile::keys);
        if (next < end) {
            copy_stage<Tile>(filling, k, v, next);
        }
        async_commit();
        float score[Tile::rowTiles][Tile::keys / 8][4] = {};
        multiply_along<width>(score, left, reading);
        if (mask.bias != nullptr) {
            add_bias(mask, score, ownQuery, q.count, key, 1.0f / scale);
        }
        if (!mask.is_open(ownQuery, key, Tile::keys)) {
            hide(mask, score, ownQuery, key);
        }
        PerRow<Tile::rowTiles> shrink;
        if (softmax.see(score, shrink, scale2)) {
            multiply_rows(sum, shrink);
        }
        Weights<Tile::rowTiles, Tile::keys / 8> p;
        softmax.weigh(score, scale2,
                      [&](int i, int j, int e, float p0, float p1) { p.set(i, j, e, p0, p1); });
        multiply_across(sum, p, reading + Tile::keys * width);
        async_wait<0>();
        __syncthreads();  // the next stage is there; this one has been read
        bf16* read = reading;
        reading = filling;
        filling = read;
        key = next;
    }

    PerRow<Tile::rowTiles> inverse;
    softmax.finish(inverse);
    multiply_rows(sum, inverse);
#pragma unroll
    for (int i = 0; i < Tile::rowTiles; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
            int query = ownQuery + row_of(i, 2 * half);
            if (lse != nullptr && query < q.count && threadIdx.x % 4 == 0) {
                lse[query] = softmax.lse(i, half, scale2);
            }
        }
    }
    write_rows(ownSlice, sum, out + ownQuery * outStride, outStride, q.count - ownQuery, q.headDim);
}

// Grid: tiles of queries, heads, samples.
#define ATTENTION(width, size)                                                                     \
    EXPORT_CONSTANT(attention_mma_h##width##_q##size##_shared,                                     \
                    (AttentionTile<width, size>::sharedBytes));                                    \
    KERNEL(kThreads, attention_mma_h##width##_q##size##_bf16, const bf16* q, HeadStrides qs,       \
           const bf16* k, HeadStrides ks, const bf16* v, HeadStrides vs, float scale, int causal,  \
           int prefix, const int* lengths, const float* bias, float* lse, bf16* out, int seqLen,   \
           int keyLen, int heads, int kvHeads, int headDim) {                                      \
        int tile = causal ? gridDim.x - 1 - blockIdx.x : blockIdx.x;                               \
        int head = blockIdx.y;                                                                     \
        int kvHead = head / (heads / kvHeads);                                                     \
        long long sample = blockIdx.z;                                                             \
        HeadStrides packed = packed_heads(seqLen, heads, headDim);                                 \
        Mask mask(causal, prefix, lengths, bias, sample, head, seqLen, keyLen);                    \
        attention<AttentionTile<width, size>>(                                                     \
            HeadRows(q, qs, sample, head, seqLen, headDim),                                        \
            HeadRows(k, ks, sample, kvHead, keyLen, headDim),                                      \
            HeadRows(v, vs, sample, kvHead, keyLen, headDim), tile * size, scale, mask,            \
            lse == nullptr ? nullptr : lse + (sample * heads + head) * seqLen,                     \
            out + sample * packed.batch + head * packed.head, packed.row);                         \
    }

ATTENTION(64, 128)
ATTENTION(64, 64)
ATTENTION(128, 128)
ATTENTION(128, 64)
