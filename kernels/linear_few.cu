// linear_mma.cu for few rows and weights of 8 or 4 bits, which are read once, as they are stored.
//
//   out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//
// x [batch, seqLen, in], at most 64 rows in all, with any strides of batch and row in multiples of 8;
// W [columns, in] in one of the formats of include/few_formats.cuh, aligned to 16 bytes; in is a
// multiple of 16, and of 256 for blocks. S [rows, pitch] bf16 comes from linear_mma.cu. Each share of
// the rows has a B of its own [columns, its rank rounded up to 8] bf16, from pack.cu, or none
// (include/shares.cuh).
//
// Weights are the rows of the tensor cores' tile, tokens its columns, 8 for each product:
//
//                  tokens 8   8                  A block has 16 or 32 rows of W, its 4 warps every
//          k      +----+----+                    fourth segment of 256 elements of them. A warp
//       +-----+   |    |    |                    copies the bytes of a segment in pieces of 16 while
//  16   |  W  |   |    |    |                    it uses the one before; a lane makes bf16 of 16
//       +-----+   +----+----+                    neighbouring weights of rows g and g + 8 at a time.
//
// Which element of 64 is which k of a product is free, as long as x has the same order: lane t of a row
// has elements 16 t to 16 t + 15, four of them for each of four products, and reads the same 16 of x.
//
// The warps' sums are added up in order: the order depends on nothing but the shapes. It is not that of
// linear_mma.cu, so that bits differ from those of its sums; the weights are the same to the bit.
// The adapter's part is added to the sum in f32.
//
// Slots a weight for 8 tokens (sm_90, counted): e4m3 2.7, q8_0 5.3, q4_0 7.5, q4_k 9.4. Reading W
// bounds those of 8 bits. On an H100, where memory gives a multiprocessor 15 bytes a clock [E], the
// slots bound q4_0 and q4_k, to 66 % and 53 % of the memory's rate.
//
// Entry points: linear_few_{e4m3, i8, q8_0, q4_0, q4_k}_{8, 32, 64}_bf16 by the tokens.
// Launcher: glance.backend.cuda.LinearFew. Test: glance.ops.parity.NarrowWeightCases.
// Benchmark: bench kernels --only 'linear.[a-z0-9_]+.8x'.
#include "include/async_copy.cuh"
#include "include/epilogue_chunks.cuh"
#include "include/few_formats.cuh"
#include "include/glance.cuh"
#include "include/mma.cuh"
#include "include/own_rows.cuh"

constexpr int kWarps = 4;
constexpr int kThreads = kWarps * kWarpSize;
constexpr int kStages = 2;
constexpr int kStep = 64;  // elements of a row that its four lanes read at once

EXPORT_CONSTANT(linear_few_segment, kSegment);

template <class Format, int tokens_>
struct FewTile {
    static constexpr int tokens = tokens_;
    static constexpr int rows = tokens <= 8 ? 16 : 32;  // of W
    static constexpr int rowTiles = rows / 16;
    static constexpr int tokenTiles = tokens / 8;

    // Neighbouring rows start in different halves of the 128 bytes of all banks.
    static constexpr int pitch = (Format::kBytes + 63) / 128 * 128 + 64;
    static constexpr int stageBytes = rows * pitch;
    static constexpr int sumPitch = rows + 4;
    static constexpr int sumBytes = tokens * sumPitch * static_cast<int>(sizeof(float));
    static constexpr int warpBytes =
        kStages * stageBytes > sumBytes ? kStages * stageBytes : sumBytes;
    static constexpr int sharedBytes = kWarps * warpBytes;

    static_assert(Format::kBytes % 16 == 0 && pitch >= Format::kBytes, "segments are whole chunks");
    static_assert(sharedBytes <= 99 * 1024, "fits every GPU from compute capability 8.0");
};

// Rows of W in bytes.
struct FewRows {
    const uint8_t* data;
    long long pitch;  // bytes
    int count;
    int bytes;  // of a row
};

// Starts the copies of a warp's segment; zeros after the last row and the end of a row.
template <class Format, class Tile>
__device__ __forceinline__ void copy_segment(uint8_t* stage, const FewRows& w, int segment) {
    constexpr int chunks = Format::kBytes / 16;
    int lane = threadIdx.x % kWarpSize;
#pragma unroll 1
    for (int i = lane; i < Tile::rows * chunks; i += kWarpSize) {
        int row = i / chunks;
        int at = i % chunks * 16;
        int column = segment * Format::kBytes + at;
        bool valid = row < w.count && column < w.bytes;
        async_copy_16(stage + row * Tile::pitch + at, w.data + row * w.pitch + column, valid);
    }
}

constexpr unsigned kNoToken = 0xffffffffu;

// 16 elements of a token as operands of four products; zeros if not valid.
__device__ __forceinline__ void read_tokens(unsigned (&to)[8], const bf16* x, bool valid) {
    uint4 low = {0, 0, 0, 0};
    uint4 high = {0, 0, 0, 0};
    if (valid) {
        low = *reinterpret_cast<const uint4*>(x);
        high = *reinterpret_cast<const uint4*>(x + 8);
    }
    to[0] = low.x;
    to[1] = low.y;
    to[2] = low.z;
    to[3] = low.w;
    to[4] = high.x;
    to[5] = high.y;
    to[6] = high.z;
    to[7] = high.w;
}

// sum += W x^T of a segment.
template <class Format, class Tile>
__device__ __forceinline__ void multiply_segment(
    float (&sum)[Tile::rowTiles][Tile::tokenTiles][4], const uint8_t* stage,
    const bf16* x, const unsigned (&tokenAt)[Tile::tokenTiles], int first, int in) {
    int lane = threadIdx.x % kWarpSize;
#pragma unroll (Format::kUnrolled)
    for (int step = 0; step < kSegment; step += kStep) {
        int own = step + lane % 4 * 16;
        unsigned w[Tile::rowTiles][2][8];
#pragma unroll
        for (int i = 0; i < Tile::rowTiles; ++i) {
#pragma unroll
            for (int half = 0; half < 2; ++half) {
                int row = i * 16 + half * 8 + lane / 4;
                Format::read(w[i][half], stage + row * Tile::pitch, own);
            }
        }
#pragma unroll
        for (int j = 0; j < Tile::tokenTiles; ++j) {
            unsigned tokens[8];
            read_tokens(tokens, x + static_cast<long long>(tokenAt[j]) * kChunk + first + own,
                        tokenAt[j] != kNoToken && first + own < in);
#pragma unroll
            for (int k = 0; k < 8; k += 2) {
                const unsigned b[2] = {tokens[k], tokens[k + 1]};
#pragma unroll
                for (int i = 0; i < Tile::rowTiles; ++i) {
                    const unsigned a[4] = {w[i][0][k], w[i][1][k], w[i][0][k + 1],
                                           w[i][1][k + 1]};
                    mma_bf16(sum[i][j], a, b);
                }
            }
        }
    }
}

// The adapter's part of 8 results of a token.
__device__ __forceinline__ void add_low_rank(float (&product)[kChunk], const bf16* s,
                                             const Matrix& up, int left) {
#pragma unroll 1
    for (int r = 0; r < up.columns; r += kChunk) {
        float own[kChunk];
        load_chunk(own, s + r, kChunk, true);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            if (e < left) {
                float factor[kChunk];
                load_chunk(factor, up.data + static_cast<long long>(e) * up.pitch + r, kChunk, true);
#pragma unroll
                for (int i = 0; i < kChunk; ++i) {
                    product[e] += own[i] * factor[i];
                }
            }
        }
    }
}

template <class Format, int maxTokens>
__device__ __forceinline__ void linear_few(const Rows& x, const uint8_t* weight, const bf16* s,
                                           int pitch, const Shares& shares,
                                           const Epilogue<bf16>& epilogue, bf16* out, int in,
                                           int columns) {
    typedef FewTile<Format, maxTokens> Tile;
    DYNAMIC_SHARED(uint8_t, shared);
    int lane = threadIdx.x % kWarpSize;
    int warp = threadIdx.x / kWarpSize;
    int firstColumn = blockIdx.x * Tile::rows;
    int rowBytes = in / kSegment * Format::kBytes + in % kSegment;  // whole segments, or bytes
    FewRows w = {weight + static_cast<long long>(firstColumn) * rowBytes, rowBytes,
                 columns - firstColumn, rowBytes};
    uint8_t* stages = shared + warp * Tile::warpBytes;
    int segments = (in + kSegment - 1) / kSegment;

    unsigned tokenAt[Tile::tokenTiles];  // in chunks from x on
#pragma unroll
    for (int j = 0; j < Tile::tokenTiles; ++j) {
        int token = j * 8 + lane / 4;
        long long at = token / x.seqLen * x.batchStride + token % x.seqLen * x.rowStride;
        tokenAt[j] = token < x.end ? static_cast<unsigned>(at / kChunk) : kNoToken;
    }

    float sum[Tile::rowTiles][Tile::tokenTiles][4] = {};
    if (warp < segments) {
        copy_segment<Format, Tile>(stages, w, warp);
    }
    async_commit();
    int stage = 0;
#pragma unroll 1
    for (int segment = warp; segment < segments; segment += kWarps) {
        if (segment + kWarps < segments) {
            copy_segment<Format, Tile>(stages + (stage ^ 1) * Tile::stageBytes, w,
                                       segment + kWarps);
        }
        async_commit();
        async_wait<1>();
        __syncwarp();  // the other lanes' copies of this segment are there
        multiply_segment<Format, Tile>(sum, stages + stage * Tile::stageBytes, x.data,
                                       tokenAt, segment * kSegment, in);
        __syncwarp();  // it has been read
        stage ^= 1;
    }

    // [token][row of W] of each warp
    float* own = reinterpret_cast<float*>(stages);
    async_wait<0>();
    __syncwarp();
#pragma unroll
    for (int i = 0; i < Tile::rowTiles; ++i) {
#pragma unroll
        for (int j = 0; j < Tile::tokenTiles; ++j) {
#pragma unroll
            for (int e = 0; e < 4; ++e) {
                int row = i * 16 + e / 2 * 8 + lane / 4;
                int token = j * 8 + lane % 4 * 2 + e % 2;
                own[token * Tile::sumPitch + row] = sum[i][j][e];
            }
        }
    }
    __syncthreads();  // the sums of all warps are there
    bool chunks = moves_chunks(epilogue, out, columns);
    constexpr int runs = Tile::rows / kChunk;
#pragma unroll 1
    for (int i = threadIdx.x; i < maxTokens * runs; i += kThreads) {
        int token = i / runs;
        int row = i % runs * kChunk;
        int column = firstColumn + row;
        if (token < x.end && column < columns) {
            float product[kChunk] = {};
#pragma unroll
            for (int part = 0; part < kWarps; ++part) {
                const float* from = reinterpret_cast<const float*>(shared + part * Tile::warpBytes) +
                                    token * Tile::sumPitch + row;
#pragma unroll
                for (int e = 0; e < kChunk; ++e) {
                    product[e] += from[e];
                }
            }
            Matrix up = up_of(shares.of[token / shares.rows], columns);
            up.data += static_cast<long long>(column) * up.pitch;
            add_low_rank(product, s + static_cast<long long>(token) * pitch, up, columns - column);
            write_chunk(epilogue, out, token, column, columns, chunks, product);
        }
    }
}

#define LINEAR_FEW(Format, name, tokens)                                                          \
    EXPORT_CONSTANT(linear_few_##name##_##tokens##_shared, (FewTile<Format, tokens>::sharedBytes)); \
    EXPORT_CONSTANT(linear_few_##name##_##tokens##_rows, (FewTile<Format, tokens>::rows));        \
    KERNEL(kThreads, linear_few_##name##_##tokens##_bf16, const bf16* x, long long batchStride,   \
           long long rowStride, int seqLen, const uint8_t* weight, const bf16* s, int pitch,      \
           Shares shares, const float* bias, int activation, const bf16* gate,                    \
           long long gateStride, const bf16* residual, bf16* out, int in, int columns) {          \
        linear_few<Format, tokens>(                                                               \
            {x, batchStride, rowStride, seqLen, shares.count * shares.rows}, weight, s, pitch,    \
            shares, {bias, activation, gate, gateStride, residual, seqLen}, out, in, columns);    \
    }

#define LINEAR_FEW_TOKENS(Format, name) \
    LINEAR_FEW(Format, name, 8)         \
    LINEAR_FEW(Format, name, 32)        \
    LINEAR_FEW(Format, name, 64)

LINEAR_FEW_TOKENS(FewE4M3, e4m3)
LINEAR_FEW_TOKENS(FewInt8, i8)
LINEAR_FEW_TOKENS(FewQ8_0, q8_0)
LINEAR_FEW_TOKENS(FewQ4_0, q4_0)
LINEAR_FEW_TOKENS(FewQ4_K, q4_k)
