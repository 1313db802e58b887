// Epilogue (epilogue.cuh) on runs of 8 neighbouring bf16 results, with loads and stores of 16 bytes.
#pragma once

#include "chunk.cuh"
#include "epilogue.cuh"

// Whether 8 columns can be moved at once, wherever they begin.
__device__ __forceinline__ bool moves_chunks(const Epilogue<bf16>& epilogue, const bf16* out,
                                             int columns) {
    return columns % kChunk == 0 && epilogue.gateStride % kChunk == 0 && is_aligned(out, 16) &&
           is_aligned(epilogue.bias, 16) && is_aligned(epilogue.gate, 16) &&
           is_aligned(epilogue.residual, 16);
}

// Writes the results [row, column] to [row, column + 7], up to the last column.
__device__ __forceinline__ void write_chunk(const Epilogue<bf16>& epilogue, bf16* out, int row,
                                            int column, int columns, bool chunks,
                                            const float (&product)[kChunk]) {
    int left = columns - column;
    bool whole = chunks && left >= kChunk;
    long long at = static_cast<long long>(row) * columns + column;
    float y[kChunk];
    float operand[kChunk];
#pragma unroll
    for (int e = 0; e < kChunk; ++e) {
        y[e] = product[e];
    }
    if (epilogue.bias != nullptr) {
        load_chunk(operand, epilogue.bias + column, left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            y[e] += operand[e];
        }
    }
    activate<bf16>(epilogue.activation, y);
    if (epilogue.gate != nullptr) {
        load_chunk(operand, epilogue.gate + row / epilogue.seqLen * epilogue.gateStride + column,
                   left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            y[e] *= operand[e];
        }
    }
    if (epilogue.residual != nullptr) {
        load_chunk(operand, epilogue.residual + at, left, whole);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            y[e] += operand[e];
        }
    }
    store_chunk(out + at, y, left, whole);
}
