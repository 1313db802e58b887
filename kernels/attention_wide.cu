// Attention of heads too wide for attention_mma.cu, such as the one of an autoencoder's middle (384
// or 512): three kernels for each chunk of queries of a head, scores in memory. bf16, f32 sums.
//
//   attention_wide_scores  s = scale q k^T + mask, -infinity where hidden      [rows, pitch] f32
//   row_softmax            p = softmax of each row, lse = log of its sum       [rows, pitch] bf16
//   attention_wide_values  out = p v
//
// q [rows, headDim], k and v [keyLen, headDim], out [rows, headDim]: rows of one head at any distance
// that is a multiple of 8, aligned to 16 bytes, headDim a multiple of 8; pitch is keyLen with padding
// to a multiple of 8, whose p are 0. Rows that see nothing have p = 0 and lse = -infinity.
//
// The products are tiles of include/mma_tile.cuh, a block each; the softmax has a block for a row.
// Scores stay f32: in bf16 their error would be that of p, and more. They cost 12 bytes of traffic
// each beside 4 headDim FLOP, about even for 512 on an A100. A flash kernel has no room for this: of
// 99 KB of shared memory 64 queries of 512 take 64, and 32 keys with their values 64 more.
//
// Entry points: attention_wide_{scores, values}_{128, 64}_bf16, row_softmax_bf16. Not yet run on a
// GPU. Launcher: glance.backend.cuda.AttentionWide. Test: glance.ops.parity.AttentionCases.
// Benchmark: bench kernels --variant attention=wide --only attention.forward.
#include "include/attention_mask.cuh"
#include "include/fast_exp2.cuh"
#include "include/glance.cuh"
#include "include/mma_side.cuh"
#include "include/mma_tile.cuh"
#include "include/reduce.cuh"

constexpr int kSoftmaxThreads = 256;

EXPORT_TILE(attention_wide_large, LargeTile);
EXPORT_TILE(attention_wide_small, SmallTile);

// Rows of one head.
struct WideRows {
    const bf16* data;
    int pitch;  // elements from row to row
    int count;
};

template <class Tile>
__device__ __forceinline__ void scores(const WideRows& q, const WideRows& k, int headDim,
                                       float scale, const Mask& mask, int firstQuery, float* s,
                                       int pitch) {
    DYNAMIC_SHARED(bf16, shared);
    TilePlace place = TilePlace::of<Tile>(q.count, pitch);
    LeftWalk<Tile> left({q.data, q.pitch, q.count, headDim}, place.row, 0);
    RightWalk<Tile, kAlongDepth> right({k.data, k.pitch, k.count, headDim}, place.column);
    Tile tile;
    tile.clear();
    tile.template accumulate<kAlongDepth>(shared, slices_of<Tile>(headDim),
                                          [&](int, bf16* a, bf16* b) {
                                              left.copy(a);
                                              right.copy(b);
                                          });
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < q.count && column < pitch) {
            float score[kChunk];
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                int query = firstQuery + row;
                int key = column + e;
                bool visible = mask.shows(query, key);
                float bias = visible && mask.bias != nullptr ? *mask.bias_at(query, key) : 0.0f;
                score[e] = visible ? fmaf(scale, product[e], bias) : -INFINITY;
            }
            float4* to =
                reinterpret_cast<float4*>(s + static_cast<long long>(row) * pitch + column);
            to[0] = make_float4(score[0], score[1], score[2], score[3]);
            to[1] = make_float4(score[4], score[5], score[6], score[7]);
        }
    });
}

template <class Tile>
__device__ __forceinline__ void values(const WideRows& p, const WideRows& v, int headDim, bf16* out,
                                       int outPitch) {
    DYNAMIC_SHARED(bf16, shared);
    TilePlace place = TilePlace::of<Tile>(p.count, headDim);
    LeftWalk<Tile> left({p.data, p.pitch, p.count, p.pitch}, place.row, 0);
    RightWalk<Tile, kAcrossDepth> right({v.data, v.pitch, v.count, headDim}, place.column);
    Tile tile;
    tile.clear();
    tile.template accumulate<kAcrossDepth>(shared, slices_of<Tile>(v.count),
                                           [&](int, bf16* a, bf16* b) {
                                               left.copy(a);
                                               right.copy(b);
                                           });
    tile.write(shared, [&](int i, int j, const float(&sum)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < p.count && column < headDim) {
            store_chunk(out + static_cast<long long>(row) * outPitch + column, sum, kChunk, true);
        }
    });
}

#define PRODUCTS(Tile, size)                                                                       \
    KERNEL(Tile::threads, attention_wide_scores_##size##_bf16, const bf16* q, int qPitch,          \
           const bf16* k, int kPitch, float scale, int causal, int prefix, const int* lengths,     \
           const float* bias, float* s, int sample, int head, int firstQuery, int rows,            \
           int seqLen, int keyLen, int headDim, int pitch) {                                       \
        Mask mask(causal, prefix, lengths, bias, sample, head, seqLen, keyLen);                    \
        scores<Tile>({q, qPitch, rows}, {k, kPitch, keyLen}, headDim, scale, mask, firstQuery, s,  \
                     pitch);                                                                       \
    }                                                                                              \
    KERNEL(Tile::threads, attention_wide_values_##size##_bf16, const bf16* p, int pitch,           \
           const bf16* v, int vPitch, bf16* out, int outPitch, int rows, int keyLen,               \
           int headDim) {                                                                          \
        values<Tile>({p, pitch, rows}, {v, vPitch, keyLen}, headDim, out, outPitch);               \
    }

PRODUCTS(LargeTile, 128)
PRODUCTS(SmallTile, 64)

// A block for each row; lse may be null.
KERNEL(kSoftmaxThreads, row_softmax_bf16, const float* s, bf16* p, float* lse, int pitch) {
    long long row = blockIdx.x;
    s += row * pitch;
    p += row * pitch;
    float largest = -INFINITY;
    for (int i = threadIdx.x * 4; i < pitch; i += kSoftmaxThreads * 4) {
        float4 x = *reinterpret_cast<const float4*>(s + i);
        largest = fmaxf(largest, fmaxf(fmaxf(x.x, x.y), fmaxf(x.z, x.w)));
    }
    largest = block_max(largest);
    // -inf - (-inf) would be NaN: a row that sees nothing has zeros
    float base = largest == -INFINITY ? 0.0f : largest * kLog2OfE;
    float total = 0.0f;
    for (int i = threadIdx.x * 4; i < pitch; i += kSoftmaxThreads * 4) {
        float4 x = *reinterpret_cast<const float4*>(s + i);
        total += fast_exp2(fmaf(x.x, kLog2OfE, -base)) + fast_exp2(fmaf(x.y, kLog2OfE, -base)) +
                 fast_exp2(fmaf(x.z, kLog2OfE, -base)) + fast_exp2(fmaf(x.w, kLog2OfE, -base));
    }
    total = block_sum(total);
    float inverse = total > 0.0f ? 1.0f / total : 0.0f;
    for (int i = threadIdx.x * 4; i < pitch; i += kSoftmaxThreads * 4) {
        float4 x = *reinterpret_cast<const float4*>(s + i);
        *reinterpret_cast<uint2*>(p + i) =
            make_uint2(pack_bf16(fast_exp2(fmaf(x.x, kLog2OfE, -base)) * inverse,
                                 fast_exp2(fmaf(x.y, kLog2OfE, -base)) * inverse),
                       pack_bf16(fast_exp2(fmaf(x.z, kLog2OfE, -base)) * inverse,
                                 fast_exp2(fmaf(x.w, kLog2OfE, -base)) * inverse));
    }
    if (lse != nullptr && threadIdx.x == 0) {
        lse[row] = largest + logf(total);
    }
}
