// Sums over rows, a thread for each column.
//
//   column_sums  sums[s, d] = sum over the rows t of sample s of dy[t, d] f[t, d], with f the
//                normalised x, x, or 1
//
// x [batch, seqLen, dim] with any strides of batch and row; dy and sums packed; all f32. In the order
// of rows and in f64: the same bits every time.
//
// Lost to sums.cu: 3,072 columns are 48 blocks of 2 warps, so that 60 of the 108 multiprocessors of an
// A100 are idle, and a thread adds up 4,096 rows one after the other.
#include "../include/glance.cuh"

constexpr int kColumnThreads = 64;

// f is x normalised by the moments if they are given, x itself if not, 1 if there is no x. Grid: y
// counts samples of sums, each of rowsEach rows; seqLen is that of x.
KERNEL(kColumnThreads, column_sums_f32, const float* dy, const float* x, long long batchStride,
       long long rowStride, const float* moments, float* sums, long long rowsEach, int seqLen,
       int dim) {
    int d = blockIdx.x * kColumnThreads + threadIdx.x;
    if (d >= dim) {
        return;
    }
    long long sample = blockIdx.y;
    double sum = 0.0;
    for (long long row = sample * rowsEach; row < (sample + 1) * rowsEach; ++row) {
        float f = 1.0f;
        if (x != nullptr) {
            f = x[row / seqLen * batchStride + row % seqLen * rowStride + d];
        }
        if (moments != nullptr) {
            f = (f - moments[2 * row]) * moments[2 * row + 1];
        }
        sum += static_cast<double>(dy[row * dim + d]) * f;
    }
    sums[sample * dim + d] = static_cast<float>(sum);
}
