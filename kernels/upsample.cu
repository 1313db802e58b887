// Each pixel becomes a 2 x 2 square: out[b, y, x, c] = in[b, y / 2, x / 2, c]; channels last.
//
// f32 or bf16. Threads stride over the elements of the result. Bound by memory.
//
// Entry points: upsample_nearest_2x_{f32, bf16}. Launcher: glance.backend.cuda.UpsampleKernel. Test:
// glance.ops.parity.Conv2dCases.
// Benchmark: bench kernels --only upsample.
#include "include/glance.cuh"

constexpr int kThreads = 256;

template <class T>
__device__ __forceinline__ void upsample_nearest_2x(const T* x, T* out, long long n, int height,
                                                    int width, int channels) {
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        long long channel = i % channels;
        long long column = i / channels % (2 * width);
        long long row = i / channels / (2 * width) % (2 * height);
        long long sample = i / channels / (2 * width) / (2 * height);
        out[i] = x[((sample * height + row / 2) * width + column / 2) * channels + channel];
    }
}

#define ENTRY_POINTS(T, suffix)                                                               \
    KERNEL(kThreads, upsample_nearest_2x_##suffix, const T* x, T* out, long long n, int height, \
           int width, int channels) {                                                         \
        upsample_nearest_2x<T>(x, out, n, height, width, channels);                           \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)
