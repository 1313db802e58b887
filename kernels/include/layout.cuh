// Strides: of heads, and of two tensors of the same shape that are walked together.
#pragma once

#include "glance.cuh"

// Strides of a [batch, length, heads, headDim] tensor.
struct HeadStrides {
    long long batch, row, head;
};

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

// Calls body(place) for this thread's share of n elements: a grid of any size strides over them.
template <class Body>
__device__ __forceinline__ void for_each_place(const Layout& layout, long long n, Body body) {
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        body(Place(layout, i));
    }
}
