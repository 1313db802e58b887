// A libcudnn.so.8 on host memory, with the functions that the engine calls, in the signatures and
// with the numbers of cudnn_ops_infer.h and cudnn_cnn_infer.h (cuDNN 8): what comes here has gone
// through the real binding.
#include <cstddef>

#include "elements.h"

namespace {

enum Status { kSuccess = 0, kBadParam = 3, kNotSupported = 9 };
enum DataType { kF32 = 0, kBf16 = 9 };
enum MathType { kTensorOps = 1, kFma = 3 };
enum Algorithm { kImplicitPrecomputedGemm = 1, kWinograd = 6 };
constexpr int kNhwc = 1;
constexpr int kCrossCorrelation = 1;
constexpr size_t kWorkspaceBytes = 1000;

struct Handle {
    void* stream = nullptr;
};

struct Tensor {
    int format, type, n, c, h, w;
};

struct Filter {
    int type, format, k, c, h, w;
};

struct Relation {
    int padY, padX, strideY, strideX, dilationY, dilationX, mode, computeType, math;
};

struct Expectation {
    int algorithm, status;
    float time;
    size_t memory;
    int determinism, math, reserved[3];
};

int64_t out_size(int size, int pad, int kernel, int stride) {
    return (size + 2 * pad - kernel) / stride + 1;
}

bool fit(const Tensor& x, const Filter& f, const Relation& r, const Tensor& y) {
    bool types = x.type == f.type && f.type == y.type && r.computeType == kF32 &&
                 r.math == (x.type == kF32 ? kFma : kTensorOps) &&
                 (x.type == kF32 || x.type == kBf16);
    bool layouts = x.format == kNhwc && f.format == kNhwc && y.format == kNhwc &&
                   r.mode == kCrossCorrelation && r.dilationY == 1 && r.dilationX == 1;
    return types && layouts && x.c == f.c && y.c == f.k && x.n == y.n &&
           y.h == out_size(x.h, r.padY, f.h, r.strideY) &&
           y.w == out_size(x.w, r.padX, f.w, r.strideX);
}

}  // namespace

extern "C" {

int cudnnCreate(Handle** handle) {
    *handle = new Handle;
    return kSuccess;
}

int cudnnDestroy(Handle* handle) {
    delete handle;
    return kSuccess;
}

int cudnnSetStream(Handle* handle, void* stream) {
    handle->stream = stream;
    return kSuccess;
}

int cudnnCreateTensorDescriptor(Tensor** tensor) {
    *tensor = new Tensor{};
    return kSuccess;
}

int cudnnDestroyTensorDescriptor(Tensor* tensor) {
    delete tensor;
    return kSuccess;
}

int cudnnCreateFilterDescriptor(Filter** filter) {
    *filter = new Filter{};
    return kSuccess;
}

int cudnnDestroyFilterDescriptor(Filter* filter) {
    delete filter;
    return kSuccess;
}

int cudnnCreateConvolutionDescriptor(Relation** relation) {
    *relation = new Relation{};
    return kSuccess;
}

int cudnnDestroyConvolutionDescriptor(Relation* relation) {
    delete relation;
    return kSuccess;
}

int cudnnSetTensor4dDescriptor(Tensor* tensor, int format, int type, int n, int c, int h, int w) {
    *tensor = {format, type, n, c, h, w};
    return kSuccess;
}

int cudnnSetFilter4dDescriptor(Filter* filter, int type, int format, int k, int c, int h, int w) {
    *filter = {type, format, k, c, h, w};
    return kSuccess;
}

int cudnnSetConvolution2dDescriptor(Relation* relation, int padY, int padX, int strideY,
                                    int strideX, int dilationY, int dilationX, int mode,
                                    int computeType) {
    *relation = {padY, padX, strideY, strideX, dilationY, dilationX, mode, computeType, 0};
    return kSuccess;
}

int cudnnSetConvolutionMathType(Relation* relation, int math) {
    relation->math = math;
    return kSuccess;
}

int cudnnGetConvolutionForwardAlgorithm_v7(Handle*, const Tensor* x, const Filter* f,
                                           const Relation* r, const Tensor* y, int asked,
                                           int* returned, Expectation* expected) {
    if (asked < 2 || !fit(*x, *f, *r, *y)) {
        return kBadParam;
    }
    expected[0] = {kWinograd, kNotSupported, -1, 0, 1, r->math, {}};
    expected[1] = {kImplicitPrecomputedGemm, kSuccess, 1, kWorkspaceBytes, 1, r->math, {}};
    *returned = 2;
    return kSuccess;
}

int cudnnGetConvolutionForwardWorkspaceSize(Handle*, const Tensor*, const Filter*, const Relation*,
                                            const Tensor*, int algorithm, size_t* bytes) {
    if (algorithm != kImplicitPrecomputedGemm) {
        return kNotSupported;
    }
    *bytes = kWorkspaceBytes;
    return kSuccess;
}

int cudnnConvolutionForward(Handle*, const void* alpha, const Tensor* x, const void* xData,
                            const Filter* f, const void* weight, const Relation* r, int algorithm,
                            void* workspace, size_t workspaceBytes, const void* beta,
                            const Tensor* y, void* yData) {
    if (!fit(*x, *f, *r, *y) || algorithm != kImplicitPrecomputedGemm ||
        workspaceBytes != kWorkspaceBytes || *static_cast<const float*>(alpha) != 1 ||
        *static_cast<const float*>(beta) != 0) {
        return kBadParam;
    }
    memset(workspace, 0, workspaceBytes);
    bool narrow = x->type == kBf16;
    Elements picture(narrow, xData), filter(narrow, weight), result(narrow, yData);
    int64_t at = 0;
    for (int n = 0; n < y->n; ++n) {
        for (int pixel = 0; pixel < y->h * y->w; ++pixel) {
            for (int k = 0; k < f->k; ++k) {
                float sum = 0;
                for (int tap = 0; tap < f->h * f->w; ++tap) {
                    int row = pixel / y->w * r->strideY - r->padY + tap / f->w;
                    int column = pixel % y->w * r->strideX - r->padX + tap % f->w;
                    if (row < 0 || row >= x->h || column < 0 || column >= x->w) {
                        continue;
                    }
                    int64_t from = (static_cast<int64_t>(n) * x->h + row) * x->w + column;
                    int64_t by = static_cast<int64_t>(k) * f->h * f->w + tap;
                    for (int c = 0; c < x->c; ++c) {
                        sum += picture.load(from * x->c + c) * filter.load(by * x->c + c);
                    }
                }
                result.store(at++, sum);
            }
        }
    }
    return kSuccess;
}
}
