// Stands in for the CUDA built-ins that kernels use, when g++ compiles them (see emulator.h).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <utility>

#include "emulator.h"

#define __device__
#define __host__
#define __global__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(n) alignas(n)

#define threadIdx (emulator::thread_index())
#define blockIdx (emulator::block_index())
#define blockDim (emulator::block_size())
#define gridDim (emulator::grid_size())

#define EMULATOR_SITE (emulator::Site{__FILE__, __LINE__})
#define __syncthreads() emulator::barrier(EMULATOR_SITE)

struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
struct alignas(8) uint2 {
    unsigned x, y;
};
struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(8) int2 {
    int x, y;
};
struct alignas(16) int4 {
    int x, y, z, w;
};

inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
inline uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

using std::max;
using std::min;

inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
inline float __expf(float x) { return expf(x); }
inline float __logf(float x) { return logf(x); }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fdividef(float a, float b) { return a / b; }
inline int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
inline unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
inline float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
inline float __int_as_float(int x) { return __builtin_bit_cast(float, x); }

template <class T>
inline T __ldg(const T* p) {
    return *p;
}

namespace emulator {

// Values of at most 8 bytes travel between lanes as integers.
template <class T>
inline T shuffle_value(Site site, unsigned mask, T value, int sourceLane) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "shuffles move 4 or 8 bytes");
    if constexpr (sizeof(T) == 4) {
        auto bits = __builtin_bit_cast(uint32_t, value);
        return __builtin_bit_cast(
            T, static_cast<uint32_t>(shuffle(site, mask, bits, sourceLane)));
    } else {
        auto bits = __builtin_bit_cast(uint64_t, value);
        return __builtin_bit_cast(T, shuffle(site, mask, bits, sourceLane));
    }
}

inline int lane() {
    Index t = thread_index();
    Index b = block_size();
    return (t.x + b.x * (t.y + b.y * t.z)) % kWarp;
}

/// The lane that a shuffle of the given width reads: the own one if the target is outside.
inline int down(int offset, int width) {
    return lane() % width + offset < width ? lane() + offset : lane();
}
inline int up(int offset, int width) {
    return lane() % width - offset >= 0 ? lane() - offset : lane();
}

/// Whether any lane's value is true; lanes tell each other in five shuffles.
inline bool any(Site site, unsigned mask, bool value) {
    int result = value;
    for (int lanes = 1; lanes < kWarp; lanes *= 2) {
        result |= shuffle_value(site, mask, result, lane() ^ lanes);
    }
    return result != 0;
}

template <class T>
inline T atomic_add(T* address, T value) {
    atomic_access(address, sizeof(T));
    T old;
    memcpy(&old, address, sizeof(T));
    T sum = old + value;
    memcpy(address, &sum, sizeof(T));
    return old;
}

}  // namespace emulator

// The mask is always given; the width, which CUDA defaults to 32, never is in this repository.
#define __shfl_xor_sync(mask, value, lanes) \
    emulator::shuffle_value(EMULATOR_SITE, mask, value, emulator::lane() ^ (lanes))
#define __shfl_sync(mask, value, source) \
    emulator::shuffle_value(EMULATOR_SITE, mask, value, (source) % emulator::kWarp)
#define __shfl_down_sync(mask, value, offset) \
    emulator::shuffle_value(EMULATOR_SITE, mask, value, emulator::down(offset, 32))
#define __shfl_up_sync(mask, value, offset) \
    emulator::shuffle_value(EMULATOR_SITE, mask, value, emulator::up(offset, 32))
#define __any_sync(mask, value) emulator::any(EMULATOR_SITE, mask, value)
#define __syncwarp() emulator::warp_barrier(EMULATOR_SITE, 0xffffffffu)
#define atomicAdd(address, value) emulator::atomic_add(address, value)

namespace emulator {

template <class T>
constexpr char kind() {
    if (std::is_reference_v<T>) {
        return 't';
    }
    if (std::is_pointer_v<T>) {
        return 'p';
    }
    if (std::is_same_v<T, float>) {
        return 'f';
    }
    if (std::is_integral_v<T>) {
        return sizeof(T) == 8 ? 'l' : 'i';
    }
    return 's';
}

/// Registers a kernel when the library is loaded.
template <auto kernel>
struct Registration;

template <class... A, void (*kernel)(A...)>
struct Registration<kernel> {
    static constexpr char signature[] = {kind<A>()..., 0};
    static constexpr int sizes[] = {static_cast<int>(sizeof(A))..., 0};

    Registration(const char* name, int maxThreads, bool hopper, int cluster) {
        add_entry({name, maxThreads, hopper, cluster, signature, sizes, sizeof...(A), call});
    }

    // not instrumented: the arguments are the launch's, not the device's
    __attribute__((no_sanitize("thread"))) static void call(void** arguments) {
        call(arguments, std::index_sequence_for<A...>{});
    }

    template <size_t... i>
    __attribute__((no_sanitize("thread"))) static void call(void** arguments,
                                                            std::index_sequence<i...>) {
        kernel(*static_cast<std::remove_reference_t<A>*>(arguments[i])...);
    }
};

struct Constant {
    Constant(const char* name, int value) { add_constant(name, value); }
};

}  // namespace emulator

// As in the driver's API, a name is one of its file: another file may have the same. The build
// defines KERNEL_FILE.
#define EMULATOR_KERNEL(threads, hopper, cluster, name, ...)                                \
    static void name(__VA_ARGS__);                                                          \
    static const emulator::Registration<&name> name##_registration(KERNEL_FILE "/" #name, \
                                                                   threads, hopper, cluster); \
    static void name(__VA_ARGS__)

#define KERNEL(threads, name, ...) EMULATOR_KERNEL(threads, false, 1, name, __VA_ARGS__)

#define EXPORT_CONSTANT(name, value) \
    static const emulator::Constant name##_constant(KERNEL_FILE "/" #name, value)

#define SHARED_ARRAY(type, name, dims)                                                 \
    typedef type name##_type dims;                                                     \
    static const char name##_key = 0;                                                  \
    auto& name = *static_cast<name##_type*>(                                           \
        emulator::shared_array(&name##_key, sizeof(name##_type), alignof(name##_type) < 16 \
                                                                     ? 16              \
                                                                     : alignof(name##_type)))

#define DYNAMIC_SHARED(type, name) auto* name = static_cast<type*>(emulator::dynamic_shared())
