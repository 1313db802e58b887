// The end of a product that a library computed: what our own products do before their only write.
//
//   out[r, c] = residual[r, c] + gate[r / seqLen, c] * act(out[r, c] + bias[c])
//
// In place. out and residual [rows, columns], gate [samples, columns], all f32 or bf16; bias
// [columns] f32; each but out may be absent. f32: threads stride over the elements. bf16: over runs
// of 8 of a row, moved at once where all is aligned. Bound by memory: out is read and written once
// more than in our own products, which is what fusing saves.
//
// Entry points: epilogue_{f32, bf16}. Launcher: glance.backend.cuda.LibraryEpilogue. Test:
// glance.ops.parity.LinearCases, Conv2dCases.
// Benchmark: bench kernels --variant linear=cublas --only 'linear.(gelu|silu|gate)'.
#include "include/epilogue_chunks.cuh"
#include "include/glance.cuh"

constexpr int kThreads = 256;

KERNEL(kThreads, epilogue_f32, float* out, const float* bias, int activation, const float* gate,
       long long gateStride, const float* residual, int rows, int columns, int seqLen) {
    Epilogue<float> epilogue{bias, activation, gate, gateStride, residual, seqLen};
    long long n = static_cast<long long>(rows) * columns;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        int column = static_cast<int>(i % columns);
        out[i] = epilogue.apply(out[i], i / columns, column, columns);
    }
}

KERNEL(kThreads, epilogue_bf16, bf16* out, const float* bias, int activation, const bf16* gate,
       long long gateStride, const bf16* residual, int rows, int columns, int seqLen) {
    Epilogue<bf16> epilogue{bias, activation, gate, gateStride, residual, seqLen};
    bool chunks = moves_chunks(epilogue, out, columns);
    int perRow = (columns + kChunk - 1) / kChunk;
    long long n = static_cast<long long>(rows) * perRow;
    for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < n;
         i += static_cast<long long>(gridDim.x) * blockDim.x) {
        int row = static_cast<int>(i / perRow);
        int column = static_cast<int>(i % perRow) * kChunk;
        int left = columns - column;
        float product[kChunk];
        load_chunk(product, out + static_cast<long long>(row) * columns + column, left,
                   chunks && left >= kChunk);
        write_chunk(epilogue, out, row, column, columns, chunks, product);
    }
}
