// The gradients of an adapter's factors on tensor cores, bf16 with f32 sums.
//
//   dA = S^T x,  S = scale dy B   [tokens, rank]
//   dB = dy^T S, S = scale x A^T: made as S^T dy and transposed by sum_parts     arXiv 2106.09685
//
//   parts[p, r, c] = sum over the tokens t of part p of s[t, r] x[t, c]
//
// s [tokens, sPitch] and x [tokens, xPitch] bf16, their rows whole chunks of 8, padded with zeros; S
// is made by linear_mma.cu. parts [ceil(tokens / kPartTokens), rank, width] f32, which sums.cu adds
// up in a fixed order: rank x width alone would be too few tiles for a GPU (32 x 3072 are 24), and
// the cut depends on the number of tokens only, so neither do the bits depend on the GPU.
//
// A block makes one tile (include/mma_tile.cuh): all of the rank (up to 128) x 128 columns, so that x
// is read once; both sides lie across the depth, which here is the tokens. Bound by reading x.
//
// Entry points: low_rank_grad_mma_{32, 64, 128}_bf16, by the most ranks a tile has. Grid: columns,
// ranks, parts. Launcher: glance.backend.cuda.LinearGradMma. Test:
// glance.ops.parity.LowRankGradCases.
// Benchmark: bench kernels --only linear.factors.
#include "include/glance.cuh"
#include "include/mma_side.cuh"
#include "include/mma_tile.cuh"

constexpr int kColumns = 128;
constexpr int kPartTokens = 512;
EXPORT_CONSTANT(low_rank_grad_columns, kColumns);
EXPORT_CONSTANT(low_rank_grad_part_tokens, kPartTokens);

// The fewer ranks, the more of a stage is x: deeper slices keep as many bytes under way.
using Tile32 = MmaTile<32, kColumns, 64, 32, 32, 4>;
using Tile64 = MmaTile<64, kColumns, 32, 32, 32, 4>;
using Tile128 = MmaTile<128, kColumns, 32, 64, 32, 4>;

template <class Tile>
__device__ __forceinline__ void low_rank_grad(const bf16* s, int sPitch, int rank, const bf16* x,
                                              int xPitch, int width, float* parts, int tokens) {
    DYNAMIC_SHARED(bf16, shared);
    int firstColumn = blockIdx.x * Tile::columns;
    int firstRank = blockIdx.y * Tile::rows;
    int start = blockIdx.z * kPartTokens;
    int end = min(tokens, start + kPartTokens);
    Walk<Tile::depth, Tile::rows, Tile::threads, true> left({s, sPitch, end, sPitch}, start,
                                                            firstRank);
    Walk<Tile::depth, Tile::columns, Tile::threads, true> right({x, xPitch, end, xPitch}, start,
                                                                firstColumn);
    Tile tile;
    tile.clear();
    tile.template accumulate<kAcrossDepth, kAcrossDepth>(
        shared, slices_of<Tile>(end - start), [&](int, bf16* a, bf16* b) {
            left.copy(a);
            right.copy(b);
        });
    bool chunks = width % kChunk == 0;
    parts += static_cast<long long>(blockIdx.z) * rank * width;
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int r = firstRank + i;
        int column = firstColumn + j;
        if (r < rank && column < width) {
            store_chunk(parts + static_cast<long long>(r) * width + column, product,
                        width - column, chunks);
        }
    });
}

#define ENTRY_POINT(size)                                                                      \
    EXPORT_CONSTANT(low_rank_grad_##size##_shared, Tile##size::sharedBytes);                   \
    KERNEL(Tile##size::threads, low_rank_grad_mma_##size##_bf16, const bf16* s, int sPitch,    \
           int rank, const bf16* x, int xPitch, int width, float* parts, int tokens) {         \
        low_rank_grad<Tile##size>(s, sPitch, rank, x, xPitch, width, parts, tokens);           \
    }

ENTRY_POINT(32)
ENTRY_POINT(64)
ENTRY_POINT(128)
