// The frozen weight and its low-rank addition as one product on tensor cores, bf16 with f32 sums.
//
//   linear        out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input  out = dy W + S A,  S = scale dy B diag(scales): the gradient towards x
//                                                                                arXiv 2106.09685
//
// x [batch, seqLen, in] with any strides of batch and row; W [out, in], A [rank, in] and B [out,
// rank]; bias f32, scales [rank] f32 (ones where absent), everything else bf16. What is read in 16 bytes has to be aligned to it: x and its
// strides, W, in, A and B with their rows (linear_input: dy, W and A with theirs); pack.cu makes
// matrices so, padding rows with zeros.
//
// S [rows, rank] is made first, in bf16, its rows padded with zeros to a multiple of 8. Its product
// with B is more depth of the main product: after the last slice of x and W come slices of S and B,
// in the same pipeline and the same sums, so that no full-width addition ever reaches memory. Rank
// 32 costs one slice; in = 3072 has 96.
//
//   linear_mma_{128, 64}        a block makes one tile of that size (include/mma_tile.cuh). Bound by
//   linear_input_mma_{128, 64}  the tensor cores.
//   low_rank_mma                S of linear: thin tiles. Bound by reading x.
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

// out = epilogue(x weight + s low); depth is that of x, lowDepth that of s, 0 for none.
template <class Tile, Orientation orientation>
__device__ __forceinline__ void linear(const Rows& x, const Matrix& weight, int depth, int columns,
                                       const Matrix& s, const Matrix& low, int lowDepth,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    DYNAMIC_SHARED(bf16, shared);
    TilePlace place = TilePlace::of<Tile>(x.count, columns);
    OwnRows<Tile> left(x, place.row, depth);
    RightWalk<Tile, orientation> right(weight, place.column);
    int wide = slices_of<Tile>(depth);
    Tile tile;
    tile.clear();
    tile.template accumulate<orientation>(
        shared, wide + slices_of<Tile>(lowDepth), [&](int slice, bf16* a, bf16* b) {
            if (slice == wide) {
                rarely();
                left.turn_to(s, place.row);
                right = RightWalk<Tile, orientation>(low, place.column);
            }
            left.copy(a);
            right.copy(b);
        });
    bool chunks = moves_chunks(epilogue, out, columns);
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < x.count && column < columns) {
            write_chunk(epilogue, out, row, column, columns, chunks, product);
        }
    });
}

// s = scale x factor diag(scales), [rows, pitch]; zeros beyond the rank.
template <Orientation orientation>
__device__ __forceinline__ void low_rank(const Rows& x, const Matrix& factor, int depth,
                                         float scale, const float* scales, bf16* s, int rank,
                                         int pitch) {
    DYNAMIC_SHARED(bf16, shared);
    TilePlace place = TilePlace::of<ThinTile>(x.count, pitch);
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
        if (row < x.count && column < pitch) {
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
           long long rowStride, int seqLen, const bf16* weight, const bf16* s, const bf16* up,    \
           int rank, int pitch, const float* bias, int activation, const bf16* gate,              \
           long long gateStride, const bf16* residual, bf16* out, int rows, int in,               \
           int columns) {                                                                         \
        linear<Tile, kAlongDepth>({x, batchStride, rowStride, seqLen, rows},                      \
                                  {weight, in, columns, in}, in, columns,                         \
                                  {s, pitch, rows, rank}, {up, pitch, columns, rank}, rank,       \
                                  {bias, activation, gate, gateStride, residual, seqLen}, out);   \
    }                                                                                             \
    KERNEL(Tile::threads, linear_input_mma_##size##_bf16, const bf16* dy, int dyPitch,            \
           const bf16* weight, int inPitch, const bf16* s, const bf16* down, int rank, int pitch, \
           bf16* out, int rows, int in, int columns) {                                            \
        linear<Tile, kAcrossDepth>({dy, 0, dyPitch, rows, rows}, {weight, inPitch, columns, in},  \
                                   columns, in, {s, pitch, rows, rank},                           \
                                   {down, inPitch, rank, in}, rank,                               \
                                   {nullptr, kNone, nullptr, 0, nullptr, rows}, out);             \
    }

LINEAR(LargeTile, 128)
LINEAR(SmallTile, 64)

KERNEL(ThinTile::threads, low_rank_mma_bf16, const bf16* x, long long batchStride,
       long long rowStride, int seqLen, const bf16* down, float scale, const float* scales, bf16* s,
       int rows, int in, int rank, int pitch) {
    low_rank<kAlongDepth>({x, batchStride, rowStride, seqLen, rows}, {down, in, rank, in}, in,
                          scale, scales, s, rank, pitch);
}

KERNEL(ThinTile::threads, low_rank_input_mma_bf16, const bf16* dy, int dyPitch, const bf16* up,
       float scale, const float* scales, bf16* s, int rows, int columns, int rank, int pitch) {
    low_rank<kAcrossDepth>({dy, 0, dyPitch, rows, rows}, {up, pitch, columns, pitch}, columns,
                           scale, scales, s, rank, pitch);
}
