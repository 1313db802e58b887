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

__device__ __forceinline__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

__device__ __forceinline__ float activate(int code, float x) {
    switch (code) {
        case kGeluTanh: {
            // 0.5 (1 + tanh(u)) = sigmoid(2u), which has no cancellation for negative u
            float u = 0.7978845608f * (x + 0.044715f * x * x * x);
            return x * sigmoid(2.0f * u);
        }
        case kGeluErf:
            // 1 + erf(z) = erfc(-z), which keeps its digits where erf(z) is near -1
            return 0.5f * x * erfcf(-0.70710678f * x);
        case kQuickGelu:
            return x * sigmoid(1.702f * x);
        case kSilu:
            return x * sigmoid(x);
        case kHardTanh:
            return fminf(1.0f, fmaxf(-1.0f, x));
        case kSigmoid:
            return sigmoid(x);
        case kTanh:
            return tanhf(x);
        default:
            return x;
    }
}
