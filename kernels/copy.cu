// Copies between tensors of the same shape and any strides, with a change of dtype.
//
//   out[i0, ..., i5] = x[i0, ..., i5]
//
// From f32, bf16, f16, f8 to f32, bf16, f16, rounded to nearest even; dtype -1 on both sides copies
// 32-bit words as they are. Up to 6 dimensions (the launcher joins what it can; leading sizes are
// 1). Threads stride over the elements in the order of the result. Bound by memory.
//
// Entry point: copy_strided. Launcher: glance.backend.cuda.CopyKernel. Test:
// glance.ops.parity.CopyCases.
#include "include/glance.cuh"

constexpr int kThreads = 256;
constexpr int kMaxRank = 6;

struct Layout {
    long long size[kMaxRank];
    long long from[kMaxRank];  // strides of x, in elements
    long long to[kMaxRank];    // strides of out
};

KERNEL(kThreads, copy_strided, const void* x, void* out, long long n, int fromType, int toType,
       Layout layout) {
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
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
        if (toType < 0) {
            static_cast<int*>(out)[target] = static_cast<const int*>(x)[source];
        } else {
            store_any(out, target, toType, load_any(x, source, fromType));
        }
    }
}
