// Sums over rows: the gradients of what was broadcast over tokens.
//
//   sum_rows         sums[c] = sum of x[r, c]
//   gate_grad        out[r, c] = gate[s, c] dy[r, c],  sums[s, c] = sum of dy[r, c] y[r, c] if wanted
//   layer_norm_sums  scale[s, c] = sum of dy[r, c] (x[r, c] - mean[r]) inverse[r],
//                    shift[s, c] = sum of dy[r, c]
//   sum_parts        out[i, j] = scale (sum over p of parts[p, i, j])
//
// The sums of a sample s run over its rows r. dy, y and out packed; x with any strides of batch and
// row, all f32 or bf16; moments [rows, 2] f32, from layer_norm_grad.
//
// In two steps, so that many blocks share a sum and yet its order is fixed: a block sums kPartRows
// rows of kColumns columns into parts [part, sample, column] f32, and sum_parts adds up the parts. A
// thread keeps 8 columns, read in 16 bytes where they are aligned, and takes every kRowsDown-th row:
//
//            kColumns = 64
//          +--+--+--+--+--+--+--+--+
//   rows   |t0|t1|      ...     |t7|   kRowsDown = 32 rows at a time, each in 8 runs of 8 columns
//          |t8| ...                |
//
// f32 sums of 8 terms a thread, then of 32 threads, then of the parts: the error grows with their
// sum, not with the number of rows. Bound by memory: every argument is read once.
//
// Entry points: the names above with _{f32, bf16}; sum_parts by the type of its result. Launcher:
// glance.backend.cuda.SumKernels. Test: glance.ops.parity.PointwiseGradCases, LayerNormGradCases.
// Benchmark: bench kernels --only linear.factors.
#include "include/chunk.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;
constexpr int kChunksAcross = 8;
constexpr int kColumns = kChunksAcross * kChunk;
constexpr int kRowsDown = kThreads / kChunksAcross;
constexpr int kPartRows = 256;
EXPORT_CONSTANT(sums_columns, kColumns);
EXPORT_CONSTANT(sums_part_rows, kPartRows);

// Grid: blocks of columns, parts, samples of `rows` rows each.
struct Block {
    int rows;
    int dim;

    __device__ __forceinline__ int column() const {
        return blockIdx.x * kColumns + threadIdx.x % kChunksAcross * kChunk;
    }

    // Calls take(row of all rows) for each of this thread's rows, if it has columns.
    template <class Take>
    __device__ __forceinline__ void each_row(Take take) const {
        int end = min(rows, static_cast<int>(blockIdx.y + 1) * kPartRows);
        if (column() < dim) {
            for (int row = blockIdx.y * kPartRows + threadIdx.x / kChunksAcross; row < end;
                 row += kRowsDown) {
                take(static_cast<long long>(blockIdx.z) * rows + row);
            }
        }
    }

    // Writes the block's sums of the threads' sums.
    __device__ __forceinline__ void write(const float (&sum)[kChunk], float* parts) const {
        SHARED_ARRAY(float, staged, [kRowsDown][kColumns]);
        __syncthreads();  // the last call's sums have been read
        store_chunk(&staged[threadIdx.x / kChunksAcross][threadIdx.x % kChunksAcross * kChunk],
                    sum, kChunk, true);
        __syncthreads();  // all sums are there
        int c = threadIdx.x;
        if (c < kColumns && blockIdx.x * kColumns + c < dim) {
            float total = 0.0f;
#pragma unroll
            for (int i = 0; i < kRowsDown; ++i) {
                total += staged[i][c];
            }
            long long part = static_cast<long long>(blockIdx.y) * gridDim.z + blockIdx.z;
            parts[part * dim + blockIdx.x * kColumns + c] = total;
        }
    }
};

template <class T>
__device__ __forceinline__ void sum_rows(const T* x, float* parts, int rows, int dim) {
    Block block{rows, dim};
    int column = block.column();
    int left = dim - column;
    bool whole = left >= kChunk && dim % kChunk == 0 && is_aligned(x, 16);
    float sum[kChunk] = {};
    block.each_row([&](long long row) {
        float term[kChunk];
        load_chunk(term, x + row * dim + column, left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            sum[e] += term[e];
        }
    });
    block.write(sum, parts);
}

template <class T>
__device__ __forceinline__ void gate_grad(const T* gate, long long gateStride, const T* y,
                                          const T* dy, T* out, float* parts, int rows, int dim) {
    Block block{rows, dim};
    int column = block.column();
    int left = dim - column;
    bool whole = left >= kChunk && dim % kChunk == 0 && is_aligned(y, 16) && is_aligned(dy, 16) &&
                 is_aligned(out, 16);
    bool sums = parts != nullptr;
    float sum[kChunk] = {};
    float factor[kChunk];
    load_chunk(factor, gate + blockIdx.z * gateStride + column, left, false);
    block.each_row([&](long long row) {
        long long at = row * dim + column;
        float value[kChunk], gradient[kChunk];
        load_chunk(gradient, dy + at, left, whole);
        if (sums) {
            load_chunk(value, y + at, left, whole);
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                sum[e] += value[e] * gradient[e];
            }
        }
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            gradient[e] *= factor[e];
        }
        store_chunk(out + at, gradient, left, whole);
    });
    if (sums) {
        block.write(sum, parts);
    }
}

template <class T>
__device__ __forceinline__ void layer_norm_sums(const T* x, long long batchStride,
                                                long long rowStride, int seqLen,
                                                const float* moments, const T* dy,
                                                float* scaleParts, float* shiftParts, int rows,
                                                int dim) {
    Block block{rows, dim};
    int column = block.column();
    int left = dim - column;
    bool whole = left >= kChunk && dim % kChunk == 0 && batchStride % kChunk == 0 &&
                 rowStride % kChunk == 0 && is_aligned(x, 16) && is_aligned(dy, 16);
    float scale[kChunk] = {};
    float shift[kChunk] = {};
    block.each_row([&](long long row) {
        float value[kChunk], gradient[kChunk];
        long long from = row / seqLen * batchStride + row % seqLen * rowStride;
        load_chunk(value, x + from + column, left, whole);
        load_chunk(gradient, dy + row * dim + column, left, whole);
        float mean = moments[2 * row];
        float inverse = moments[2 * row + 1];
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            scale[e] += gradient[e] * ((value[e] - mean) * inverse);
            shift[e] += gradient[e];
        }
    });
    block.write(scale, scaleParts);
    block.write(shift, shiftParts);
}

// out[i, j] lies at i rowStride + j columnStride: a transposed result is written as such.
template <class T>
__device__ __forceinline__ void sum_parts(const float* parts, int count, int rows, int columns,
                                          float scale, T* out, long long rowStride,
                                          long long columnStride) {
    int column = blockIdx.x * kThreads + threadIdx.x;
    if (column >= columns) {
        return;
    }
    long long each = static_cast<long long>(rows) * columns;
    const float* from = parts + static_cast<long long>(blockIdx.y) * columns + column;
    float sum = 0.0f;
    for (int part = 0; part < count; ++part) {
        sum += from[part * each];
    }
    out[blockIdx.y * rowStride + column * columnStride] = from_float<T>(scale * sum);
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, sum_rows_##suffix, const T* x, float* parts, int rows, int dim) {            \
        sum_rows<T>(x, parts, rows, dim);                                                         \
    }                                                                                             \
    KERNEL(kThreads, gate_grad_##suffix, const T* gate, long long gateStride, const T* y,         \
           const T* dy, T* out, float* parts, int rows, int dim) {                                \
        gate_grad<T>(gate, gateStride, y, dy, out, parts, rows, dim);                             \
    }                                                                                             \
    KERNEL(kThreads, layer_norm_sums_##suffix, const T* x, long long batchStride,                 \
           long long rowStride, int seqLen, const float* moments, const T* dy, float* scaleParts, \
           float* shiftParts, int rows, int dim) {                                                \
        layer_norm_sums<T>(x, batchStride, rowStride, seqLen, moments, dy, scaleParts,            \
                           shiftParts, rows, dim);                                                \
    }                                                                                             \
    KERNEL(kThreads, sum_parts_##suffix, const float* parts, int count, int rows, int columns,    \
           float scale, T* out, long long rowStride, long long columnStride) {                    \
        sum_parts<T>(parts, count, rows, columns, scale, out, rowStride, columnStride);           \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
