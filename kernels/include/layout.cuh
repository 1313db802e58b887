// Two tensors of the same shape that are walked together, each with its own strides.
#pragma once

#include "glance.cuh"

constexpr int kMaxRank = 6;

// Leading sizes are 1 where the tensors have fewer dimensions.
struct Layout {
    long long size[kMaxRank];
    long long from[kMaxRank];  // strides of the one, in elements
    long long to[kMaxRank];    // strides of the other
};

// Where element i, counted in row-major order, lies on both sides.
struct Place {
    long long from = 0;
    long long to = 0;

    __device__ __forceinline__ Place(const Layout& layout, long long i) {
#pragma unroll
        for (int axis = kMaxRank - 1; axis >= 0; --axis) {
            if (layout.size[axis] > 1) {
                long long at = i % layout.size[axis];
                i /= layout.size[axis];
                from += at * layout.from[axis];
                to += at * layout.to[axis];
            }
        }
    }
};
