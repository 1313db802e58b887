// What Java calls. Sizes are in bytes; an int result is 0 for success.
#pragma once

#include <cstdint>

extern "C" {

/// Reserves the address range of the emulated device memory; only the first call has an effect.
int emulator_open(int64_t bytes);

/// 0 if no memory is left.
int64_t emulator_allocate(int64_t bytes);
int emulator_free(int64_t address);

/// The first bytes of an allocation begin a new life with undefined content; the rest is closed.
int emulator_renew(int64_t address, int64_t bytes);

int emulator_write(int64_t target, const void* source, int64_t bytes);
int emulator_read(void* target, int64_t source, int64_t bytes);
int emulator_copy(int64_t target, int64_t source, int64_t bytes);
int emulator_fill(int64_t target, int value, int64_t bytes);
int64_t emulator_used();

/// 0 if there is no such kernel.
int64_t emulator_function(const char* name);
int emulator_max_threads(int64_t function);

/// The value of a constant that a kernel file exports; 1 if there is none.
int emulator_constant(const char* name, int* value);

/// kinds has one letter for each argument (p i l f, s for a struct); argument i lies at
/// arguments + offsets[i] and takes sizes[i] bytes. On failure the words are in emulator_error.
int emulator_launch(int64_t function, int gridX, int gridY, int gridZ, int blockX, int blockY,
                    int blockZ, int dynamicSharedBytes, const char* kinds, const void* arguments,
                    const int* offsets, const int* sizes);
const char* emulator_error();
}
