// The frozen weight and its low-rank addition as one product, on plain arithmetic units: the path
// for f32, for depths that are no multiple of 8, and for few rows. For the rest: linear_mma.cu.
//
//   out = residual + gate * act(x W^T + bias + S B^T),  S = scale x A^T diag(scales)
//                                                                              arXiv 2106.09685
//
// Each share of the rows has an A and a B of its own, or none (include/shares.cuh).
// x [batch, seqLen, in] with any strides of batch and row; W [out, in], A [rank, in] and B [out,
// rank] of any float dtype; scales [rank] f32, ones where absent; bias f32; gate, residual, out as x
// (f32 or bf16). S [rows, pitch] f32 is made first by low_rank_*; pitch is the largest rank. The product
// with B goes into the same sums as the one with W, so that the result is written once.
//
//   linear_tile_*  64 x 64 results a block (include/tile.cuh). Bound by arithmetic.
//   linear_rows_*  a warp for each column and up to kFewRows rows; lanes share the depth in runs of
//                  8, so that W is read once, in order. Bound by reading W: for modulation and
//                  embeddings.
//   low_rank_*     linear_rows without anything after the product, times the scales, to f32.
//
// Launcher: glance.backend.cuda.LinearPlain. Test: glance.ops.parity.LinearCases.
// Benchmark: bench kernels --variant linear=plain --only lora.
#include "include/chunk.cuh"
#include "include/epilogue.cuh"
#include "include/glance.cuh"
#include "include/reduce.cuh"
#include "include/shares.cuh"
#include "include/tile.cuh"

constexpr int kRowsThreads = 256;
constexpr int kFewRows = 4;
EXPORT_CONSTANT(linear_tile_rows, kTileRows);
EXPORT_CONSTANT(linear_tile_columns, kTileColumns);
EXPORT_CONSTANT(linear_few_rows, kFewRows);
EXPORT_CONSTANT(linear_shares, kMaxShares);

// The argument x and where its rows lie.
template <class T>
struct Rows {
    const T* data;
    long long batchStride;
    long long rowStride;
    int seqLen;

    __device__ __forceinline__ const T* row(long long i) const {
        return data + i / seqLen * batchStride + i % seqLen * rowStride;
    }
};

// A matrix of a dtype known at run time.
struct Matrix {
    const void* data;
    int dtype;

    __device__ __forceinline__ float at(long long i) const { return load_any(data, i, dtype); }
};

template <class T>
__device__ __forceinline__ void linear_tile(Rows<T> x, Matrix weight, const float* s, int pitch,
                                            const Shares& shares, Epilogue<T> epilogue, T* out,
                                            int in, int columns) {
    SHARED_ARRAY(Tiles, tiles, [1]);
    ShareRows own = ShareRows::of(shares, blockIdx.y, kTileRows);
    Matrix up{shares.of[own.share].up, shares.of[own.share].upType};
    int rank = shares.of[own.share].rank;
    long long firstRow = own.first;
    long long rows = own.end;
    int firstColumn = blockIdx.x * kTileColumns;
    float sum[kPerThread][kPerThread] = {};
    accumulate_tile(
        tiles[0], sum, in,
        [&](int m, int k) {
            return firstRow + m < rows ? to_float(x.row(firstRow + m)[k]) : 0.0f;
        },
        [&](int n, int k) {
            bool inside = firstColumn + n < columns;
            return inside ? weight.at(static_cast<long long>(firstColumn + n) * in + k) : 0.0f;
        });
    if (rank > 0) {
        accumulate_tile(
            tiles[0], sum, rank,
            [&](int m, int k) {
                return firstRow + m < rows ? s[(firstRow + m) * pitch + k] : 0.0f;
            },
            [&](int n, int k) {
                bool inside = firstColumn + n < columns;
                return inside ? up.at(static_cast<long long>(firstColumn + n) * rank + k) : 0.0f;
            });
    }
    write_tile(sum, [&](int m, int n, float product) {
        long long row = firstRow + m;
        int column = firstColumn + n;
        if (row < rows && column < columns) {
            out[row * columns + column] =
                from_float<T>(epilogue.apply(product, row, column, columns));
        }
    });
}

// Whether rows of x and of the matrix can be read in runs of 8 elements.
template <class T>
__device__ __forceinline__ bool reads_chunks(Rows<T> x, Matrix matrix, int in) {
    return in % kChunk == 0 && x.batchStride % kChunk == 0 && x.rowStride % kChunk == 0 &&
           is_aligned(x.data, 16) && is_aligned(matrix.data, 16);
}

// The products of kFewRows rows from firstRow on with one row of the matrix, in every lane.
template <class T>
__device__ __forceinline__ void dot_rows(Rows<T> x, Matrix matrix, long long firstRow,
                                         long long rows, int column, int in,
                                         float (&sum)[kFewRows]) {
    int lane = threadIdx.x % kWarpSize;
    bool whole = reads_chunks(x, matrix, in);
    for (int k = lane * kChunk; k < in; k += kWarpSize * kChunk) {
        float w[kChunk];
        load_chunk(w, matrix.data, static_cast<long long>(column) * in + k, matrix.dtype, in - k,
                   whole);
#pragma unroll
        for (int r = 0; r < kFewRows; ++r) {
            if (firstRow + r < rows) {
                float own[kChunk];
                load_chunk(own, x.row(firstRow + r) + k, in - k, whole);
#pragma unroll
                for (int e = 0; e < kChunk; ++e) {
                    sum[r] += own[e] * w[e];
                }
            }
        }
    }
#pragma unroll
    for (int r = 0; r < kFewRows; ++r) {
        sum[r] = warp_sum(sum[r]);
    }
}

__device__ __forceinline__ int own_column() {
    return blockIdx.x * (kRowsThreads / kWarpSize) + threadIdx.x / kWarpSize;
}

template <class T>
__device__ __forceinline__ void linear_rows(Rows<T> x, Matrix weight, const float* s, int pitch,
                                            const Shares& shares, Epilogue<T> epilogue, T* out,
                                            int in, int columns) {
    int column = own_column();
    ShareRows own = ShareRows::of(shares, blockIdx.y, kFewRows);
    Matrix up{shares.of[own.share].up, shares.of[own.share].upType};
    int rank = shares.of[own.share].rank;
    long long firstRow = own.first;
    long long rows = own.end;
    if (column >= columns) {
        return;
    }
    float sum[kFewRows] = {};
    dot_rows(x, weight, firstRow, rows, column, in, sum);
    int lane = threadIdx.x % kWarpSize;
    if (lane < kFewRows && firstRow + lane < rows) {
        long long row = firstRow + lane;
        float product = 0.0f;
#pragma unroll
        for (int r = 0; r < kFewRows; ++r) {
            product = lane == r ? sum[r] : product;
        }
        for (int k = 0; k < rank; ++k) {
            product += s[row * pitch + k] * up.at(static_cast<long long>(column) * rank + k);
        }
        out[row * columns + column] =
            from_float<T>(epilogue.apply(product, row, column, columns));
    }
}

template <class T>
__device__ __forceinline__ void low_rank(Rows<T> x, const Shares& shares, float* s, int in,
                                         int pitch) {
    int column = own_column();
    ShareRows own = ShareRows::of(shares, blockIdx.y, kFewRows);
    const Share& share = shares.of[own.share];
    int firstRow = own.first;
    int rows = own.end;
    if (column >= share.rank) {
        return;
    }
    float sum[kFewRows] = {};
    dot_rows(x, Matrix{share.down, share.downType}, firstRow, rows, column, in, sum);
    if (threadIdx.x % kWarpSize == 0) {
        float scale = share.scales == nullptr ? share.scale : share.scale * share.scales[column];
#pragma unroll
        for (int r = 0; r < kFewRows; ++r) {
            if (firstRow + r < rows) {
                s[static_cast<long long>(firstRow + r) * pitch + column] = scale * sum[r];
            }
        }
    }
}

#define LINEAR(T, kind, suffix, threads)                                                        \
    KERNEL(threads, linear_##kind##_##suffix, const T* x, long long batchStride,                \
           long long rowStride, int seqLen, const void* weight, int weightType, const float* s, \
           int pitch, Shares shares, const float* bias, int activation, const T* gate,          \
           long long gateStride, const T* residual, T* out, int in, int columns) {              \
        Rows<T> xs{x, batchStride, rowStride, seqLen};                                          \
        Epilogue<T> epilogue{bias, activation, gate, gateStride, residual, seqLen};             \
        linear_##kind<T>(xs, {weight, weightType}, s, pitch, shares, epilogue, out, in,         \
                         columns);                                                              \
    }

#define ENTRY_POINTS(T, suffix)                                                                \
    LINEAR(T, tile, suffix, kTileThreads)                                                      \
    LINEAR(T, rows, suffix, kRowsThreads)                                                      \
    KERNEL(kRowsThreads, low_rank_##suffix, const T* x, long long batchStride,                 \
           long long rowStride, int seqLen, Shares shares, float* s, int in, int pitch) {      \
        Rows<T> xs{x, batchStride, rowStride, seqLen};                                         \
        low_rank<T>(xs, shares, s, in, pitch);                                                 \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
