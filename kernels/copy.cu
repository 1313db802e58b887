// Copies between tensors of the same shape and any strides, with a change of dtype.
//
//   out[i0, ..., i5] = x[i0, ..., i5]
//
// From f32, bf16, f16, f8 to f32, bf16, f16, rounded to nearest even; dtype -1 on both sides copies
// 32-bit words as they are. Up to 6 dimensions (the launcher joins what it can). Threads stride over
// the elements in the order of the result; in copy_runs over runs of 8 elements, which both sides
// have in one piece and aligned to 16 bytes (8-bit types to 8): the last dimension of the layout then
// counts runs. Bound by memory.
//
// Entry points: copy_strided, copy_runs. Launcher: glance.backend.cuda.CopyKernel. Test:
// glance.ops.parity.CopyCases.
// Benchmark: bench kernels --only copy.
#include "include/chunk.cuh"
#include "include/glance.cuh"
#include "include/layout.cuh"

constexpr int kThreads = 256;
EXPORT_CONSTANT(copy_run, kChunk);

KERNEL(kThreads, copy_strided, const void* x, void* out, long long n, int fromType, int toType,
       Layout layout) {
    for_each_place(layout, n, [&](const Place& place) {
        if (toType < 0) {
            static_cast<int*>(out)[place.to] = static_cast<const int*>(x)[place.from];
        } else {
            store_any(out, place.to, toType, load_any(x, place.from, fromType));
        }
    });
}

KERNEL(kThreads, copy_runs, const void* x, void* out, long long runs, int fromType, int toType,
       Layout layout) {
    for_each_place(layout, runs, [&](const Place& place) {
        float values[kChunk];
        load_chunk(values, x, place.from, fromType, kChunk, true);
        store_chunk(out, place.to, toType, values, kChunk, true);
    });
}
