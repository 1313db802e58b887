// The functions of include/wgmma.cuh for the emulator.
#pragma once

#include "barriers.h"
#include "emulator.h"

namespace emulator {

/// One product of a warpgroup. A is either in registers or named by a descriptor.
struct WgmmaProduct {
    float* d;
    int columns;
    const unsigned* aRegisters;
    uint64_t a;
    uint64_t b;
    bool aAcross;
    bool bAcross;
    bool accumulate;
    int elementBytes;  // 2: bf16, 1: e4m3
};

void wgmma(Site site, const WgmmaProduct& product);
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
    emulator::wgmma({file, line}, {d, 2 * half, nullptr, a, b, aMajor == kAcrossDepth,
                                   bMajor == kAcrossDepth, accumulate, 2});
}

template <Major bMajor = kAlongDepth, int half>
inline void wgmma_bf16(float (&d)[half], const unsigned (&a)[4], unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line},
                    {d, 2 * half, a, 0, b, false, bMajor == kAcrossDepth, accumulate, 2});
}

template <int half>
inline void wgmma_e4m3(float (&d)[half], unsigned long long a, unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line}, {d, 2 * half, nullptr, a, b, false, false, accumulate, 1});
}

template <int half>
inline void wgmma_e4m3(float (&d)[half], const unsigned (&a)[4], unsigned long long b,
                       bool accumulate, EMULATOR_CALLER) {
    static_assert(is_wgmma_width<half>(), "as wgmma.cuh declares");
    emulator::wgmma({file, line}, {d, 2 * half, a, 0, b, false, false, accumulate, 1});
}
