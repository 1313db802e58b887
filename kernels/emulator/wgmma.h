// The functions of include/wgmma.cuh for the emulator.
#pragma once

#include "barriers.h"
#include "emulator.h"

namespace emulator {

/// One product of a warpgroup. A is in registers, or named by a descriptor if those are null. The
/// arguments are plain: a struct in the caller's frame could lie where its sums will.
void wgmma(Site site, int elementBytes, float* d, int columns, const unsigned* aRegisters,
           uint64_t a, bool aAcross, uint64_t b, bool bAcross, bool accumulate);
void wgmma_fence(Site site);
void wgmma_commit(Site site);
void wgmma_wait(Site site, int newestGroupsLeft);

}  // namespace emulator

inline void wgmma_fence(EMULATOR_CALLER) { emulator::wgmma_fence({file, line}); }
inline void wgmma_commit(EMULATOR_CALLER) { emulator::wgmma_commit({file, line}); }

template <int newestGroupsLeft>
inline void wgmma_wait(EMULATOR_CALLER) {
    emulator::wgmma_wait({file, line}, newestGroupsLeft);
}

template <int count>
inline void wgmma_keep(float (&)[count]) {}

template <int count>
inline void wgmma_keep(unsigned (&)[count]) {}

template <int half>
constexpr bool is_wgmma_width() {
    return half == 16 || half == 32 || half == 64 || half == 128;
}

template <Major aMajor = kAlongDepth, Major bMajor = kAlongDepth, int half>
inline void wgmma_bf16(float (&d)[half], unsigned long long a, unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line}, 2, d, 2 * half, nullptr, a, aMajor == kAcrossDepth, b,
                    bMajor == kAcrossDepth, accumulate);
}

template <Major bMajor = kAlongDepth, int half>
inline void wgmma_bf16(float (&d)[half], const unsigned (&a)[4], unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line}, 2, d, 2 * half, a, 0, false, b, bMajor == kAcrossDepth,
                    accumulate);
}

template <int half>
inline void wgmma_e4m3(float (&d)[half], unsigned long long a, unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line}, 1, d, 2 * half, nullptr, a, false, b, false, accumulate);
}

template <int half>
inline void wgmma_e4m3(float (&d)[half], const unsigned (&a)[4], unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line}, 1, d, 2 * half, a, 0, false, b, false, accumulate);
}
