// Pointwise functions; glance.op.Activation has the formulas and the order of the codes.
#pragma once

#include "glance.cuh"

enum ActivationCode : int {
    kNone = 0,
    kGeluTanh = 1,
    kGeluErf = 2,
    kQuickGelu = 3,
    kSilu = 4,
    kHardTanh = 5,
    kSigmoid = 6,
    kTanh = 7
};

// 1 / (1 + e^-x). Fast, for results in bf16: a relative error of at most (5 + 1.2 |x|) 2^-23, where
// bf16 has 2^-9 (CUDA C++ Programming Guide, intrinsic functions); 0 below -87.
template <bool fast>
__device__ __forceinline__ float sigmoid(float x) {
    return fast ? __fdividef(1.0f, 1.0f + __expf(-x)) : 1.0f / (1.0f + expf(-x));
}

template <int code, bool fast>
__device__ __forceinline__ float activated(float x) {
    switch (code) {
        case kGeluTanh: {
            // 0.5 (1 + tanh(u)) = sigmoid(2u), which has no cancellation for negative u
            float u = 0.7978845608f * (x + 0.044715f * x * x * x);
            return x * sigmoid<fast>(2.0f * u);
        }
        case kGeluErf:
            // 1 + erf(z) = erfc(-z), which keeps its digits where erf(z) is near -1
            return 0.5f * x * erfcf(-0.70710678f * x);
        case kQuickGelu:
            return x * sigmoid<fast>(1.702f * x);
        case kSilu:
            return x * sigmoid<fast>(x);
        case kHardTanh:
            return fminf(1.0f, fmaxf(-1.0f, x));
        case kSigmoid:
            return sigmoid<fast>(x);
        case kTanh:
            return tanhf(x);
        default:
            return x;
    }
}

template <int code, bool fast, int n>
__device__ __forceinline__ void activate_all(float (&x)[n]) {
#pragma unroll
    for (int i = 0; i < n; ++i) {
        x[i] = activated<code, fast>(x[i]);
    }
}

// Values that become results of type T; the choice of the function is made once for all of them.
template <class T, int n>
__device__ __forceinline__ void activate(int code, float (&x)[n]) {
    constexpr bool fast = sizeof(T) == 2;
    switch (code) {
        case kGeluTanh:
            return activate_all<kGeluTanh, fast>(x);
        case kGeluErf:
            return activate_all<kGeluErf, fast>(x);
        case kQuickGelu:
            return activate_all<kQuickGelu, fast>(x);
        case kSilu:
            return activate_all<kSilu, fast>(x);
        case kHardTanh:
            return activate_all<kHardTanh, fast>(x);
        case kSigmoid:
            return activate_all<kSigmoid, fast>(x);
        case kTanh:
            return activate_all<kTanh, fast>(x);
        default:
            return;
    }
}
