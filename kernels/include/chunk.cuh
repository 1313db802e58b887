// Runs of 8 neighbouring elements, moved at once where that is possible.
#pragma once

#include "glance.cuh"
#include "mma.cuh"

constexpr int kChunk = 8;  // 16 bytes of bf16

__device__ __forceinline__ bool is_aligned(const void* p, int bytes) {
    return reinterpret_cast<uintptr_t>(p) % bytes == 0;
}

template <int bytes>
struct Words;
template <>
struct Words<1> {
    typedef uint2 type;
};
template <>
struct Words<2> {
    typedef uint4 type;
};
template <>
struct Words<4> {
    struct alignas(16) type {
        uint4 low, high;
    };
};

// 8 elements of an array of which `left` are there; zeros after them. whole: all are there, and from
// is aligned to 16 bytes (8 for 8-bit types).
template <class T>
__device__ __forceinline__ void load_chunk(float (&to)[kChunk], const T* from, int left,
                                           bool whole) {
    if (whole) {
        union {
            typename Words<sizeof(T)>::type words;
            T elements[kChunk];
        } chunk;
        chunk.words = *reinterpret_cast<const typename Words<sizeof(T)>::type*>(from);
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            to[e] = to_float(chunk.elements[e]);
        }
    } else {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            to[e] = e < left ? to_float(from[e]) : 0.0f;
        }
    }
}

// The two elements of bf16 of a word, the upper halves of floats: one instruction each, where
// elements taken out of the word one by one are one and a half.
__device__ __forceinline__ void unpack_bf16(float& low, float& high, unsigned word) {
    low = __uint_as_float(word << 16);
    high = __uint_as_float(word & 0xffff0000u);
}

// 8 elements of bf16 as they were read.
__device__ __forceinline__ void unpack_chunk(float (&to)[kChunk], uint4 words) {
    unpack_bf16(to[0], to[1], words.x);
    unpack_bf16(to[2], to[3], words.y);
    unpack_bf16(to[4], to[5], words.z);
    unpack_bf16(to[6], to[7], words.w);
}

__device__ __forceinline__ void load_chunk(float (&to)[kChunk], const bf16* from, int left,
                                           bool whole) {
    if (whole) {
        unpack_chunk(to, *reinterpret_cast<const uint4*>(from));
    } else {
        load_chunk<bf16>(to, from, left, false);
    }
}

// The same for a dtype known at run time.
__device__ __forceinline__ void load_chunk(float (&to)[kChunk], const void* data, long long at,
                                           int dtype, int left, bool whole) {
    switch (dtype) {
        case kF32:
            load_chunk(to, static_cast<const float*>(data) + at, left, whole);
            break;
        case kBf16:
            load_chunk(to, static_cast<const bf16*>(data) + at, left, whole);
            break;
        case kF16:
            load_chunk(to, static_cast<const f16*>(data) + at, left, whole);
            break;
        case kF8E4M3:
            load_chunk(to, static_cast<const f8_e4m3*>(data) + at, left, whole);
            break;
        default:
            load_chunk(to, static_cast<const f8_e5m2*>(data) + at, left, whole);
            break;
    }
}

// The first `left` of 8 values. whole: all elements are there, and to is aligned to 16 bytes.
template <class T>
__device__ __forceinline__ void store_chunk(T* to, const float (&from)[kChunk], int left,
                                            bool whole) {
    if (whole) {
        union {
            typename Words<sizeof(T)>::type words;
            T elements[kChunk];
        } chunk;
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            chunk.elements[e] = from_float<T>(from[e]);
        }
        *reinterpret_cast<typename Words<sizeof(T)>::type*>(to) = chunk.words;
    } else {
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
            if (e < left) {
                to[e] = from_float<T>(from[e]);
            }
        }
    }
}

// bf16 is rounded in pairs.
__device__ __forceinline__ void store_chunk(bf16* to, const float (&from)[kChunk], int left,
                                            bool whole) {
    if (whole) {
        *reinterpret_cast<uint4*>(to) =
            uint4{pack_bf16(from[0], from[1]), pack_bf16(from[2], from[3]),
                  pack_bf16(from[4], from[5]), pack_bf16(from[6], from[7])};
    } else {
        store_chunk<bf16>(to, from, left, false);
    }
}

// The same for a dtype known at run time: f32, bf16 or f16.
__device__ __forceinline__ void store_chunk(void* data, long long at, int dtype,
                                            const float (&from)[kChunk], int left, bool whole) {
    switch (dtype) {
        case kF32:
            store_chunk(static_cast<float*>(data) + at, from, left, whole);
            break;
        case kBf16:
            store_chunk(static_cast<bf16*>(data) + at, from, left, whole);
            break;
        default:
            store_chunk(static_cast<f16*>(data) + at, from, left, whole);
            break;
    }
}

// Calls body(at, left, whole) for this thread's share of n elements: a grid of any size strides over
// their chunks. aligned: every array starts at a multiple of 16 bytes.
template <class Body>
__device__ __forceinline__ void for_each_chunk(long long n, bool aligned, Body body) {
    long long stride = static_cast<long long>(gridDim.x) * blockDim.x * kChunk;
    for (long long at = (static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x) * kChunk;
         at < n; at += stride) {
        int left = static_cast<int>(n - at < kChunk ? n - at : kChunk);
        body(at, left, aligned && left == kChunk);
    }
}
