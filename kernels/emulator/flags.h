// The functions of include/flags.cuh for the emulator.
#pragma once

#include "emulator.h"

namespace emulator {

unsigned flag_add(Site site, unsigned* flag, unsigned n);
void flag_wait(Site site, const unsigned* flag, unsigned least);
void flag_set(Site site, unsigned* flag, unsigned value);

/// Tells that kernels of a file may use flags: what their blocks do to global memory is kept.
struct FileWithFlags {
    explicit FileWithFlags(const char* file) { add_file_with_flags(file); }
};

}  // namespace emulator

#ifdef KERNEL_FILE
static const emulator::FileWithFlags emulator_file_with_flags(KERNEL_FILE);
#endif

inline unsigned flag_add(unsigned& flag, unsigned n, EMULATOR_CALLER) {
    return emulator::flag_add({file, line}, &flag, n);
}

inline void flag_wait(const unsigned& flag, unsigned least, EMULATOR_CALLER) {
    emulator::flag_wait({file, line}, &flag, least);
}

inline void flag_set(unsigned& flag, unsigned value, EMULATOR_CALLER) {
    emulator::flag_set({file, line}, &flag, value);
}
