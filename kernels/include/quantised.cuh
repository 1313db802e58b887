// Quantised weights: scale * level + offset of each element, as glance.tensor.block.BlockFormat
// describes each type.
#pragma once

#include "chunk.cuh"
#include "glance.cuh"

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
__device__ __forceinline__ float scaled(float scale, float level, float offset) {
    return __fadd_rn(__fmul_rn(scale, level), offset);
}
