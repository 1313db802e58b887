// A libcublas.so.12 on host memory, with the functions that the engine calls, in the signatures and
// with the numbers of cublas_api.h (CUDA 12): what comes here has gone through the real binding.
// What cuBLAS would accept but the engine must not ask for is refused.
#include <cstddef>

#include "elements.h"

namespace {

enum Status { kSuccess = 0, kInvalidValue = 7, kNotSupported = 15 };
enum Operation { kN = 0, kT = 1 };
enum DataType { kF32 = 0, kBf16 = 14 };
constexpr int kCompute32F = 68;
constexpr int kDefaultAlgorithm = -1;
constexpr int kNoReducedPrecisionReduction = 16;
constexpr size_t kWorkspaceBytes = 32u << 20;

struct Handle {
    void* stream = nullptr;
    void* workspace = nullptr;
    size_t workspaceBytes = 0;
    int mathMode = 0;
};

}  // namespace

extern "C" {

int cublasCreate_v2(Handle** handle) {
    *handle = new Handle;
    return kSuccess;
}

int cublasDestroy_v2(Handle* handle) {
    delete handle;
    return kSuccess;
}

int cublasSetStream_v2(Handle* handle, void* stream) {
    handle->stream = stream;
    handle->workspace = nullptr;  // as documented
    return kSuccess;
}

int cublasSetWorkspace_v2(Handle* handle, void* workspace, size_t bytes) {
    handle->workspace = workspace;
    handle->workspaceBytes = bytes;
    return kSuccess;
}

int cublasSetMathMode(Handle* handle, int mode) {
    handle->mathMode = mode;
    return kSuccess;
}

int cublasGemmEx(Handle* handle, int opA, int opB, int m, int n, int k, const void* alpha,
                 const void* a, int typeA, int lda, const void* b, int typeB, int ldb,
                 const void* beta, void* c, int typeC, int ldc, int computeType, int algorithm) {
    if (handle->workspace == nullptr || handle->workspaceBytes != kWorkspaceBytes ||
        handle->mathMode != kNoReducedPrecisionReduction) {
        return kNotSupported;
    }
    if (typeA != typeB || typeB != typeC || (typeA != kF32 && typeA != kBf16) ||
        computeType != kCompute32F || algorithm != kDefaultAlgorithm) {
        return kNotSupported;
    }
    if (lda < (opA == kN ? m : k) || ldb < (opB == kN ? k : n) || ldc < m) {
        return kInvalidValue;
    }
    bool narrow = typeA == kBf16;
    Elements left(narrow, a), right(narrow, b), result(narrow, c);
    float scale = *static_cast<const float*>(alpha);
    float kept = *static_cast<const float*>(beta);
    for (int64_t j = 0; j < n; ++j) {
        for (int64_t i = 0; i < m; ++i) {
            float sum = 0;
            for (int64_t l = 0; l < k; ++l) {
                sum += left.load(opA == kN ? i + l * lda : l + i * lda) *
                       right.load(opB == kN ? l + j * ldb : j + l * ldb);
            }
            float old = kept == 0 ? 0 : kept * result.load(i + j * ldc);
            result.store(i + j * ldc, scale * sum + old);
        }
    }
    return kSuccess;
}
}
