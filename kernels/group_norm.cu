// GroupNorm, channels last, in two operations: statistics of a whole picture, which may come in
// strips, then the norm of the picture or of a strip.                          arXiv 1803.08494
//
//   group_sums        per row of pixels and group of channels: sum of x and sum of x^2
//   group_statistics  per sample and group: mean and 1 / sqrt(var + eps), of the sums of all rows
//   group_norm        out = act((x - mean) * inverse * weight + bias)
//
// x and out [batch, height, width, channels], both f32 or bf16, packed; statistics [batch, groups, 2],
// weight and bias [channels] f32. Sums are f64, made pixel by pixel and then added in a fixed order,
// so that the result depends neither on the grid nor on the strips: E[x^2] - mean^2 of f32 sums would
// cancel. group_sums: a block takes a row of a sample, a thread one channel of every lanes-th pixel.
// group_norm: a thread keeps the parameters of 16 bytes of channels and walks down the pixels; where
// addresses or sizes forbid vectors, of one channel. Bound
// by memory: x is read once by each, out written once; the f64 sums stay below that even where f64
// has 1/64 of the rate of f32.
//
// Entry points: group_{sums, norm}_{f32, bf16}, group_statistics. Launcher:
// glance.backend.cuda.GroupNormKernels. Test: glance.ops.parity.GroupNormCases.
// Benchmark: bench kernels --only groupnorm.
#include "include/activation.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;

// Pixels that a thread of group_norm walks: enough to pay for loading its parameters.
constexpr int kPixelsEach = 8;
EXPORT_CONSTANT(group_norm_pixels_each, kPixelsEach);

constexpr int kVectorBytes = 16;

// How many threads take different pixels of the same channels.
__device__ __forceinline__ int pixel_lanes(int columns) {
    return columns < kThreads ? kThreads / columns : 1;
}

struct Sums {
    double x;
    double squares;
};

// sums [batch, picture rows, groups], of which this strip fills the rows from firstRow. Shared
// memory: a Sums for each channel of each lane.
template <class T>
__device__ __forceinline__ void group_sums(const T* x, Sums* sums, int width, int channels,
                                           int groups, int firstRow, int pictureRows) {
    DYNAMIC_SHARED(Sums, partial);
    long long row = static_cast<long long>(blockIdx.y) * gridDim.x + blockIdx.x;
    x += row * width * channels;
    int lanes = pixel_lanes(channels);
    for (int slot = threadIdx.x; slot < lanes * channels; slot += kThreads) {
        Sums own = {0.0, 0.0};
        int channel = slot % channels;
        for (int pixel = slot / channels; pixel < width; pixel += lanes) {
            double v = to_float(x[static_cast<long long>(pixel) * channels + channel]);
            own.x += v;
            own.squares += v * v;
        }
        partial[slot] = own;
    }
    __syncthreads();  // partial sums are written
    sums += (static_cast<long long>(blockIdx.y) * pictureRows + firstRow + blockIdx.x) * groups;
    int perGroup = channels / groups;
    for (int group = threadIdx.x; group < groups; group += kThreads) {
        Sums all = {0.0, 0.0};
        for (int lane = 0; lane < lanes; ++lane) {
            for (int c = 0; c < perGroup; ++c) {
                Sums one = partial[lane * channels + group * perGroup + c];
                all.x += one.x;
                all.squares += one.squares;
            }
        }
        sums[group] = all;
    }
}

// A warp for each group of each sample, a lane every 32nd row.
__device__ __forceinline__ void group_statistics_of(const Sums* sums, float* statistics,
                                                    int sampleGroups, int groups, int rows,
                                                    double count, float eps) {
    SHARED_ARRAY(Sums, partial, [kThreads]);
    int warp = threadIdx.x / kWarpSize;
    int lane = threadIdx.x % kWarpSize;
    int own = blockIdx.x * (kThreads / kWarpSize) + warp;
    if (own >= sampleGroups) {
        return;  // the whole warp
    }
    sums += static_cast<long long>(own / groups) * rows * groups + own % groups;
    Sums some = {0.0, 0.0};
    for (int row = lane; row < rows; row += kWarpSize) {
        Sums one = sums[static_cast<long long>(row) * groups];
        some.x += one.x;
        some.squares += one.squares;
    }
    partial[threadIdx.x] = some;
    __syncwarp();  // partial sums are written
    if (lane == 0) {
        Sums all = {0.0, 0.0};
        for (int i = 0; i < kWarpSize; ++i) {
            all.x += partial[threadIdx.x + i].x;
            all.squares += partial[threadIdx.x + i].squares;
        }
        double mean = all.x / count;
        double variance = all.squares / count - mean * mean;
        statistics[2 * own] = static_cast<float>(mean);
        statistics[2 * own + 1] =
            static_cast<float>(1.0 / sqrt((variance > 0.0 ? variance : 0.0) + eps));
    }
}

template <class T, int kPack>
struct alignas(kPack * sizeof(T)) Pack {
    T values[kPack];
};

template <class T, int kPack>
__device__ __forceinline__ void group_norm_packed(const T* x, const float* statistics,
                                                  const float* weight, const float* bias, T* out,
                                                  int pixels, int channels, int groups,
                                                  int activation) {
    int columns = channels / kPack;
    int lanes = pixel_lanes(columns);
    int perGroup = channels / groups;
    statistics += static_cast<long long>(blockIdx.y) * groups * 2;
    long long sample = static_cast<long long>(blockIdx.y) * pixels;
    int first = blockIdx.x * lanes * kPixelsEach;
    for (int slot = threadIdx.x; slot < lanes * columns; slot += kThreads) {
        int channel = slot % columns * kPack;
        float mean[kPack];
        float scale[kPack];
        float shift[kPack];
#pragma unroll
        for (int i = 0; i < kPack; ++i) {
            int group = (channel + i) / perGroup;
            mean[i] = statistics[2 * group];
            scale[i] = statistics[2 * group + 1] * weight[channel + i];
            shift[i] = bias[channel + i];
        }
        for (int step = 0; step < kPixelsEach; ++step) {
            int pixel = first + step * lanes + slot / columns;
            if (pixel >= pixels) {
                break;
            }
            long long at = (sample + pixel) * channels + channel;
            Pack<T, kPack> in = *reinterpret_cast<const Pack<T, kPack>*>(x + at);
            float v[kPack];
#pragma unroll
            for (int i = 0; i < kPack; ++i) {
                v[i] = (to_float(in.values[i]) - mean[i]) * scale[i] + shift[i];
            }
            activate<T>(activation, v);
            Pack<T, kPack> result;
#pragma unroll
            for (int i = 0; i < kPack; ++i) {
                result.values[i] = from_float<T>(v[i]);
            }
            *reinterpret_cast<Pack<T, kPack>*>(out + at) = result;
        }
    }
}

// Bits of an address or of a size in bytes that forbid vectors.
template <class T>
__device__ __forceinline__ bool takes_vectors(const T* x, const T* out, int channels) {
    return ((reinterpret_cast<uintptr_t>(x) | reinterpret_cast<uintptr_t>(out) |
             channels * sizeof(T)) %
            kVectorBytes) == 0;
}

#define ENTRY_POINTS(T, suffix)                                                                  \
    KERNEL(kThreads, group_sums_##suffix, const T* x, Sums* sums, int width, int channels,       \
           int groups, int firstRow, int pictureRows) {                                          \
        group_sums<T>(x, sums, width, channels, groups, firstRow, pictureRows);                  \
    }                                                                                            \
    KERNEL(kThreads, group_norm_##suffix, const T* x, const float* statistics,                   \
           const float* weight, const float* bias, T* out, int pixels, int channels, int groups, \
           int activation) {                                                                     \
        if (takes_vectors(x, out, channels)) {                                                   \
            group_norm_packed<T, kVectorBytes / sizeof(T)>(x, statistics, weight, bias, out,     \
                                                           pixels, channels, groups,             \
                                                           activation);                          \
        } else {                                                                                 \
            group_norm_packed<T, 1>(x, statistics, weight, bias, out, pixels, channels, groups,  \
                                    activation);                                                 \
        }                                                                                        \
    }

ENTRY_POINTS(float, f32)
ENTRY_POINTS(bf16, bf16)

KERNEL(kThreads, group_statistics, const Sums* sums, float* statistics, int sampleGroups,
       int groups, int rows, long long count, float eps) {
    group_statistics_of(sums, statistics, sampleGroups, groups, rows, static_cast<double>(count),
                        eps);
}
