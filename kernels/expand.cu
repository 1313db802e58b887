// Quantised weights as plain numbers, ahead of the product or the look-up that reads them.
//
//   out[i, :] = table[ids[i], :], or all of the table where ids is null
//   table[r, c] = scale * level + offset, as glance.tensor.block.BlockFormat describes each type
//
// The table lies in blocks of 32 or 256 elements with their scales, or is whole numbers without any;
// out, f32 or bf16, is packed. columns is a whole number of blocks and of 8 elements where there are
// ids; an id outside of the table gives NaN. A thread makes 8 elements, which are in one group and
// share scale and offset. Each product and sum is rounded, so that values are those of the public
// dequantisers to the bit. Bound by memory: out is 2 to 16 times what is read.
//
// Entry points: expand_TYPE_{f32, bf16}. Launcher: glance.backend.cuda.Expand.
// Test: glance.ops.parity.QuantizedWeightCases. Benchmark: none, weights in bench kernels are bf16.
#include "include/chunk.cuh"
#include "include/glance.cuh"
#include "include/quantised.cuh"

constexpr int kThreads = 256;

template <class Format, class T>
__device__ __forceinline__ void expand(const uint8_t* table, const int* ids, T* out, long long n,
                                       int vocab, int columns) {
    for_each_chunk(n, is_aligned(out, 16), [&](long long at, int left, bool whole) {
        long long from = at;
        bool known = true;
        if (ids != nullptr) {
            int id = ids[at / columns];
            known = id >= 0 && id < vocab;
            from = static_cast<long long>(id) * columns + at % columns;
        }
        float values[kChunk];
        if (known) {
            const uint8_t* block = table + from / Format::kElements * Format::kBytes;
            int first = static_cast<int>(from % Format::kElements);
            float scale = Format::scale(block, first / Format::kGroup);
            float offset = Format::offset(block, first / Format::kGroup);
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                bool there = Format::kElements > kChunk || e < left;  // blocks are whole chunks
                values[e] =
                    there ? scaled(scale, static_cast<float>(Format::level(block, first + e)),
                                   offset)
                          : 0.0f;
            }
        } else {
#pragma unroll
            for (int e = 0; e < kChunk; ++e) {
                values[e] = nanf("");
            }
        }
        store_chunk(out + at, values, left, whole);
    });
}

#define ENTRY_POINT(Format, name, T, suffix)                                                    \
    KERNEL(kThreads, expand_##name##_##suffix, const uint8_t* table, const int* ids, T* out,    \
           long long n, int vocab, int columns) {                                               \
        expand<Format, T>(table, ids, out, n, vocab, columns);                                  \
    }

#define ENTRY_POINTS(Format, name)          \
    ENTRY_POINT(Format, name, float, f32)   \
    ENTRY_POINT(Format, name, bf16, bf16)

ENTRY_POINTS(Q8_0, q8_0)
ENTRY_POINTS(Q4_0, q4_0)
ENTRY_POINTS(Q4_1, q4_1)
ENTRY_POINTS(Q5_0, q5_0)
ENTRY_POINTS(Q5_1, q5_1)
ENTRY_POINTS(Q2_K, q2_k)
ENTRY_POINTS(Q3_K, q3_k)
ENTRY_POINTS(Q4_K, q4_k)
ENTRY_POINTS(Q5_K, q5_k)
ENTRY_POINTS(Q6_K, q6_k)
ENTRY_POINTS(IQ4_NL, iq4_nl)
ENTRY_POINTS(IQ4_XS, iq4_xs)
ENTRY_POINTS(I8, i8)
