// linear_mma.cu with both sides in e4m3: weights as they are stored, x rounded with a scale a token.
//
//   linear  out = residual + gate * act(c (q W^T) + bias + S B^T),  S = scale x A^T diag(scales)
//   q, c    q[r, :] = e4m3(x[r, :] 448 / m), c[r] = m / 448, m the largest magnitude of x[r, :]
//
// x [batch, seqLen, in] bf16 with any strides of batch and row; W [out, in] e4m3, in a multiple of
// 16; q [rows, in] e4m3 and c [rows] f32. S and B as in linear_mma.cu, which makes S of x itself: what
// an adapter adds is not rounded to 8 bits. The sums of q and W are multiplied by c in registers
// before the slices of S and B come, in the same pipeline. Scales of rows of W are a gate
// (glance.nn.Linear). A row below 2^-100 counts as zeros; a NaN stays one.
//
// Not as exact as the other products, by the rounding of x to 4 bits of mantissa: only where it is
// asked for. A mma makes twice the depth of one of bf16, and nothing is done to W on the way.
//
//   quantise_rows          q and c, where norm.cu has not made them: a block makes a row. Bound by
//                          memory; the second reading of a row comes from the cache.
//   linear_w8a8_{128, 64}  tiles as in linear_mma.cu. On Hopper linear_w8a8_wgmma.cu.
//
// Launcher: glance.backend.cuda.LinearW8A8. Test: glance.ops.parity.W8A8Test.
// Benchmark: none, bench kernels holds products to exact activations; bench denoise times a model.
#include "include/e4m3_tile.cuh"
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/narrow_tile.cuh"
#include "include/own_rows.cuh"
#include "include/reduce.cuh"
#include "include/rounded_rows.cuh"

EXPORT_TILE(linear_w8a8_large, LargeTile);
EXPORT_TILE(linear_w8a8_small, SmallTile);

constexpr int kThreads = 128;

KERNEL(kThreads, quantise_rows_bf16, const bf16* x, long long batchStride, long long rowStride,
       int seqLen, f8_e4m3* q, float* scales, int in) {
    int row = blockIdx.x;
    const bf16* from = x + row / seqLen * batchStride + row % seqLen * rowStride;
    f8_e4m3* to = q + static_cast<long long>(row) * in;
    float values[kChunk];
    float largest = 0.0f;
    for (int at = threadIdx.x * kChunk; at < in; at += kThreads * kChunk) {
        load_chunk(values, from + at, kChunk, true);
        largest = larger_of(largest, values);
    }
    RowRounding rounding(block_max(largest));
    for (int at = threadIdx.x * kChunk; at < in; at += kThreads * kChunk) {
        load_chunk(values, from + at, kChunk, true);
        rounding.store(to + at, values);
    }
    if (threadIdx.x == 0) {
        scales[row] = rounding.scale;
    }
}

// out = epilogue(scales (q weight) + s low), depths in elements of 16 bits.
template <class Plain>
__device__ __forceinline__ void linear(const Rows& q, const Matrix& weight, int columns,
                                       TilePlace place, const float* scales,
                                       const LowFactors& own, const Epilogue<bf16>& epilogue,
                                       bf16* out) {
    typedef E4m3Tile<Plain> Tile;
    DYNAMIC_SHARED(bf16, shared);
    OwnRows<Tile> left(q, place.row, weight.columns);
    RightWalk<Tile, kAlongDepth> right(weight, place.column);
    int wide = slices_of<Tile>(weight.columns);
    int slices = wide + slices_of<Tile>(own.s.columns);
    Tile tile;
    tile.clear();
    auto load = [&](int slice, bf16* a, bf16* b) {
        if (slice == wide) {
            rarely();
            left.turn_to(own.s, place.row);
            right = RightWalk<Tile, kAlongDepth>(own.low, place.column);
        }
        left.copy(a);
        right.copy(b);
    };
    auto ring = tile.start(shared, slices, load);
    tile.go_on(ring, shared, 0, wide, slices, load,
               [&](const bf16* a, const bf16* b) { tile.multiply_pairs(a, b); });
    tile.scale_rows(scales, place.row, q.end);
    tile.go_on(ring, shared, wide, slices, slices, load, [&](const bf16* a, const bf16* b) {
        tile.template multiply<kAlongDepth, kAlongDepth>(a, b);
    });
    bool chunks = moves_chunks(epilogue, out, columns);
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < q.end && column < columns) {
            write_chunk(epilogue, out, row, column, columns, chunks, product);
        }
    });
}

// Arguments as in linear_mma.cu, x being q, whose strides are even; then the scales of its rows.
#define LINEAR(Tile, size)                                                                        \
    KERNEL(Tile::threads, linear_w8a8_##size##_bf16, const uint8_t* q, long long batchStride,     \
           long long rowStride, int seqLen, const uint8_t* weight, const bf16* s, int pitch,      \
           Shares shares, const float* bias, int activation, const bf16* gate,                    \
           long long gateStride, const bf16* residual, bf16* out, int in, int columns,            \
           const float* scales) {                                                                 \
        SharePlace place = SharePlace::of<Tile>(shares, columns);                                 \
        const Share& own = shares.of[place.share];                                                \
        linear<Tile>({reinterpret_cast<const bf16*>(q), batchStride / 2, rowStride / 2, seqLen,   \
                      place.end},                                                                 \
                     pairs_of(weight, in, columns, in), columns, place.tile, scales,              \
                     {{s, pitch, place.end, own.rank}, up_of(own, columns)},                      \
                     {bias, activation, gate, gateStride, residual, seqLen}, out);                \
    }

LINEAR(LargeTile, 128)
LINEAR(SmallTile, 64)
