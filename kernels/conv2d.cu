// Convolution, channels last, as an implicit matrix product on plain arithmetic units: the path for
// f32 and for channels that are no multiple of 8. For the rest: conv2d_mma.cu.
//
//   out[b, y, x, o] = bias[o] + residual[b, y, x, o]
//                   + sum over i, j, c of in[b, y stride + i - top, x stride + j - left, c] w[o, i, j, c]
//
// Rows of the product are the pixels of the result, its depth is (i, j, c), so neighbouring depths
// are neighbouring channels. in, residual, out f32 or bf16, packed; w [out, kh, kw, channels] of any
// float dtype; bias f32. 64 x 64 results a block (include/tile.cuh). Bound by arithmetic.
//
// Entry points: conv2d_{f32, bf16}. Launcher: glance.backend.cuda.Conv2dPlain. Test:
// glance.ops.parity.Conv2dCases.
// Benchmark: bench kernels --variant conv2d=plain --only conv2d.
#include "include/glance.cuh"
#include "include/tile.cuh"

EXPORT_CONSTANT(conv2d_tile_rows, kTileRows);
EXPORT_CONSTANT(conv2d_tile_columns, kTileColumns);

// Sizes of the input, the result and the window.
struct Window {
    int height, width, channels;
    int outHeight, outWidth;
    int kernelHeight, kernelWidth;
    int stride, top, left;
};

template <class T>
__device__ __forceinline__ void conv2d(const T* x, const void* weight, int weightType,
                                       const float* bias, const T* residual, T* out,
                                       long long pixels, int columns, Window w) {
    SHARED_ARRAY(Tiles, tiles, [1]);
    long long firstRow = static_cast<long long>(blockIdx.x) * kTileRows;
    int firstColumn = blockIdx.y * kTileColumns;
    int depth = w.kernelHeight * w.kernelWidth * w.channels;
    float sum[kPerThread][kPerThread] = {};
    accumulate_tile(
        tiles[0], sum, depth,
        [&](int m, int k) {
            long long pixel = firstRow + m;
            int column = static_cast<int>(pixel % w.outWidth);
            int row = static_cast<int>(pixel / w.outWidth % w.outHeight);
            long long sample = pixel / w.outWidth / w.outHeight;
            int tap = k / w.channels;
            int y = row * w.stride + tap / w.kernelWidth - w.top;
            int z = column * w.stride + tap % w.kernelWidth - w.left;
            bool inside = pixel < pixels && y >= 0 && y < w.height && z >= 0 && z < w.width;
            long long at = ((sample * w.height + y) * w.width + z) * w.channels + k % w.channels;
            return inside ? to_float(x[at]) : 0.0f;
        },
        [&](int n, int k) {
            bool inside = firstColumn + n < columns;
            return inside ? load_any(weight, static_cast<long long>(firstColumn + n) * depth + k,
                                     weightType)
                          : 0.0f;
        });
    write_tile(sum, [&](int m, int n, float product) {
        long long pixel = firstRow + m;
        int column = firstColumn + n;
        if (pixel < pixels && column < columns) {
            long long at = pixel * columns + column;
            float y = product + (bias == nullptr ? 0.0f : bias[column]);
            out[at] = from_float<T>(residual == nullptr ? y : y + to_float(residual[at]));
        }
    });
}

#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kTileThreads, conv2d_##suffix, const T* x, const void* weight, int weightType,         \
           const float* bias, const T* residual, T* out, long long pixels, int columns,           \
           int height, int width, int channels, int outHeight, int outWidth, int kernelHeight,    \
           int kernelWidth, int stride, int top, int left) {                                      \
        conv2d<T>(x, weight, weightType, bias, residual, out, pixels, columns,                    \
                  {height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth,       \
                   stride, top, left});                                                           \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
