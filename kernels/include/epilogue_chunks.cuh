// Epilogue (epilogue.cuh) on runs of 8 neighbouring bf16 results, with loads and stores of 16 bytes.
#pragma once

#include "epilogue.cuh"
#include "mma_tile.cuh"

__device__ __forceinline__ bool is_aligned(const void* p, int bytes) {
    return reinterpret_cast<uintptr_t>(p) % bytes == 0;
}

// 8 elements of an array of which `left` are there; zeros after them. whole: left >= 8 and aligned.
__device__ __forceinline__ void load_chunk(float (&to)[kChunk], const float* from, int left,
                                           bool whole) {
    if (whole) {
        const float4* p = reinterpret_cast<const float4*>(from);
        float4 low = p[0];
        float4 high = p[1];
        to[0] = low.x, to[1] = low.y, to[2] = low.z, to[3] = low.w;
        to[4] = high.x, to[5] = high.y, to[6] = high.z, to[7] = high.w;
    } else {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            to[e] = e < left ? from[e] : 0.0f;
        }
    }
}

__device__ __forceinline__ void load_chunk(float (&to)[kChunk], const bf16* from, int left,
                                           bool whole) {
    if (whole) {
        uint4 all = *reinterpret_cast<const uint4*>(from);
        unsigned pairs[] = {all.x, all.y, all.z, all.w};
#pragma unroll
        for (int e = 0; e < kChunk; e += 2) {
            to[e] = __uint_as_float(pairs[e / 2] << 16);
            to[e + 1] = __uint_as_float(pairs[e / 2] & 0xffff0000u);
        }
    } else {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            to[e] = e < left ? to_float(from[e]) : 0.0f;
        }
    }
}

__device__ __forceinline__ void store_chunk(bf16* to, const float (&from)[kChunk], int left,
                                            bool whole) {
    if (whole) {
        *reinterpret_cast<uint4*>(to) =
            uint4{pack_bf16(from[0], from[1]), pack_bf16(from[2], from[3]),
                  pack_bf16(from[4], from[5]), pack_bf16(from[6], from[7])};
    } else {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            if (e < left) {
                to[e] = from_float<bf16>(from[e]);
            }
        }
    }
}

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
#pragma unroll
    for (int e = 0; e < kChunk; ++e) {
        y[e] = activate(epilogue.activation, y[e]);
    }
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
