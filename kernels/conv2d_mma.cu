// Convolution, channels last, as an implicit matrix product on tensor cores, bf16 with f32 sums.
//
//   out[b, y, x, o] = bias[o] + residual[b, y, x, o]
//                   + sum over i, j, c of in[b, y stride + i - top, x stride + j - left, c] w[o, i, j, c]
//
// Rows of the product are the pixels of the result, its depth is (i, j, c): 8 neighbouring channels
// are one asynchronous copy of 16 bytes, or zeros in the padding. So the number of channels has to be
// a multiple of 8, and in and w aligned to 16 bytes. in, residual, out packed bf16; w [out, kh, kw,
// channels] bf16; bias f32.
//
// A block makes a tile of 128 x 128 or 64 x 64 results (include/mma_tile.cuh). Bound by the tensor
// cores; the window of a pixel comes from the L2 cache for all taps but the first.
//
// Entry points: conv2d_mma_{128, 64}_bf16. Launcher: glance.backend.cuda.Conv2dMma. Test:
// glance.ops.parity.Conv2dCases.
// Benchmark: bench kernels --only conv2d.
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"
#include "include/mma_side.cuh"
#include "include/mma_tile.cuh"

EXPORT_TILE(conv2d_mma_large, LargeTile);
EXPORT_TILE(conv2d_mma_small, SmallTile);

// Sizes of the input, the result and the window.
struct Window {
    int height, width, channels;
    int outHeight, outWidth;
    int kernelHeight, kernelWidth;
    int stride, top, left;
};

// A thread's pixels of a tile, and where its chunk of the next slice lies in the window.
template <class Tile>
struct OwnPixels {
    const bf16* x;
    const Window& window;
    long long sample[Tile::passes];  // first element of the sample, or -1 beyond the last pixel
    int y[Tile::passes];             // of the window's first row
    int z[Tile::passes];             // of the window's first column
    int i, j, channel;

    __device__ __forceinline__ OwnPixels(const bf16* input, const Window& w, int firstPixel,
                                         int pixels)
        : x(input), window(w), i(0), j(0) {
#pragma unroll
        for (int pass = 0; pass < Tile::passes; ++pass) {
            int pixel = firstPixel + threadIdx.x / (Tile::depth / kChunk) +
                        pass * Tile::rowsOfPass;
            int line = pixel / w.outWidth;
            y[pass] = line % w.outHeight * w.stride - w.top;
            z[pass] = pixel % w.outWidth * w.stride - w.left;
            sample[pass] = pixel < pixels ? static_cast<long long>(line / w.outHeight) * w.height *
                                                w.width * w.channels
                                          : -1;
        }
        channel = threadIdx.x % (Tile::depth / kChunk) * kChunk;
        carry();
    }

    __device__ __forceinline__ void carry() {
        while (channel >= window.channels) {
            channel -= window.channels;
            if (++j == window.kernelWidth) {
                j = 0;
                ++i;
            }
        }
    }

    // Slices come in order.
    __device__ __forceinline__ void copy_next(bf16* slice) {
        copy_slice<Tile::rows, Tile::depth, Tile::threads>(slice, [&](int pass, int, int) {
            int row = y[pass] + i;
            int column = z[pass] + j;
            bool valid = sample[pass] >= 0 && i < window.kernelHeight && row >= 0 &&
                         row < window.height && column >= 0 && column < window.width;
            long long at = (static_cast<long long>(row) * window.width + column) * window.channels;
            return Chunk{valid ? x + sample[pass] + at + channel : x, valid};
        });
        channel += Tile::depth;
        carry();
    }
};

template <class Tile>
__device__ __forceinline__ void conv2d(const bf16* x, const bf16* weight,
                                       const Epilogue<bf16>& epilogue, bf16* out, int pixels,
                                       int columns, const Window& window) {
    DYNAMIC_SHARED(bf16, shared);
    TilePlace place = TilePlace::of<Tile>(pixels, columns);
    int depth = window.kernelHeight * window.kernelWidth * window.channels;
    RightWalk<Tile, kAlongDepth> right({weight, depth, columns, depth}, place.column);
    OwnPixels<Tile> own(x, window, place.row, pixels);
    Tile tile;
    tile.clear();
    tile.template accumulate<kAlongDepth>(
        shared, slices_of<Tile>(depth), [&](int, bf16* a, bf16* b) {
            own.copy_next(a);
            right.copy(b);
        });
    bool chunks = moves_chunks(epilogue, out, columns);
    tile.write(shared, [&](int i, int j, const float(&product)[kChunk]) {
        int row = place.row + i;
        int column = place.column + j;
        if (row < pixels && column < columns) {
            write_chunk(epilogue, out, row, column, columns, chunks, product);
        }
    });
}

#define CONV2D(Tile, size)                                                                       \
    KERNEL(Tile::threads, conv2d_mma_##size##_bf16, const bf16* x, const bf16* weight,           \
           const float* bias, const bf16* residual, bf16* out, int pixels, int columns,          \
           int height, int width, int channels, int outHeight, int outWidth, int kernelHeight,   \
           int kernelWidth, int stride, int top, int left) {                                     \
        conv2d<Tile>(x, weight, {bias, kNone, nullptr, 0, residual, 1}, out, pixels, columns,    \
                     {height, width, channels, outHeight, outWidth, kernelHeight, kernelWidth,   \
                      stride, top, left});                                                       \
    }

CONV2D(LargeTile, 128)
CONV2D(SmallTile, 64)
