// The functions of include/mma.cuh for the emulator.
#pragma once

#include "emulator.h"
#include "small_floats.h"

namespace emulator {

/// ldmatrix of 2 or 4 matrices.
void load_matrices(Site site, unsigned* reg, const void* row, int matrices, bool transposed);

/// mma.m16n8k16 with bf16 operands and f32 sums.
void mma_bf16(Site site, float* c, const unsigned* a, const unsigned* b);

/// mma.m16n8k32 with e4m3 operands and f32 sums.
void mma_e4m3(Site site, float* c, const unsigned* a, const unsigned* b);

}  // namespace emulator

inline unsigned shared_address(const void* p) { return emulator::shared_address(p); }

template <int n>
inline void load_matrices(unsigned (&reg)[n], const void* row) {
    emulator::load_matrices({__FILE__, __LINE__}, reg, row, n, false);
}

template <int n>
inline void load_matrices_transposed(unsigned (&reg)[n], const void* row) {
    emulator::load_matrices({__FILE__, __LINE__}, reg, row, n, true);
}

inline void mma_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    emulator::mma_bf16({__FILE__, __LINE__}, c, a, b);
}

inline void mma_e4m3(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    emulator::mma_e4m3({__FILE__, __LINE__}, c, a, b);
}

inline unsigned pack_bf16(float low, float high) {
    return static_cast<unsigned>(from_float<bf16>(high).bits) << 16 | from_float<bf16>(low).bits;
}
