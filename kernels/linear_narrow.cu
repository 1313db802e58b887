// linear_mma.cu for weights of one byte: e4m3, or whole numbers whose scale the epilogue applies.
//
//   linear        out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//   linear_input  out = dy W + S A,  S = scale dy B diag(scales): the gradient towards x
//
// As linear_mma.cu, but W is bytes: [out, in], in a multiple of 16, W aligned to it. A scale of each
// row of W is a gate; B has been divided by it then (glance.nn.Linear), so that the adapter is in the
// same sums. S and B (A) are bf16: the slices after the last one of W. linear_mma.cu makes S.
//
// W crosses memory once, as it is stored, and no bf16 copy of it is made: 1 byte a weight where
// expand.cu and the product move 5. Results are those of the expanded weights to the bit.
//
// Four instructions make two weights bf16 (include/narrow.cuh), 128 a warp and slice of the large
// tile beside 64 products: 308 slots where bf16 has 155 (sm_90, counted), below the 413 clocks of the
// tensor cores, by which both are bound.
//
//   linear_narrow_{e4m3, i8}_{128, 64}        tiles as in linear_mma.cu
//   linear_input_narrow_{e4m3, i8}_{128, 64}
//
// Launcher: glance.backend.cuda.LinearMma. Test: glance.ops.parity.NarrowWeightCases.
// Benchmark: bench kernels --only 'linear.(f8_e4m3|i8).4160'.
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/narrow_tile.cuh"
#include "include/own_rows.cuh"

EXPORT_TILE(linear_narrow_large, LargeTile);
EXPORT_TILE(linear_narrow_small, SmallTile);

// out = epilogue(x weight + s low); depth is that of x, lowDepth that of s, 0 for none.
template <class Plain, class Format, Orientation orientation>
__device__ __forceinline__ void linear(const Rows& x, const Matrix& pairs, int depth, int columns,
                                       TilePlace place, int lowDepth, const LowFactors& own,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    typedef NarrowTile<Plain, Format> Tile;
    constexpr bool interleaved = orientation == kAcrossDepth;
    DYNAMIC_SHARED(bf16, shared);
    OwnRows<Tile> left(x, place.row, depth);
    NarrowWalk<Tile, orientation> bytes(pairs, place.column);
    RightWalk<Tile, orientation> factor(own.low, place.column);
    int wide = slices_of<Tile>(depth);
    int slices = wide + slices_of<Tile>(lowDepth);
    Tile tile;
    tile.clear();
    auto load = [&](int slice, bf16* a, bf16* b) {
        if (slice < wide) {
            left.copy(a);
            bytes.copy(b);
        } else {
            if (slice == wide) {
                left.turn_to(own.s, place.row);
            }
            left.copy(a);
            factor.copy(b);
        }
    };
    auto ring = tile.start(shared, slices, load);
    tile.go_on(ring, shared, 0, wide, slices, load, [&](const bf16* a, const bf16* b) {
        tile.template multiply_bytes<orientation>(a, b);
    });
    tile.go_on(ring, shared, wide, slices, slices, load, [&](const bf16* a, const bf16* b) {
        tile.template multiply_plain<orientation>(a, b);
    });
    bool chunks = moves_chunks(epilogue, out, columns);
    tile.template write<interleaved>(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < x.end && column < columns) {
            write_chunk(epilogue, out, row, column, columns, chunks, product);
        }
    });
}

// in and columns are those of the weight as a file has it, [columns, in].
// dyPitch and inPitch are those of packed rows.
#define LINEAR(Tile, size, Format, name)                                                          \
    KERNEL(Tile::threads, linear_narrow_##name##_##size##_bf16, const bf16* x,                    \
           long long batchStride, long long rowStride, int seqLen, const uint8_t* weight,         \
           const bf16* s, int pitch, Shares shares, const float* bias, int activation,            \
           const bf16* gate, long long gateStride, const bf16* residual, bf16* out, int in,       \
           int columns) {                                                                         \
        SharePlace place = SharePlace::of<Tile>(shares, columns);                                 \
        const Share& own = shares.of[place.share];                                                \
        linear<Tile, Format, kAlongDepth>(                                                        \
            {x, batchStride, rowStride, seqLen, place.end}, pairs_of(weight, in, columns, in),    \
            in, columns, place.tile, own.rank,                                                    \
            {{s, pitch, place.end, own.rank}, up_of(own, columns)},                               \
            {bias, activation, gate, gateStride, residual, seqLen}, out);                         \
    }                                                                                             \
    KERNEL(Tile::threads, linear_input_narrow_##name##_##size##_bf16, const bf16* dy,             \
           int dyPitch, const uint8_t* weight, int inPitch, const bf16* s, const bf16* down,      \
           int rank, int pitch, bf16* out, int rows, int in, int columns) {                       \
        linear<Tile, Format, kAcrossDepth>(                                                       \
            {dy, 0, dyPitch, rows, rows}, pairs_of(weight, inPitch, columns, in), columns, in,    \
            TilePlace::of<Tile>(rows, in), rank,                                                  \
            {{s, pitch, rows, rank}, {down, inPitch, rank, in}},                                  \
            {nullptr, kNone, nullptr, 0, nullptr, rows}, out);                                    \
    }

#define LINEAR_TILES(Format, name)     \
    LINEAR(LargeTile, 128, Format, name) \
    LINEAR(SmallTile, 64, Format, name)

LINEAR_TILES(E4M3, e4m3)
LINEAR_TILES(Int8, i8)
