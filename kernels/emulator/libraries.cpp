// What cuBLAS and cuDNN compute, for tests of how the engine calls them: plain loops in the
// libraries' own conventions, and every access is checked as a kernel's is.
#include "cuda_builtins.h"

#include "../include/dtypes.cuh"
#include "library.h"

namespace emulator {
namespace {

/// A matrix or a picture of one of the dtypes that the engine computes in.
struct Elements {
    int dtype;
    int64_t address;

    const void* at(int64_t i) const {
        return reinterpret_cast<const uint8_t*>(address) + i * (dtype == kF32 ? 4 : 2);
    }

    void check(int64_t i, bool write) const {
        if (!heap_contains(at(i))) {
            fail("an address outside of the device memory");
        }
        heap_access(at(i), dtype == kF32 ? 4 : 2, write);
    }

    float load(int64_t i) const {
        check(i, false);
        return load_any(at(0), i, dtype);
    }

    void store(int64_t i, float value) const {
        check(i, true);
        store_any(reinterpret_cast<void*>(address), i, dtype, value);
    }
};

/// Runs the body of a call; 1 if it failed, with the words in emulator_error.
template <class Body>
int guarded(const char* name, Body body) {
    clear_failure();
    set_kernel_name(name);
    set_block({0, 0, 0});
    try {
        body();
    } catch (const char*) {
        // the words are kept by fail()
    }
    return has_failed() ? 1 : 0;
}

void check_leading(const char* name, int leading, int rows) {
    if (leading < rows || leading < 1) {
        fail("%s is %d, a column has %d elements", name, leading, rows);
    }
}

}  // namespace
}  // namespace emulator

using namespace emulator;

int emulator_gemm(int dtype, int transposeA, int transposeB, int m, int n, int k, float alpha,
                  int64_t a, int lda, int64_t b, int ldb, float beta, int64_t c, int ldc) {
    return guarded("cublasGemmEx", [=] {
        check_leading("lda", lda, transposeA ? k : m);
        check_leading("ldb", ldb, transposeB ? n : k);
        check_leading("ldc", ldc, m);
        Elements left{dtype, a}, right{dtype, b}, result{dtype, c};
        for (int64_t j = 0; j < n; ++j) {
            for (int64_t i = 0; i < m; ++i) {
                float sum = 0.0f;
                for (int64_t l = 0; l < k; ++l) {
                    sum += left.load(transposeA ? l + i * lda : i + l * lda) *
                           right.load(transposeB ? j + l * ldb : l + j * ldb);
                }
                float kept = beta == 0.0f ? 0.0f : beta * result.load(i + j * ldc);
                result.store(i + j * ldc, alpha * sum + kept);
            }
        }
    });
}

int emulator_convolve(int dtype, const int* dims, int64_t x, int64_t weight, int64_t out,
                      int64_t workspace, int64_t workspaceBytes) {
    enum { kBatch, kHeight, kWidth, kChannels, kFilters, kRows, kColumns, kStride, kPadY, kPadX };
    return guarded("cudnnConvolutionForward", [=] {
        int outHeight = (dims[kHeight] + 2 * dims[kPadY] - dims[kRows]) / dims[kStride] + 1;
        int outWidth = (dims[kWidth] + 2 * dims[kPadX] - dims[kColumns]) / dims[kStride] + 1;
        Elements picture{dtype, x}, filter{dtype, weight}, result{dtype, out};
        for (int64_t i = 0; i < workspaceBytes / 4; ++i) {
            Elements{kF32, workspace}.store(i, 0.0f);
        }
        int64_t at = 0;
        for (int sample = 0; sample < dims[kBatch]; ++sample) {
            for (int pixel = 0; pixel < outHeight * outWidth; ++pixel) {
                int top = pixel / outWidth * dims[kStride] - dims[kPadY];
                int left = pixel % outWidth * dims[kStride] - dims[kPadX];
                for (int f = 0; f < dims[kFilters]; ++f) {
                    float sum = 0.0f;
                    for (int tap = 0; tap < dims[kRows] * dims[kColumns]; ++tap) {
                        int row = top + tap / dims[kColumns];
                        int column = left + tap % dims[kColumns];
                        if (row < 0 || row >= dims[kHeight] || column < 0 ||
                            column >= dims[kWidth]) {
                            continue;
                        }
                        int64_t from =
                            (static_cast<int64_t>(sample) * dims[kHeight] + row) * dims[kWidth] +
                            column;
                        int64_t by = static_cast<int64_t>(f) * dims[kRows] * dims[kColumns] + tap;
                        for (int c = 0; c < dims[kChannels]; ++c) {
                            sum += picture.load(from * dims[kChannels] + c) *
                                   filter.load(by * dims[kChannels] + c);
                        }
                    }
                    result.store(at++, sum);
                }
            }
        }
    });
}
