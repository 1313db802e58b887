// Matrix products of the backward pass on plain arithmetic units, for f32 activations: f32 sums and
// results. In bf16 linear_mma.cu and low_rank_grad_mma.cu take their place.
//
//   mat_mul       out[m, n] = scale scales[n] * sum over k of a[m, k] b[k, n]; a f32, b of any float
//                 dtype, each may be stored transposed; scales f32, ones where absent; makes the
//                 gradients of an adapter's factors
//   linear_input  out = dy W + S A, S = scale dy B diag(scales) [rows, rank] f32 (made by mat_mul): the
//                 gradient of linear.cu towards x; W [columns, in] and A [rank, in] of any float dtype
//
// 64 x 64 results a block (include/tile.cuh). Bound by arithmetic.
//
// Launcher: glance.backend.cuda.LinearGradPlain. Test:
// glance.ops.parity.LinearInputCases, LowRankGradCases.
// Benchmark: bench kernels --dtype f32 --only 'linear.(input|factors)'.
#include "include/glance.cuh"
#include "include/tile.cuh"

EXPORT_CONSTANT(product_tile_rows, kTileRows);
EXPORT_CONSTANT(product_tile_columns, kTileColumns);

// Strides say how a and b are stored: a[m aRow + k aDepth], b[k bDepth + n bColumn].
KERNEL(kTileThreads, mat_mul_f32, const float* a, long long aRow, long long aDepth, const void* b,
       int bType, long long bDepth, long long bColumn, float* out, int rows, int columns, int depth,
       float scale, const float* scales) {
    SHARED_ARRAY(Tiles, tiles, [1]);
    int firstRow = blockIdx.y * kTileRows;
    int firstColumn = blockIdx.x * kTileColumns;
    float sum[kPerThread][kPerThread] = {};
    accumulate_tile(
        tiles[0], sum, depth,
        [&](int m, int k) {
            return firstRow + m < rows ? a[(firstRow + m) * aRow + k * aDepth] : 0.0f;
        },
        [&](int n, int k) {
            long long at = k * bDepth + (firstColumn + n) * bColumn;
            return firstColumn + n < columns ? load_any(b, at, bType) : 0.0f;
        });
    write_tile(sum, [&](int m, int n, float product) {
        if (firstRow + m < rows && firstColumn + n < columns) {
            float own = scales == nullptr ? scale : scale * scales[firstColumn + n];
            out[static_cast<long long>(firstRow + m) * columns + firstColumn + n] = own * product;
        }
    });
}

KERNEL(kTileThreads, linear_input_f32, const float* dy, const void* weight, int weightType,
       const float* s, const void* down, int downType, int rank, float* out, int rows, int columns,
       int in) {
    SHARED_ARRAY(Tiles, tiles, [1]);
    int firstRow = blockIdx.y * kTileRows;
    int firstColumn = blockIdx.x * kTileColumns;
    float sum[kPerThread][kPerThread] = {};
    auto below = [&](const float* matrix, int depth) {
        return [=](int m, int k) {
            bool inside = firstRow + m < rows;
            return inside ? matrix[static_cast<long long>(firstRow + m) * depth + k] : 0.0f;
        };
    };
    auto beside = [&](const void* matrix, int type) {
        return [=](int n, int k) {
            bool inside = firstColumn + n < in;
            long long at = static_cast<long long>(k) * in + firstColumn + n;
            return inside ? load_any(matrix, at, type) : 0.0f;
        };
    };
    accumulate_tile(tiles[0], sum, columns, below(dy, columns), beside(weight, weightType));
    if (rank > 0) {
        accumulate_tile(tiles[0], sum, rank, below(s, rank), beside(down, downType));
    }
    write_tile(sum, [&](int m, int n, float product) {
        if (firstRow + m < rows && firstColumn + n < in) {
            out[static_cast<long long>(firstRow + m) * in + firstColumn + n] = product;
        }
    });
}
