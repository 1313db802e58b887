// Weights of one byte as operands of bf16 products: pairs of bytes become pairs of bf16, exactly.
//
//   e4m3  s eeee mmm     a bf16 of the same sign, exponent and mantissa bits is 2^-120 times as large,
//         s 0000 eeee mmm 0000     subnormal numbers and zeros too: one multiplication mends it
//   i8    s ddddddd      (128 + ddddddd) - (128 + 128 s), each a bf16 whose last bit is worth one
//
// A NaN of e4m3 (all bits but the sign) counts as 480; files of weights have none.
#pragma once

#include "glance.cuh"

#ifdef __CUDACC__

// a b + c of two bf16 each.
__device__ __forceinline__ unsigned multiply_add_bf16(unsigned a, unsigned b, unsigned c) {
    unsigned d;
    asm("fma.rn.bf16x2 %0, %1, %2, %3;" : "=r"(d) : "r"(a), "r"(b), "r"(c));
    return d;
}

// Byte i of the result is the byte of {x, y} that hexadecimal digit i names, counted from the lowest
// of x; with 8 added, its sign bit eight times.
__device__ __forceinline__ unsigned pick_bytes(unsigned x, unsigned y, unsigned which) {
    return __byte_perm(x, y, which);
}

#else

inline unsigned multiply_add_bf16(unsigned a, unsigned b, unsigned c) {
    auto part = [&](int shift) {
        auto at = [&](unsigned x) {
            return static_cast<double>(to_float(bf16{static_cast<uint16_t>(x >> shift)}));
        };
        return static_cast<unsigned>(
                   from_float<bf16>(static_cast<float>(at(a) * at(b) + at(c))).bits)
               << shift;
    };
    return part(0) | part(16);
}

inline unsigned pick_bytes(unsigned x, unsigned y, unsigned which) {
    unsigned long long both = static_cast<unsigned long long>(y) << 32 | x;
    unsigned result = 0;
    for (int i = 0; i < 4; ++i) {
        unsigned digit = which >> 4 * i & 15;
        unsigned byte = both >> 8 * (digit & 7) & 0xff;
        result |= (digit < 8 ? byte : byte >> 7 != 0 ? 0xffu : 0u) << 8 * i;
    }
    return result;
}

#endif

// Two bytes of a word as bf16: numbers low and high.
struct E4M3 {
    template <int low, int high>
    static __device__ __forceinline__ unsigned pair(unsigned bytes) {
        constexpr unsigned kWithSigns = low | (low + 8) << 4 | high << 8 | (high + 8) << 12;
        unsigned small = pick_bytes(bytes, 0, kWithSigns) << 4 & 0x87f087f0u;
        return multiply_add_bf16(small, 0x7b807b80u, 0x80008000u);  // 2^120, and nothing
    }
};

struct Int8 {
    template <int low, int high>
    static __device__ __forceinline__ unsigned pair(unsigned bytes) {
        unsigned levels = pick_bytes(bytes, 0x43, low | 4 << 4 | high << 8 | 4 << 12);
        unsigned above = levels & 0x437f437fu;               // 128 + the lower bits
        unsigned base = levels & 0x43804380u;                // 128, or 256 for a sign
        return multiply_add_bf16(base, 0xbf80bf80u, above);  // above - base
    }
};
