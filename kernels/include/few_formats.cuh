// How a lane of linear_few.cu reads 16 neighbouring weights of a row, as pairs of bf16: those that
// expand.cu makes of them, to the bit. A segment is 256 elements of a row, from a multiple of 256 on.
#pragma once

#include "narrow.cuh"
#include "quantised.cuh"

constexpr int kSegment = 256;  // elements

// One byte a weight.
template <class Format>
struct FewBytes {
    static constexpr int kBytes = kSegment;  // of a segment
    static constexpr int kUnrolled = 2;      // steps; with 1 the compiler spills, with 64 tokens

    static __device__ __forceinline__ void read(unsigned (&pairs)[8], const uint8_t* segment,
                                                int first) {
        uint4 bytes = *reinterpret_cast<const uint4*>(segment + first);
        const unsigned words[4] = {bytes.x, bytes.y, bytes.z, bytes.w};
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            pairs[2 * i] = Format::template pair<0, 1>(words[i]);
            pairs[2 * i + 1] = Format::template pair<2, 3>(words[i]);
        }
    }
};

// Blocks of Format, whose levels are read a 16-bit word at a time: Words::pair gives two of them.
template <class Format_, class Words_>
struct FewBlocks {
    typedef Format_ Format;
    typedef Words_ Words;

    static constexpr int kBytes = kSegment / Format::kElements * Format::kBytes;
    static constexpr int kUnrolled = 1;  // steps; 2 spill

    static __device__ __forceinline__ void read(unsigned (&pairs)[8], const uint8_t* segment,
                                                int first) {
        const uint8_t* block = segment + first / Format::kElements * Format::kBytes;
        int inBlock = first % Format::kElements;
        float scale = Format::scale(block, inBlock / Format::kGroup);
        float offset = Format::offset(block, inBlock / Format::kGroup);
        const uint16_t* words = Words::first(block, inBlock);
        int shift = Words::shift(inBlock);
#pragma unroll
        for (int i = 0; i < 8; ++i) {
            float low, high;
            Words::levels(low, high, words[i] >> shift);
            pairs[i] = pack_bf16(scaled(scale, low, offset), scaled(scale, high, offset));
        }
    }
};

// A small whole number x as a float, less `zero`, without a conversion, which few units make.
template <int zero>
__device__ __forceinline__ float whole_number(unsigned x) {
    constexpr float kTwoTo23 = 8388608.0f;  // its last bit is worth one
    return __uint_as_float(0x4b000000u | x) - (kTwoTo23 + zero);
}

// Two signed bytes.
struct SignedBytes {
    static __device__ __forceinline__ const uint16_t* first(const uint8_t* block, int i) {
        return reinterpret_cast<const uint16_t*>(block + 2 + i);
    }
    static __device__ __forceinline__ int shift(int) { return 0; }
    static __device__ __forceinline__ void levels(float& low, float& high, unsigned word) {
        unsigned positive = word ^ 0x8080u;  // 128 more
        low = whole_number<128>(positive & 0xff);
        high = whole_number<128>(positive >> 8);
    }
};

// Four bits of each byte: the lower ones for the first half of a chunk, the upper ones for the other.
template <int at, int chunk, int zero>
struct Nibbles {
    static __device__ __forceinline__ const uint16_t* first(const uint8_t* block, int i) {
        return reinterpret_cast<const uint16_t*>(block + at + i / chunk * (chunk / 2) +
                                                 i % (chunk / 2));
    }
    static __device__ __forceinline__ int shift(int i) { return i % chunk / (chunk / 2) * 4; }
    static __device__ __forceinline__ void levels(float& low, float& high, unsigned word) {
        low = whole_number<zero>(word & 15);
        high = whole_number<zero>(word >> 8 & 15);
    }
};

typedef FewBytes<E4M3> FewE4M3;
typedef FewBytes<Int8> FewInt8;
typedef FewBlocks<Q8_0, SignedBytes> FewQ8_0;
typedef FewBlocks<Q4_0, Nibbles<2, 32, 8>> FewQ4_0;
typedef FewBlocks<Q4_K, Nibbles<16, 64, 0>> FewQ4_K;
