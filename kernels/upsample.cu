// Each pixel becomes a 2 x 2 square: out[b, y, x, c] = in[b, y / 2, x / 2, c]; channels last.
//
// f32 or bf16. A row of blocks makes a row of the result, where runs of 8 channels lie one after the
// other (single channels where they are no multiple of 8): one division for each run. Bound by memory.
//
// Entry points: upsample_nearest_2x_{f32, bf16}. Launcher: glance.backend.cuda.UpsampleKernel. Test:
// glance.ops.parity.Conv2dCases.
// Benchmark: bench kernels --only upsample.
#include "include/chunk.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;
EXPORT_CONSTANT(upsample_elements_each, kChunk);

// Row by row: from [height, width, channels] of a sample to twice as much.
template <class T, int run>
__device__ __forceinline__ void upsample_nearest_2x(const T* x, T* out, int rows, int height,
                                                    int width, int channels) {
    struct alignas(run > 1 ? 16 : alignof(T)) Run {
        T elements[run];
    };
    int runs = channels / run;
    int count = 2 * width * runs;
    for (int row = blockIdx.y; row < rows; row += gridDim.y) {
        long long from = row / (2 * height) * height + row % (2 * height) / 2;
        const Run* in = reinterpret_cast<const Run*>(x + from * width * channels);
        Run* to = reinterpret_cast<Run*>(out + static_cast<long long>(row) * 2 * width * channels);
        for (int i = blockIdx.x * kThreads + threadIdx.x; i < count; i += gridDim.x * kThreads) {
            int column = i / runs;
            to[i] = in[column / 2 * runs + (i - column * runs)];
        }
    }
}

// Grid: runs of a row, rows of the result.
#define ENTRY_POINTS(T, suffix)                                                                   \
    KERNEL(kThreads, upsample_nearest_2x_##suffix, const T* x, T* out, int rows, int height,      \
           int width, int channels) {                                                             \
        if (channels % kChunk == 0 && is_aligned(x, 16) && is_aligned(out, 16)) {                 \
            upsample_nearest_2x<T, kChunk>(x, out, rows, height, width, channels);                \
        } else {                                                                                  \
            upsample_nearest_2x<T, 1>(x, out, rows, height, width, channels);                     \
        }                                                                                         \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
