// Gradients of operations that treat elements one by one, and sums into memory. All f32.
//
//   fill             out[i] = value
//   accumulate       out[i] += x[i], any strides (up to 6 dimensions, as in copy.cu)
//   activation_grad  dx[i] = act'(x[i]) dy[i]
//   gate_grad        dy of y: out[b, s, d] = gate[b, d] dy[b, s, d]
//
// Threads stride over the elements. Bound by memory.
//
// Entry points: as above. Launcher: glance.backend.cuda.GradientKernels. Test:
// glance.backend.cuda.EmulatedModelTest.
#include "include/activation.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;
constexpr int kMaxRank = 6;

struct Layout {
    long long size[kMaxRank];
    long long from[kMaxRank];
    long long to[kMaxRank];
};

#define FOR_EACH_ELEMENT(i, n)                                                        \
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; \
         i < (n); i += static_cast<long long>(gridDim.x) * blockDim.x)

// Slope of x s(z), s the sigmoid and z = linear x + cubic x^3.
__device__ __forceinline__ float sigmoid_slope(float x, float linear, float cubic) {
    float s = sigmoid(x * (linear + cubic * x * x));
    return s + x * s * (1.0f - s) * (linear + 3.0f * cubic * x * x);
}

__device__ __forceinline__ float slope(int activation, float x) {
    switch (activation) {
        case kGeluTanh:
            return sigmoid_slope(x, 1.595769122f, 0.07135481283f);
        case kGeluErf:
            return 0.5f * erfcf(-0.70710678f * x) + x * 0.3989422804f * expf(-0.5f * x * x);
        case kQuickGelu:
            return sigmoid_slope(x, 1.702f, 0.0f);
        case kSilu:
            return sigmoid_slope(x, 1.0f, 0.0f);
        case kHardTanh:
            return x > -1.0f && x < 1.0f ? 1.0f : 0.0f;
        default:
            return 1.0f;
    }
}

KERNEL(kThreads, fill_f32, float* out, long long n, float value) {
    FOR_EACH_ELEMENT(i, n) { out[i] = value; }
}

KERNEL(kThreads, accumulate_f32, const float* x, float* out, long long n, Layout layout) {
    FOR_EACH_ELEMENT(i, n) {
        long long rest = i;
        long long source = 0;
        long long target = 0;
#pragma unroll
        for (int axis = kMaxRank - 1; axis >= 0; --axis) {
            if (layout.size[axis] > 1) {
                long long at = rest % layout.size[axis];
                rest /= layout.size[axis];
                source += at * layout.from[axis];
                target += at * layout.to[axis];
            }
        }
        out[target] += x[source];
    }
}

KERNEL(kThreads, activation_grad_f32, const float* x, const float* dy, float* dx, long long n,
       int activation) {
    FOR_EACH_ELEMENT(i, n) { dx[i] = slope(activation, x[i]) * dy[i]; }
}

KERNEL(kThreads, gate_grad_f32, const float* gate, long long gateStride, const float* dy,
       float* out, long long n, int seqLen, int dim) {
    long long perSample = static_cast<long long>(seqLen) * dim;
    FOR_EACH_ELEMENT(i, n) { out[i] = gate[i / perSample * gateStride + i % dim] * dy[i]; }
}
