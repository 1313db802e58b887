// Operands of products out of quantised blocks in shared memory, as a lane of mma.cuh has them: the bf16
// of the expanded weights, to the bit.
//
// A level becomes a float without a conversion: its byte is put into the mantissa of 0.5, m = 0.5 + level
// / unit, and m (unit scale) - (unit / 2 + zero) scale is scale (level - zero), rounded once. That is exact,
// and so is the product of expand.cu: 8 bits times the 11 of a half, or 4 times 17.
#pragma once

#include "few_formats.cuh"
#include "narrow.cuh"

constexpr int kGroup32 = 32;  // elements that have one scale, in all types here

// Bytes 2t, 2t + 1, 2t + 8 and 2t + 9 of 16; t = lane % 4.
__device__ __forceinline__ unsigned bytes_of_lane(const uint8_t* bytes, int t) {
    const uint16_t* own = reinterpret_cast<const uint16_t*>(bytes) + t;
    return own[0] | static_cast<unsigned>(own[4]) << 16;
}

// Levels of a group as bytes, and how they become floats. read: to[k] has those of elements 2t, 2t + 1,
// 2t + 8 and 2t + 9 after element 16 k, `zero` more.
struct Nibbles4 {
    static constexpr int kUnit = 256;
    static constexpr int kInto = 0x4055;  // the byte with bits 16 to 23
    static constexpr int kShift = 8;
};

template <class Few>
struct GroupLevels;

template <>
struct GroupLevels<FewQ4_0> : Nibbles4 {
    static constexpr int kZero = 8;
    static constexpr bool kHasOffset = false;
    static __device__ __forceinline__ void read(unsigned (&to)[2], const uint8_t* segment,
                                                int group, int t) {
        unsigned both = bytes_of_lane(segment + group * Q4_0::kBytes + 2, t);
        to[0] = both & 0x0f0f0f0fu;
        to[1] = both >> 4 & 0x0f0f0f0fu;
    }
};

template <>
struct GroupLevels<FewQ4_K> : Nibbles4 {
    static constexpr int kZero = 0;
    static constexpr bool kHasOffset = true;
    static __device__ __forceinline__ void read(unsigned (&to)[2], const uint8_t* segment,
                                                int group, int t) {
#pragma unroll
        for (int k = 0; k < 2; ++k) {
            unsigned both = bytes_of_lane(segment + 16 + group / 2 * 32 + k * 16, t);
            to[k] = both >> group % 2 * 4 & 0x0f0f0f0fu;
        }
    }
};

template <>
struct GroupLevels<FewQ8_0> {
    static constexpr int kZero = 128;
    static constexpr bool kHasOffset = false;
    static constexpr int kUnit = 65536;
    static constexpr int kInto = 0x4505;  // the byte with bits 8 to 15
    static constexpr int kShift = 4;
    static __device__ __forceinline__ void read(unsigned (&to)[2], const uint8_t* segment,
                                                int group, int t) {
#pragma unroll
        for (int k = 0; k < 2; ++k) {
            to[k] = bytes_of_lane(segment + group * Q8_0::kBytes + 2 + k * 16, t) ^ 0x80808080u;
        }
    }
};

struct GroupScale {
    float scale, offset;
};

// Those of a group of a row's segment.
template <class Few>
__device__ __forceinline__ GroupScale scale_of_group(const uint8_t* segment, int group) {
    const uint8_t* block = segment + group * Few::Format::kBytes;
    return {Few::Format::scale(block, 0), kNoOffset};
}

// As SixBits of quantised.cuh, out of one load and without a branch.
template <>
__device__ __forceinline__ GroupScale scale_of_group<FewQ4_K>(const uint8_t* segment, int group) {
    uint4 words = *reinterpret_cast<const uint4*>(segment);
    int shift = group % 4 * 8;
    unsigned y = words.y >> shift;
    unsigned z = words.z >> shift;
    unsigned w = words.w >> shift;
    unsigned scale = group < 4 ? y & 63 : (w & 15) | (y >> 2 & 48);
    unsigned offset = group < 4 ? z & 63 : (w >> 4 & 15) | (z >> 2 & 48);
    return {half_at(segment, 0) * whole_number<0>(scale),
            -(half_at(segment, 2) * whole_number<0>(offset))};
}

// The same from another lane of the four that have a row.
__device__ __forceinline__ GroupScale of_lane(const GroupScale& own, int t) {
    int from = threadIdx.x % kWarpSize / 4 * 4 + t;
    return {__shfl_sync(kAllLanes, own.scale, from), __shfl_sync(kAllLanes, own.offset, from)};
}

// Of a group of a row's segment: to[k] has elements 2t, 2t + 1 and 2t + 8, 2t + 9 after element 16 k.
template <class Few>
__device__ __forceinline__ void read_group(unsigned (&to)[2][2], const uint8_t* segment, int group,
                                           int t, const GroupScale& by) {
    typedef GroupLevels<Few> Levels;
    static_assert(Few::Format::kGroup == kGroup32, "one scale");
    float unit = Levels::kUnit * by.scale;
    float base = -(Levels::kUnit / 2 + Levels::kZero) * by.scale;
    unsigned levels[2];
    Levels::read(levels, segment, group, t);
#pragma unroll
    for (int k = 0; k < 2; ++k) {
        float values[4];
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            unsigned m = pick_bytes(levels[k], 0x3f, Levels::kInto | i << Levels::kShift);
            values[i] = fmaf(__uint_as_float(m), unit, base);
            if (Levels::kHasOffset) {
                values[i] = __fadd_rn(values[i], by.offset);
            }
        }
        to[k][0] = pack_bf16(values[0], values[1]);
        to[k][1] = pack_bf16(values[2], values[3]);
    }
}
