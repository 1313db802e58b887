// The frozen weight and its low-rank addition as one product on tensor cores, bf16 with f32 sums.
//
//   linear        out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input  out = dy W + S A,  S = scale dy B diag(scales): the gradient towards x
//                                                                                arXiv 2106.09685
//
// x [batch, seqLen, in] with any strides of batch and row; W [out, in], A [rank, in] and B [out,
// rank]; bias f32, scales [rank] f32 (ones where absent), everything else bf16. What is read in 16
// bytes has to be aligned to it: x and its strides, W, in, A and B with their rows (linear_input: dy, W
// and A with theirs); pack.cu makes matrices so, padding rows with zeros.
//
// S [rows, rank] is made first, in bf16, its rows padded with zeros to a multiple of 8. Its product
// with B is more depth of the main product: after the last slice of x and W come slices of S and B,
// in the same pipeline and the same sums, so that no full-width addition ever reaches memory. Rank
// 32 costs one slice; in = 3072 has 96. In linear each share of the rows has an A and a B of its own,
// or none and no slices of them (include/shares.cuh).
//
//   linear_mma_{128, 64}        a block makes one tile of that size (include/mma_tile.cuh). Bound by
//   linear_input_mma_{128, 64}  the tensor cores.
//   low_rank_mma                S of linear: thin tiles. Bound by reading x. Products that read the
//                               same x have their S side by side, made by one launch.
//   low_rank_input_mma          S of linear_input.
//
// Launcher: glance.backend.cuda.LinearMma. Test: glance.ops.parity.LinearCases, LinearInputCases.
// Benchmark: bench kernels --only 'lora|linear.(plain|input)'.
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/mma_side.cuh"
#include "include/mma_tile.cuh"
#include "include/own_rows.cuh"

EXPORT_TILE(linear_mma_large, LargeTile);
EXPORT_TILE(linear_mma_small, SmallTile);
EXPORT_TILE(linear_mma_thin, ThinTile);
EXPORT_CONSTANT(linear_mma_shares, kMaxShares);
EXPORT_CONSTANT(linear_mma_additions, kMaxAdditions);

// out = epilogue(x weight + s low); depth is that of x, lowDepth that of s, 0 for none. factors()
// tells s and low when their slices come: what it reads takes no registers before.
template <class Tile, Orientation orientation, class Factors>
__device__ __forceinline__ void linear(const Rows& x, const Matrix& weight, int depth, int columns,
                                       TilePlace place, int lowDepth, Factors factors,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    DYNAMIC_SHARED(bf16, shared);
    OwnRows<Tile> left(x, place.row, depth);
    RightWalk<Tile, orientation> right(weight, place.column);
    int wide = slices_of<Tile>(depth);
    Tile tile;
    tile.clear();
    tile.template accumulate<orientation>(
        shared, wide + slices_of<Tile>(lowDepth), [&](int slice, bf16* a, bf16* b) {
            if (slice == wide) {
                rarely();
                LowFactors own = factors();
                left.turn_to(own.s, place.row);
                right = RightWalk<Tile, orientation>(own.low, place.column);
            }
            left.copy(a);
            right.copy(b);
        });
    bool chunks = moves_chunks(epilogue, out, columns);
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < x.end && column < columns) {
            write_chunk(epilogue, out, row, column, columns, chunks, product);
        }
    });
}

// s = scale x factor diag(scales), [rows, pitch]; zeros beyond the rank, as far as chunks go.
template <Orientation orientation>
__device__ __forceinline__ void low_rank(const Rows& x, TilePlace place, const Matrix& factor,
                                         int depth, float scale, const float* scales, bf16* s,
                                         int rank, int pitch) {
    DYNAMIC_SHARED(bf16, shared);
    OwnRows<ThinTile> left(x, place.row, depth);
    RightWalk<ThinTile, orientation> right(factor, place.column);
    ThinTile tile;
    tile.clear();
    tile.accumulate<orientation>(shared, slices_of<ThinTile>(depth), [&](int, bf16* a, bf16* b) {
        left.copy(a);
        right.copy(b);
    });
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < x.end && column < packed_pitch(rank)) {
            float scaled[kChunk];
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                bool own = scales != nullptr && column + e < rank;
                scaled[e] = (own ? scale * scales[column + e] : scale) * product[e];
            }
            store_chunk(s + static_cast<long long>(row) * pitch + column, scaled, kChunk, true);
        }
    });
}

// in and columns are those of the weight as a file has it, [columns, in].
// dyPitch and inPitch are those of packed rows.
#define LINEAR(Tile, size)                                                                        \
    KERNEL(Tile::threads, linear_mma_##size##_bf16, const bf16* x, long long batchStride,         \
           long long rowStride, int seqLen, const bf16* weight, const bf16* s, int pitch,         \
           Shares shares, const float* bias, int activation, const bf16* gate,                    \
           long long gateStride, const bf16* residual, bf16* out, int in, int columns) {          \
        SharePlace place = SharePlace::of<Tile>(shares, columns);                                 \
        linear<Tile, kAlongDepth>({x, batchStride, rowStride, seqLen, place.end},                 \
                                  {weight, in, columns, in}, in, columns, place.tile,             \
                                  shares.of[place.share].rank,                                    \
                                  [&] {                                                           \
                                      const Share& own = shares.of[place.share];                  \
                                      return LowFactors{{s, pitch, place.end, own.rank},          \
                                                        up_of(own, columns)};                     \
                                  },                                                              \
                                  {bias, activation, gate, gateStride, residual, seqLen}, out);   \
    }                                                                                             \
    KERNEL(Tile::threads, linear_input_mma_##size##_bf16, const bf16* dy, int dyPitch,            \
           const bf16* weight, int inPitch, const bf16* s, const bf16* down, int rank, int pitch, \
           bf16* out, int rows, int in, int columns) {                                            \
        linear<Tile, kAcrossDepth>({dy, 0, dyPitch, rows, rows}, {weight, inPitch, columns, in},  \
                                   columns, in, TilePlace::of<Tile>(rows, in),                    \
                                   rank,                                                          \
                                   [&] {                                                          \
                                       return LowFactors{{s, pitch, rows, rank},                  \
                                                         {down, inPitch, rank, in}};              \
                                   },                                                             \
                                   {nullptr, kNone, nullptr, 0, nullptr, rows}, out);             \
    }

LINEAR(LargeTile, 128)
LINEAR(SmallTile, 64)

// S of one product, or of several that read the same x, side by side: width columns of pitch each. No
// tile has columns of two.
KERNEL(ThinTile::threads, low_rank_mma_bf16, const bf16* x, long long batchStride,
       long long rowStride, int seqLen, ShareTable<kMaxAdditions> shares, bf16* s, int in, int width,
       int pitch) {
    int across = (width + ThinTile::columns - 1) / ThinTile::columns * ThinTile::columns;
    SharePlace place = SharePlace::of<ThinTile>(shares, pitch / width * across);
    int product = place.tile.column / across;
    TilePlace tile = {place.tile.row, place.tile.column % across};
    const Share& share = shares.of[product * shares.count + place.share];
    if (tile.column < share.rank) {
        low_rank<kAlongDepth>({x, batchStride, rowStride, seqLen, place.end}, tile,
                              {static_cast<const bf16*>(share.down), in, share.rank, in}, in,
                              share.scale, share.scales, s + product * width, share.rank, pitch);
    }
}

KERNEL(ThinTile::threads, low_rank_input_mma_bf16, const bf16* dy, int dyPitch, const bf16* up,
       float scale, const float* scales, bf16* s, int rows, int columns, int rank, int pitch) {
    low_rank<kAcrossDepth>({dy, 0, dyPitch, rows, rows}, TilePlace::of<ThinTile>(rows, pitch),
                           {up, pitch, columns, pitch}, columns, scale, scales, s, rank, pitch);
}
