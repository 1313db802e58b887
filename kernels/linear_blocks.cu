// linear_mma.cu for many rows and weights of 4 bits in blocks, Q4_0 and Q4_K, as they are stored.
//
//   out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//
// As linear_mma.cu, but W [columns, in] is blocks, aligned to 16 bytes; in is a multiple of 256. S and
// B are bf16: the slices after the last one of W. linear_mma.cu makes S.
//
// W crosses memory once, 0.6 bytes a weight where expand.cu and the product move 4.6, and no bf16 copy
// of it is made. Results are those of the expanded weights to the bit.
//
//   shared memory   4 slices of x, 32 of the depth each; 2 segments of W, 256 of the depth = 8 slices:
//                   144 bytes of each row, so that the rows that a load reads lie 4 banks apart. A
//                   segment arrives with the first of its slices. Slices of B lie in place of segments.
//   registers       a lane makes bf16 of the weights of its column, two at a time, beside the products
//
// Slots of a warp and slice of the large tile, counted, where linear_mma.cu has 147: q4_0 463, q4_k 603;
// the tensor cores take 1,024 clocks on sm_89, 512 on sm_80 and 413 on sm_90. So sm_89 is bound by them,
// and the others, for many rows, are given expanded weights where that counts better.
//
//   linear_blocks_{q4_0, q4_k}_{128, 64}      tiles as in linear_mma.cu
//
// Launcher: glance.backend.cuda.LinearMma. Test: glance.ops.parity.NarrowWeightCases.
// Benchmark: bench kernels --variant linear=blocks --only 'linear.q4_.*4160'.
#include "include/block_operands.cuh"
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/mma_tile.cuh"
#include "include/own_rows.cuh"

constexpr int kSegmentBytes = FewQ4_0::kBytes;
static_assert(FewQ4_K::kBytes == kSegmentBytes && kSegmentBytes % 32 == 16, "both types alike");

// Plain with stages of x alone, and two places for segments of W, or for three slices of B each.
template <class Plain>
struct BlocksTile : Plain {
    using Plain::columns;
    using Plain::depth;
    using Plain::rows;
    using Plain::stages;
    using Plain::sum;
    using Plain::threads;
    using Plain::warpColumns;
    using Plain::warpRows;

    static constexpr int slices = kSegment / depth;  // of a segment
    static constexpr int factorsOfPlace = stages - 1;
    static constexpr int factorElements = columns * depth;
    static constexpr int placeBytes =
        columns * kSegmentBytes > factorsOfPlace * factorElements * 2
            ? columns * kSegmentBytes
            : factorsOfPlace * factorElements * 2;
    static constexpr int leftElements = rows * depth;
    static constexpr int leftBytes = stages * leftElements * 2;
    static constexpr int sharedBytes = leftBytes + 2 * placeBytes;
    static_assert(sharedBytes >= Plain::resultBytes && sharedBytes <= 99 * 1024, "fits any GPU");

    static __device__ __forceinline__ bf16* left(uint8_t* shared, int slice) {
        return reinterpret_cast<bf16*>(shared) + slice % stages * leftElements;
    }

    static __device__ __forceinline__ uint8_t* place(uint8_t* shared, int which) {
        return shared + leftBytes + which % 2 * placeBytes;
    }

    // Slices of B go around both places, beginning with that which the last segment is not in.
    static __device__ __forceinline__ bf16* factor(uint8_t* shared, int segments, int slice) {
        uint8_t* at = place(shared, segments + slice / factorsOfPlace);
        return reinterpret_cast<bf16*>(at) + slice % factorsOfPlace * factorElements;
    }

    // The products of slice `slice` of a segment.
    template <class Few>
    __device__ __forceinline__ void multiply_blocks(const bf16* a, const uint8_t* segment,
                                                    int slice) {
        static_assert(depth == kGroup32, "a slice has one group of a row");
        int lane = threadIdx.x % kWarpSize;
        a += this->warp_row() * depth;
        segment += (this->warp_column() + lane / 4) * kSegmentBytes;
        unsigned as[2][warpRows / 16][4];
#pragma unroll
        for (int k = 0; k < 2; ++k) {
#pragma unroll
            for (int i = 0; i < warpRows / 16; ++i) {
                load_matrices(as[k][i],
                              chunk_of<depth>(a, i * 16, k * 16, lane % 16, lane / 16 * kChunk));
            }
        }
        // a lane has the scales of every fourth column, for all four lanes that have these
        GroupScale scales[warpColumns / 32];
#pragma unroll
        for (int j = 0; j < warpColumns / 32; ++j) {
            scales[j] = scale_of_group<Few>(segment + (j * 4 + lane % 4) * 8 * kSegmentBytes, slice);
        }
#pragma unroll
        for (int j = 0; j < warpColumns / 8; ++j) {
            unsigned bs[2][2];
            read_group<Few>(bs, segment + j * 8 * kSegmentBytes, slice, lane % 4,
                            of_lane(scales[j / 4], j % 4));
#pragma unroll
            for (int k = 0; k < 2; ++k) {
#pragma unroll
                for (int i = 0; i < warpRows / 16; ++i) {
                    mma_bf16(sum[i][j], as[k][i], bs[k]);
                }
            }
        }
    }
};

using LargeBlocks = BlocksTile<LargeTile>;
using SmallBlocks = BlocksTile<SmallTile>;
EXPORT_TILE(linear_blocks_large, LargeBlocks);
EXPORT_TILE(linear_blocks_small, SmallBlocks);
EXPORT_CONSTANT(linear_blocks_segment, kSegment);

// Starts the copies of a segment; zeros after the last row.
template <class Tile>
__device__ __forceinline__ void copy_segment(uint8_t* to, const uint8_t* weight, int rowBytes,
                                             int rows) {
    constexpr int chunks = kSegmentBytes / 16;
#pragma unroll 1
    for (int i = threadIdx.x; i < Tile::columns * chunks; i += Tile::threads) {
        int row = i / chunks;
        int at = i % chunks * 16;
        async_copy_16(to + row * kSegmentBytes + at,
                      weight + static_cast<long long>(row) * rowBytes + at, row < rows);
    }
}

// out = epilogue(x weight^T + s factor^T).
template <class Tile, class Few>
__device__ __forceinline__ void linear(const Rows& x, const uint8_t* weight, int in, int columns,
                                       TilePlace place, int lowDepth, const LowFactors& own,
                                       const Epilogue<bf16>& epilogue, bf16* out) {
    DYNAMIC_SHARED(uint8_t, shared);
    OwnRows<Tile> left(x, place.row, in);
    RightWalk<Tile, kAlongDepth> factor(own.low, place.column);
    int rowBytes = in / kSegment * kSegmentBytes;
    const uint8_t* next = weight + static_cast<long long>(place.column) * rowBytes;
    int segments = in / kSegment;
    int wide = segments * Tile::slices;
    int slices = wide + slices_of<Tile>(lowDepth);
    auto load = [&](int slice) {
        if (slice < slices) {
            if (slice >= wide) {
                if (slice == wide) {
                    left.turn_to(own.s, place.row);
                }
                factor.copy(Tile::factor(shared, segments, slice - wide));
            } else if (slice % Tile::slices == 0) {
                copy_segment<Tile>(Tile::place(shared, slice / Tile::slices), next, rowBytes,
                                   columns - place.column);
                next += kSegmentBytes;
            }
            left.copy(Tile::left(shared, slice));
        }
        async_commit();  // an empty group at the end, so that the count below holds
    };
    auto arrive = [&](int slice) {
        async_wait<Tile::stages - 2>();
        __syncthreads();  // this slice is there; the stage to fill has been read
        load(slice + Tile::stages - 1);
    };
    Tile tile;
    tile.clear();
#pragma unroll 1
    for (int slice = 0; slice < Tile::stages - 1; ++slice) {
        load(slice);
    }
#pragma unroll 1
    for (int slice = 0; slice < wide; ++slice) {
        arrive(slice);
        tile.template multiply_blocks<Few>(Tile::left(shared, slice),
                                           Tile::place(shared, slice / Tile::slices),
                                           slice % Tile::slices);
    }
#pragma unroll 1
    for (int slice = wide; slice < slices; ++slice) {
        arrive(slice);
        tile.template multiply<kAlongDepth, kAlongDepth>(
            Tile::left(shared, slice), Tile::factor(shared, segments, slice - wide));
    }
    bool chunks = moves_chunks(epilogue, out, columns);
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < x.end && column < columns) {
            write_chunk(epilogue, out, row, column, columns, chunks, product);
        }
    });
}

#define LINEAR(Tile, size, Few, name)                                                             \
    KERNEL(Tile::threads, linear_blocks_##name##_##size##_bf16, const bf16* x,                    \
           long long batchStride, long long rowStride, int seqLen, const uint8_t* weight,         \
           const bf16* s, int pitch, Shares shares, const float* bias, int activation,            \
           const bf16* gate, long long gateStride, const bf16* residual, bf16* out, int in,       \
           int columns) {                                                                         \
        SharePlace place = SharePlace::of<Tile>(shares, columns);                                 \
        const Share& own = shares.of[place.share];                                                \
        linear<Tile, Few>({x, batchStride, rowStride, seqLen, place.end}, weight, in, columns,    \
                          place.tile, own.rank,                                                   \
                          {{s, pitch, place.end, own.rank}, up_of(own, columns)},                 \
                          {bias, activation, gate, gateStride, residual, seqLen}, out);           \
    }

#define LINEAR_TILES(Few, name)        \
    LINEAR(LargeBlocks, 128, Few, name) \
    LINEAR(SmallBlocks, 64, Few, name)

LINEAR_TILES(FewQ4_0, q4_0)
LINEAR_TILES(FewQ4_K, q4_k)
