// Loss, gradient norm and optimizer. All f32.
//
//   mse_loss     loss = mean((p - t)^2), gradient = 2 (p - t) / n
//   sum_squares  slot = sum of x^2
//   root_of_sum  out = sqrt(sum of the slots)
//   adamw        g = clip gradient; m += (g - m) (1 - beta1); v = v beta2 + g^2 (1 - beta2);
//                x = x decay - stepSize m / (sqrt(v) / correction + eps)       arXiv 1711.05101
//
// The sums run in one block, in a fixed order and in f64: same bits every time. Bound by memory.
//
// Lost to optimizer.cu: launches for each parameter, 1,440 for an adapter of 720 modules instead of 1;
// and a sum in one block leaves all multiprocessors but one idle.
#include "../include/glance.cuh"

constexpr int kThreads = 256;

// The sum over the block.
__device__ __forceinline__ double sum_in_order(double x) {
    SHARED_ARRAY(double, partial, [kThreads]);
    partial[threadIdx.x] = x;
    for (int half = kThreads / 2; half > 0; half /= 2) {
        __syncthreads();  // partial sums of the last round are written
        if (static_cast<int>(threadIdx.x) < half) {
            partial[threadIdx.x] += partial[threadIdx.x + half];
        }
    }
    __syncthreads();  // the sum is written
    return partial[0];
}

KERNEL(kThreads, mse_loss_f32, const float* prediction, const float* target, float* gradient,
       float* loss, long long n) {
    double sum = 0.0;
    for (long long i = threadIdx.x; i < n; i += kThreads) {
        float difference = prediction[i] - target[i];
        sum += static_cast<double>(difference) * difference;
        gradient[i] = 2.0f * difference / static_cast<float>(n);
    }
    sum = sum_in_order(sum);
    if (threadIdx.x == 0) {
        loss[0] = static_cast<float>(sum / static_cast<double>(n));
    }
}

KERNEL(kThreads, sum_squares_f32, const float* x, long long n, double* slot) {
    double sum = 0.0;
    for (long long i = threadIdx.x; i < n; i += kThreads) {
        sum += static_cast<double>(x[i]) * x[i];
    }
    sum = sum_in_order(sum);
    if (threadIdx.x == 0) {
        slot[0] = sum;
    }
}

KERNEL(kThreads, root_of_sum_f32, const double* slots, int count, float* out) {
    double sum = 0.0;
    for (int i = threadIdx.x; i < count; i += kThreads) {
        sum += slots[i];
    }
    sum = sum_in_order(sum);
    if (threadIdx.x == 0) {
        out[0] = static_cast<float>(sqrt(sum));
    }
}

KERNEL(kThreads, adamw_f32, float* x, const float* gradient, float* m, float* v, long long n,
       float clip, float beta1, float beta2, float eps, float decay, float stepSize,
       float correction) {
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        float g = gradient[i] * clip;
        m[i] += (g - m[i]) * (1.0f - beta1);
        v[i] = v[i] * beta2 + g * g * (1.0f - beta2);
        x[i] = x[i] * decay - stepSize * m[i] / (sqrtf(v[i]) / correction + eps);
    }
}
