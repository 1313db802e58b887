// Loss, gradient norm and optimizer, the latter two in one launch over all parameters of an adapter.
//
//   mse_loss     gradient = 2 (p - t) / n, slots = sums of (p - t)^2
//   sum_squares  slots = sums of g^2 over the gradients of a table
//   mean_of_sums, root_of_sums
//                out = sum of the slots / n, sqrt(sum of the slots)
//   adamw        g = clip gradient; m += (g - m) (1 - beta1); v = v beta2 + g^2 (1 - beta2);
//                x = x decay - stepSize m / (sqrt(v) / correction + eps)       arXiv 1711.05101
//   adamw_8bit   the same with m and v in 8 bits                               arXiv 2110.02861
//
// p and gradient of mse_loss are f32 or bf16, t any float dtype; the rest is f32. A table lists the
// parameters; a block takes kElements elements of one of them, found by bisection over the number of
// its first block. Sums are f64 in a fixed order that depends on sizes only: same bits every time.
// Bound by memory.
//
// 8 bits: element i is values[code] * scale of its 256 elements, QuantizedBlocks has the values. A
// warp unpacks 256 elements, 8 a lane, steps, and packs them: new scale the largest magnitude, code
// the nearest value, the smaller of two equally near; a second moment above 0 gets no code of 0.
//
// Entry points: mse_loss_{f32, bf16}, the others with _f32. Launcher:
// glance.backend.cuda.OptimizerKernels. Test: glance.ops.parity.OptimizerCases, EightBitCases.
// Benchmark: bench kernels --only adamw.
#include "include/glance.cuh"
#include "include/reduce.cuh"

constexpr int kThreads = 256;
constexpr int kElements = 4096;  // of a block
constexpr int kQuantized = 256;  // elements of a scale
constexpr int kCodes = 256;
constexpr int kEach = kQuantized / kWarpSize;
static_assert(kElements % kQuantized == 0, "a block has whole scales");
EXPORT_CONSTANT(optimizer_elements, kElements);
EXPORT_CONSTANT(optimizer_quantized, kQuantized);

// A line of the table; what a kernel does not use may be null.
struct Parameter {
    float* x;
    const float* gradient;
    void* m;  // f32, or codes
    void* v;
    float* mScales;
    float* vScales;
    long long count;
    long long firstBlock;
};

struct Settings {
    float clip, beta1, beta2, eps, decay, stepSize, correction;

    __device__ __forceinline__ void step(float gradient, float& x, float& m, float& v) const {
        float g = gradient * clip;
        m += (g - m) * (1.0f - beta1);
        v = v * beta2 + g * g * (1.0f - beta2);
        x = x * decay - stepSize * m / (sqrtf(v) / correction + eps);
    }
};

// The elements of this block.
struct Part {
    Parameter of;
    long long first, end;

    __device__ __forceinline__ Part(const Parameter* table, int count) {
        int low = 0;
        int high = count - 1;
        while (low < high) {
            int middle = (low + high + 1) / 2;
            if (table[middle].firstBlock <= blockIdx.x) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        of = table[low];
        first = (blockIdx.x - of.firstBlock) * kElements;
        end = min(first + kElements, of.count);
    }
};

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

template <class T>
__device__ __forceinline__ void mse_loss(const T* prediction, const void* target, int targetType,
                                         T* gradient, double* slots, long long n) {
    long long first = static_cast<long long>(blockIdx.x) * kElements;
    long long end = min(first + kElements, n);
    double sum = 0.0;
    for (long long i = first + threadIdx.x; i < end; i += kThreads) {
        float difference = to_float(prediction[i]) - load_any(target, i, targetType);
        sum += static_cast<double>(difference) * difference;
        gradient[i] = from_float<T>(2.0f * difference / static_cast<float>(n));
    }
    sum = sum_in_order(sum);
    if (threadIdx.x == 0) {
        slots[blockIdx.x] = sum;
    }
}

KERNEL(kThreads, mse_loss_f32, const float* prediction, const void* target, int targetType,
       float* gradient, double* slots, long long n) {
    mse_loss<float>(prediction, target, targetType, gradient, slots, n);
}

KERNEL(kThreads, mse_loss_bf16, const bf16* prediction, const void* target, int targetType,
       bf16* gradient, double* slots, long long n) {
    mse_loss<bf16>(prediction, target, targetType, gradient, slots, n);
}

KERNEL(kThreads, sum_squares_f32, const Parameter* table, int count, double* slots) {
    Part part(table, count);
    double sum = 0.0;
    for (long long i = part.first + threadIdx.x; i < part.end; i += kThreads) {
        float g = part.of.gradient[i];
        sum += static_cast<double>(g) * g;
    }
    sum = sum_in_order(sum);
    if (threadIdx.x == 0) {
        slots[blockIdx.x] = sum;
    }
}

__device__ __forceinline__ double sum_of_slots(const double* slots, int count) {
    double sum = 0.0;
    for (int i = threadIdx.x; i < count; i += kThreads) {
        sum += slots[i];
    }
    return sum_in_order(sum);
}

KERNEL(kThreads, mean_of_sums_f32, const double* slots, int count, long long n, float* out) {
    double sum = sum_of_slots(slots, count);
    if (threadIdx.x == 0) {
        out[0] = static_cast<float>(sum / static_cast<double>(n));
    }
}

KERNEL(kThreads, root_of_sums_f32, const double* slots, int count, float* out) {
    double sum = sum_of_slots(slots, count);
    if (threadIdx.x == 0) {
        out[0] = static_cast<float>(sqrt(sum));
    }
}

KERNEL(kThreads, adamw_f32, const Parameter* table, int count, float clip, float beta1,
       float beta2, float eps, float decay, float stepSize, float correction) {
    Settings settings{clip, beta1, beta2, eps, decay, stepSize, correction};
    Part part(table, count);
    float* ms = static_cast<float*>(part.of.m);
    float* vs = static_cast<float*>(part.of.v);
    for (long long i = part.first + threadIdx.x; i < part.end; i += kThreads) {
        float x = part.of.x[i];
        float m = ms[i];
        float v = vs[i];
        settings.step(part.of.gradient[i], x, m, v);
        part.of.x[i] = x;
        ms[i] = m;
        vs[i] = v;
    }
}

// The code of the nearest of rising values.
__device__ __forceinline__ int nearest(const float* values, float x) {
    int low = 0;
    int high = kCodes - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (x - values[middle] <= values[middle + 1] - x) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

// values [2, kCodes]: what the codes of first and of second moments stand for.
KERNEL(kThreads, adamw_8bit_f32, const Parameter* table, int count, float clip, float beta1,
       float beta2, float eps, float decay, float stepSize, float correction, const float* values) {
    SHARED_ARRAY(float, known, [2 * kCodes]);
    for (int i = threadIdx.x; i < 2 * kCodes; i += kThreads) {
        known[i] = values[i];
    }
    __syncthreads();  // the values are there
    const float* mValues = known;
    const float* vValues = known + kCodes;
    Settings settings{clip, beta1, beta2, eps, decay, stepSize, correction};
    Part part(table, count);
    unsigned char* mCodes = static_cast<unsigned char*>(part.of.m);
    unsigned char* vCodes = static_cast<unsigned char*>(part.of.v);
    int lane = threadIdx.x % kWarpSize;
    for (long long at = part.first + threadIdx.x / kWarpSize * kQuantized; at < part.end;
         at += kThreads / kWarpSize * kQuantized) {
        long long block = at / kQuantized;
        float mScale = part.of.mScales[block];
        float vScale = part.of.vScales[block];
        float m[kEach] = {};
        float v[kEach] = {};
        float mMost = 0.0f;
        float vMost = 0.0f;
#pragma unroll
        for (int e = 0; e < kEach; ++e) {
            long long i = at + lane + e * kWarpSize;
            if (i < part.end) {
                float x = part.of.x[i];
                m[e] = mValues[mCodes[i]] * mScale;
                v[e] = vValues[vCodes[i]] * vScale;
                settings.step(part.of.gradient[i], x, m[e], v[e]);
                part.of.x[i] = x;
                mMost = fmaxf(mMost, fabsf(m[e]));
                vMost = fmaxf(vMost, v[e]);
            }
        }
        mMost = warp_max(mMost);  // all lanes have read the old scales
        vMost = warp_max(vMost);
#pragma unroll
        for (int e = 0; e < kEach; ++e) {
            long long i = at + lane + e * kWarpSize;
            if (i < part.end) {
                int code = nearest(vValues, vMost == 0.0f ? 0.0f : v[e] / vMost);
                mCodes[i] = nearest(mValues, mMost == 0.0f ? 0.0f : m[e] / mMost);
                vCodes[i] = code == 0 && v[e] > 0.0f ? 1 : code;
            }
        }
        if (lane == 0) {
            part.of.mScales[block] = mMost;
            part.of.vScales[block] = vMost;
        }
    }
}
