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

constexpr int kThreads = 256;

// Adding it changes no number, not even a zero.
constexpr float kNoOffset = -0.0f;

// Some bits of each level: in every `chunk` elements the first ones have the lowest bits of a row of
// bytes, one each; the next ones have the bits above, and so on.
template <int at, int bits, int chunk>
__device__ __forceinline__ int plane(const uint8_t* block, int i) {
    constexpr int kRow = chunk * bits / 8;
    int inChunk = i % chunk;
    return block[at + i / chunk * kRow + inChunk % kRow] >> bits * (inChunk / kRow) &
           ((1 << bits) - 1);
}

// Blocks are aligned to 2 bytes.
__device__ __forceinline__ float half_at(const uint8_t* block, int at) {
    return to_float(*reinterpret_cast<const f16*>(block + at));
}

// A level of the types that have them in a table, four bits each.
__device__ __forceinline__ int level_of_table(int bits) {
    constexpr unsigned long long kLow = 0xf6eaddcfbfad9881ull;   // -127 -104 -83 -65 -49 -35 -22 -10
    constexpr unsigned long long kHigh = 0x7159453526190d01ull;  // 1 13 25 38 53 69 89 113
    return static_cast<int8_t>((bits < 8 ? kLow : kHigh) >> 8 * (bits % 8));
}

// One scale at the start, then the offset if there is one.
template <int kBlockBytes>
struct Plain {
    static constexpr int kElements = 32;
    static constexpr int kBytes = kBlockBytes;
    static constexpr int kGroup = 32;
    static __device__ float scale(const uint8_t* b, int) { return half_at(b, 0); }
    static __device__ float offset(const uint8_t*, int) { return kNoOffset; }
};

template <int kBlockBytes, int kGroupElements>
struct Super {
    static constexpr int kElements = 256;
    static constexpr int kBytes = kBlockBytes;
    static constexpr int kGroup = kGroupElements;
    static __device__ float offset(const uint8_t*, int) { return kNoOffset; }
};

struct Q8_0 : Plain<34> {
    static __device__ int level(const uint8_t* b, int i) { return static_cast<int8_t>(b[2 + i]); }
};

struct Q4_0 : Plain<18> {
    static __device__ int level(const uint8_t* b, int i) { return plane<2, 4, 32>(b, i) - 8; }
};

struct Q4_1 : Plain<20> {
    static __device__ int level(const uint8_t* b, int i) { return plane<4, 4, 32>(b, i); }
    static __device__ float offset(const uint8_t* b, int) { return half_at(b, 2); }
};

struct Q5_0 : Plain<22> {
    static __device__ int level(const uint8_t* b, int i) {
        return (plane<6, 4, 32>(b, i) | plane<2, 1, 8>(b, i) << 4) - 16;
    }
};

struct Q5_1 : Plain<24> {
    static __device__ int level(const uint8_t* b, int i) {
        return plane<8, 4, 32>(b, i) | plane<4, 1, 8>(b, i) << 4;
    }
    static __device__ float offset(const uint8_t* b, int) { return half_at(b, 2); }
};

// A byte for each group: 4 bits of scale, 4 of offset.
struct Q2_K : Super<84, 16> {
    static __device__ int level(const uint8_t* b, int i) { return plane<16, 2, 128>(b, i); }
    static __device__ float scale(const uint8_t* b, int g) {
        return half_at(b, 80) * static_cast<float>(b[g] & 0xf);
    }
    static __device__ float offset(const uint8_t* b, int g) {
        return -(half_at(b, 82) * static_cast<float>(b[g] >> 4));
    }
};

// 16 scales of 6 bits in 12 bytes: the low 4 bits in 8 of them, the high 2 in the others.
struct Q3_K : Super<110, 16> {
    static __device__ int level(const uint8_t* b, int i) {
        return (plane<32, 2, 128>(b, i) | plane<0, 1, 256>(b, i) << 2) - 4;
    }
    static __device__ float scale(const uint8_t* b, int g) {
        int low = b[96 + g % 8] >> 4 * (g / 8) & 0xf;
        int high = b[104 + g % 4] >> 2 * (g / 4) & 3;
        return half_at(b, 108) * static_cast<float>((low | high << 4) - 32);
    }
};

// 8 scales and 8 offsets of 6 bits in 12 bytes: the first four have a byte each; the low 4 bits of
// the others share bytes, and their high 2 bits lie above the first four.
template <int kBlockBytes>
struct SixBits : Super<kBlockBytes, 32> {
    static __device__ float scale(const uint8_t* b, int g) {
        int bits = g < 4 ? b[4 + g] & 63 : (b[8 + g] & 0xf) | (b[g] >> 6) << 4;
        return half_at(b, 0) * static_cast<float>(bits);
    }
    static __device__ float offset(const uint8_t* b, int g) {
        int bits = g < 4 ? b[8 + g] & 63 : b[8 + g] >> 4 | (b[4 + g] >> 6) << 4;
        return -(half_at(b, 2) * static_cast<float>(bits));
    }
};

struct Q4_K : SixBits<144> {
    static __device__ int level(const uint8_t* b, int i) { return plane<16, 4, 64>(b, i); }
};

struct Q5_K : SixBits<176> {
    static __device__ int level(const uint8_t* b, int i) {
        return plane<48, 4, 64>(b, i) | plane<16, 1, 256>(b, i) << 4;
    }
};

// A signed byte for each group.
struct Q6_K : Super<210, 16> {
    static __device__ int level(const uint8_t* b, int i) {
        return (plane<0, 4, 128>(b, i) | plane<128, 2, 128>(b, i) << 4) - 32;
    }
    static __device__ float scale(const uint8_t* b, int g) {
        return half_at(b, 208) * static_cast<float>(static_cast<int8_t>(b[192 + g]));
    }
};

struct IQ4_NL : Plain<18> {
    static __device__ int level(const uint8_t* b, int i) {
        return level_of_table(plane<2, 4, 32>(b, i));
    }
};

// 8 scales of 6 bits: the low 4 bits in 4 bytes, the high 2 in a word.
struct IQ4_XS : Super<136, 32> {
    static __device__ int level(const uint8_t* b, int i) {
        return level_of_table(plane<8, 4, 32>(b, i));
    }
    static __device__ float scale(const uint8_t* b, int g) {
        int low = b[4 + g / 2] >> 4 * (g % 2) & 0xf;
        int high = b[2 + g / 4] >> 2 * (g % 4) & 3;
        return half_at(b, 0) * static_cast<float>((low | high << 4) - 32);
    }
};

// Whole numbers, whose scale is applied after the product.
struct I8 {
    static constexpr int kElements = kChunk;
    static constexpr int kBytes = kChunk;
    static constexpr int kGroup = kChunk;
    static __device__ int level(const uint8_t* b, int i) { return static_cast<int8_t>(b[i]); }
    static __device__ float scale(const uint8_t*, int) { return 1.0f; }
    static __device__ float offset(const uint8_t*, int) { return kNoOffset; }
};

// Not contracted to one rounding, as a compiler would.
__device__ __forceinline__ float scaled(float scale, int level, float offset) {
    return __fadd_rn(__fmul_rn(scale, static_cast<float>(level)), offset);
}

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
                values[e] = there ? scaled(scale, Format::level(block, first + e), offset) : 0.0f;
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
