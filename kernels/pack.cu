// Matrices as the tensor core kernels read them: bf16, rows of whole chunks of 8.
//
//   out[r, c] = x[r, c] for c < columns, 0 for columns <= c < pitch
//
// x [rows, columns] packed, of any float dtype, rounded to nearest even (8-bit types are exact in
// bf16); out [rows, pitch], aligned to 16 bytes, pitch a multiple of 8. A thread moves 8 elements, at
// once if x is aligned to 16 bytes and columns a multiple of 8. Bound by memory.
//
// Entry point: pack_matrix_bf16. Launcher: glance.backend.cuda.Packed. Test: glance.ops.parity.LinearCases.
// Benchmark: none, weights in bench kernels are aligned bf16, which it passes over.
#include "include/chunk.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;

KERNEL(kThreads, pack_matrix_bf16, const void* x, int dtype, bf16* out, long long chunks,
       int columns, int pitch) {
    bool aligned = columns == pitch && is_aligned(x, 16);
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < chunks;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        long long at = i * kChunk;
        int left = kChunk;
        if (columns != pitch) {
            long long row = at / pitch;
            int column = static_cast<int>(at % pitch);
            left = columns - column;
            at = row * columns + column;
        }
        float values[kChunk];
        load_chunk(values, x, at, dtype, left, aligned);
        store_chunk(out + i * kChunk, values, kChunk, true);
    }
}
