// What a product does to its result before the only write; glance.op.Epilogue has the formula.
#pragma once

#include "activation.cuh"

// residual + gate * act(p + bias); gate [samples, n] and residual [rows, n] may be absent.
template <class T>
struct Epilogue {
    const float* bias;  // [n]
    int activation;
    const T* gate;
    long long gateStride;  // between samples; 0 if all share one
    const T* residual;
    int seqLen;  // rows of a sample

    __device__ __forceinline__ float apply(float product, long long row, int column,
                                           int columns) const {
        float one[1] = {product + (bias == nullptr ? 0.0f : bias[column])};
        activate<T>(activation, one);
        float y = one[0];
        if (gate != nullptr) {
            y *= to_float(gate[row / seqLen * gateStride + column]);
        }
        return residual == nullptr ? y : y + to_float(residual[row * columns + column]);
    }
};
