// What Java calls. Sizes are in bytes; an int result is 0 for success.
#pragma once

#include <cstdint>

extern "C" {

/// Reserves the address range of the emulated device memory; only the first call does. As many blocks run
/// together as there are multiprocessors.
int emulator_open(int64_t bytes, int multiprocessors);

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

/// Whether it is a HOPPER_KERNEL, as 0 or 1.
int emulator_is_for_hopper(int64_t function);

/// Asks for dynamic shared memory of a kernel, as cuFuncSetAttribute does.
void emulator_allow_shared(int64_t function, int bytes);

/// The value of a constant that a kernel file exports; 1 if there is none.
int emulator_constant(const char* name, int* value);

/// cuTensorMapEncodeTiled, with its arguments and its answers; the bytes are the emulator's own.
int emulator_tensor_map(void* map, int dataType, int rank, int64_t address, const int64_t* sizes,
                        const int64_t* strides, const int* box, const int* elementStrides,
                        int interleave, int swizzle, int promotion, int fill);

/// kinds has one letter for each argument (p i l f, s for a struct, t for a TensorMap); argument i lies at
/// arguments + offsets[i] and takes sizes[i] bytes. On failure the words are in emulator_error.
int emulator_launch(int64_t function, int gridX, int gridY, int gridZ, int blockX, int blockY,
                    int blockZ, int dynamicSharedBytes, const char* kinds, const void* arguments,
                    const int* offsets, const int* sizes);

/// cublasGemmEx on column-major matrices: C [m, n] = alpha op(A) op(B) + beta C, sums in f32. The
/// dtype is a number of include/dtypes.cuh, of all three. Failures as in emulator_launch.
int emulator_gemm(int dtype, int transposeA, int transposeB, int m, int n, int k, float alpha,
                  int64_t a, int lda, int64_t b, int ldb, float beta, int64_t c, int ldc);

/// cudnnConvolutionForward, a cross-correlation of NHWC tensors, the result floor-sized. dims:
/// batch, height, width, channels, filters, kernel height and width, stride, padding of height and
/// width. Fills the workspace.
int emulator_convolve(int dtype, const int* dims, int64_t x, int64_t weight, int64_t out,
                      int64_t workspace, int64_t workspaceBytes);

const char* emulator_error();
}
