// bfloat16, IEEE half and the 8-bit floats for g++, with the rounding of the GPU (nearest, ties to
// even).
#pragma once

#include <cmath>
#include <cstdint>

struct bf16 {
    uint16_t bits;
};
struct f16 {
    uint16_t bits;
};
struct f8_e4m3 {
    uint8_t bits;
};
struct f8_e5m2 {
    uint8_t bits;
};

namespace emulator {

/// A float of 1 sign bit, some exponent bits and some mantissa bits.
inline float decode(unsigned bits, int exponentBits, int mantissaBits) {
    unsigned exponent = bits >> mantissaBits & ((1u << exponentBits) - 1);
    unsigned mantissa = bits & ((1u << mantissaBits) - 1);
    int bias = (1 << (exponentBits - 1)) - 1;
    float magnitude = exponent == 0
                          ? ldexpf(static_cast<float>(mantissa), 1 - bias - mantissaBits)
                          : ldexpf(static_cast<float>(mantissa | 1u << mantissaBits),
                                   static_cast<int>(exponent) - bias - mantissaBits);
    return bits >> (exponentBits + mantissaBits) & 1 ? -magnitude : magnitude;
}

}  // namespace emulator

inline float to_float(bf16 x) {
    return __builtin_bit_cast(float, static_cast<uint32_t>(x.bits) << 16);
}

inline float to_float(f16 x) {
    if ((x.bits & 0x7c00) == 0x7c00) {
        uint32_t special = (x.bits & 0x8000u) << 16 | 0x7f800000u | (x.bits & 0x3ffu) << 13;
        return __builtin_bit_cast(float, special);
    }
    return emulator::decode(x.bits, 5, 10);
}

inline float to_float(f8_e4m3 x) {
    return (x.bits & 0x7f) == 0x7f ? NAN : emulator::decode(x.bits, 4, 3);
}

inline float to_float(f8_e5m2 x) {
    if ((x.bits & 0x7c) == 0x7c) {
        return (x.bits & 3) != 0 ? NAN : x.bits >> 7 ? -INFINITY : INFINITY;
    }
    return emulator::decode(x.bits, 5, 2);
}

template <class T>
inline T from_float(float x);

template <>
inline bf16 from_float<bf16>(float x) {
    auto bits = __builtin_bit_cast(uint32_t, x);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return {0x7fff};
    }
    return {static_cast<uint16_t>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}

template <>
inline f16 from_float<f16>(float x) {
    auto bits = __builtin_bit_cast(uint32_t, x);
    auto sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
    uint32_t magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return {0x7fff};
    }
    if (magnitude >= 0x477ff000u) {  // rounds to 2^16 or more
        return {static_cast<uint16_t>(sign | 0x7c00u)};
    }
    // 2^-24 is the unit below 2^-14, and 2^(e-10) above
    float absolute = __builtin_bit_cast(float, magnitude);
    int exponent = magnitude < 0x38800000u ? -14 : static_cast<int>(magnitude >> 23) - 127;
    auto units = static_cast<uint32_t>(nearbyintf(ldexpf(absolute, 10 - exponent)));
    uint32_t code = (static_cast<uint32_t>(exponent + 14) << 10) + units;
    return {static_cast<uint16_t>(sign | code)};
}

template <>
inline f8_e4m3 from_float<f8_e4m3>(float x) {
    if (x != x) {
        return {0x7f};
    }
    auto sign = static_cast<uint8_t>(__builtin_bit_cast(uint32_t, x) >> 24 & 0x80u);
    float magnitude = fabsf(x);
    if (magnitude >= 448.0f) {
        return {static_cast<uint8_t>(sign | 0x7e)};
    }
    // 2^-9 is the unit below 2^-6, and 2^(e-3) above
    int exponent = magnitude < 0x1p-6f ? -6 : ilogbf(magnitude);
    auto units = static_cast<unsigned>(nearbyintf(ldexpf(magnitude, 3 - exponent)));
    return {static_cast<uint8_t>(sign | (static_cast<unsigned>(exponent + 6) * 8 + units))};
}
