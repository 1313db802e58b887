// A libcuda.so.1 whose device memory is host memory, with the functions that the engine calls, in
// the signatures of cuda.h (CUDA 12): what comes here has gone through the real binding. It has one
// kernel, mix: out[i] = factor * x[i] + offset + pair.first - pair.second + added, i < n.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

enum Result {
    kSuccess = 0,
    kInvalidValue = 1,
    kOutOfMemory = 2,
    kNotFound = 500,
    kNotPermitted = 800
};
constexpr int kDynamicShared = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr unsigned kDefaultShared = 48 << 10;

char context, module, function, stream, event, graph, executable;
void* current;
unsigned allowedShared = kDefaultShared;
bool capturing;

struct Pair {
    long long first, second;
};

}  // namespace

extern "C" {

int cuInit(unsigned) { return kSuccess; }

int cuDriverGetVersion(int* version) {
    *version = 12060;
    return kSuccess;
}

int cuDeviceGetCount(int* count) {
    *count = 1;
    return kSuccess;
}

int cuDeviceGet(int* device, int index) {
    *device = 40 + index;
    return index == 0 ? kSuccess : kInvalidValue;
}

int cuDeviceGetName(char* name, int bytes, int device) {
    strncpy(name, device == 40 ? "Stand-in" : "?", bytes);
    return kSuccess;
}

int cuDeviceTotalMem_v2(size_t* bytes, int) {
    *bytes = size_t{3} << 30;
    return kSuccess;
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
    switch (attribute) {
        case 16:  // MULTIPROCESSOR_COUNT
            *value = 108;
            return kSuccess;
        case 75:  // COMPUTE_CAPABILITY_MAJOR
            *value = 8;
            return kSuccess;
        case 76:  // COMPUTE_CAPABILITY_MINOR
            *value = 9;
            return kSuccess;
        case 97:  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
            *value = 101376;
            return kSuccess;
        default:
            return kInvalidValue;
    }
}

int cuDevicePrimaryCtxRetain(void** result, int) {
    *result = &context;
    return kSuccess;
}

int cuDevicePrimaryCtxRelease_v2(int device) { return device == 40 ? kSuccess : kInvalidValue; }

int cuCtxSetCurrent(void* wanted) {
    current = wanted;
    return kSuccess;
}

int cuGetErrorString(int result, const char** words) {
    *words = result == kNotFound ? "named symbol not found" : "something else";
    return kSuccess;
}

int cuMemAlloc_v2(void** address, size_t bytes) {
    if (current != &context) {
        return kNotPermitted;
    }
    *address = bytes > size_t{1} << 40 ? nullptr : malloc(bytes);
    return *address == nullptr ? kOutOfMemory : kSuccess;
}

int cuMemFree_v2(void* address) {
    free(address);
    return kSuccess;
}

int cuMemHostAlloc(void** address, size_t bytes, unsigned) {
    *address = malloc(bytes);
    return kSuccess;
}

int cuMemFreeHost(void* address) {
    free(address);
    return kSuccess;
}

int cuMemcpyHtoDAsync_v2(void* target, const void* source, size_t bytes, void* on) {
    memcpy(target, source, bytes);
    return on == &stream ? kSuccess : kInvalidValue;
}

int cuMemcpyDtoHAsync_v2(void* target, const void* source, size_t bytes, void* on) {
    return cuMemcpyHtoDAsync_v2(target, source, bytes, on);
}

int cuMemcpyDtoDAsync_v2(void* target, const void* source, size_t bytes, void* on) {
    return cuMemcpyHtoDAsync_v2(target, source, bytes, on);
}

int cuMemsetD8Async(void* target, unsigned char value, size_t bytes, void* on) {
    memset(target, value, bytes);
    return on == &stream ? kSuccess : kInvalidValue;
}

int cuStreamCreate(void** result, unsigned) {
    *result = &stream;
    return kSuccess;
}

int cuStreamDestroy_v2(void* which) { return which == &stream ? kSuccess : kInvalidValue; }
int cuStreamSynchronize(void* which) { return which == &stream ? kSuccess : kInvalidValue; }

int cuStreamBeginCapture_v2(void* which, int mode) {
    capturing = true;
    return which == &stream && mode == 1 ? kSuccess : kInvalidValue;  // THREAD_LOCAL
}

int cuStreamEndCapture(void* which, void** result) {
    capturing = false;
    *result = &graph;
    return which == &stream ? kSuccess : kInvalidValue;
}

int cuGraphInstantiateWithFlags(void** result, void* of, unsigned long long) {
    *result = &executable;
    return of == &graph ? kSuccess : kInvalidValue;
}

int cuGraphDestroy(void* which) { return which == &graph ? kSuccess : kInvalidValue; }

int cuGraphLaunch(void* which, void* on) {
    return which == &executable && on == &stream ? kSuccess : kInvalidValue;
}

int cuGraphExecDestroy(void* which) { return which == &executable ? kSuccess : kInvalidValue; }

int cuEventCreate(void** result, unsigned) {
    *result = &event;
    return kSuccess;
}

int cuEventDestroy_v2(void* which) { return which == &event ? kSuccess : kInvalidValue; }

int cuEventRecord(void* which, void* on) {
    return which == &event && on == &stream ? kSuccess : kInvalidValue;
}

int cuEventSynchronize(void* which) { return which == &event ? kSuccess : kInvalidValue; }

int cuStreamWaitEvent(void* on, void* which, unsigned flags) {
    return which == &event && on == &stream && flags == 0 ? kSuccess : kInvalidValue;
}

int cuEventElapsedTime(float* millis, void* start, void* end) {
    *millis = 1.5f;
    return start == &event && end == &event ? kSuccess : kInvalidValue;
}

int cuModuleLoadData(void** result, const void* code) {
    constexpr uint32_t kFatbin = 0xba55ed50;  // how every fatbin begins
    uint32_t start;
    memcpy(&start, code, 4);
    *result = &module;
    return start == kFatbin ? kSuccess : kInvalidValue;
}

int cuModuleUnload(void* which) { return which == &module ? kSuccess : kInvalidValue; }

int cuModuleGetFunction(void** result, void* of, const char* name) {
    *result = &function;
    return of == &module && strcmp(name, "mix") == 0 ? kSuccess : kNotFound;
}

int cuFuncGetAttribute(int* value, int attribute, void* of) {
    *value = 96;
    return attribute == 0 && of == &function ? kSuccess : kInvalidValue;  // MAX_THREADS_PER_BLOCK
}

int cuFuncSetAttribute(void* of, int attribute, int value) {
    allowedShared = value;
    return attribute == kDynamicShared && of == &function ? kSuccess : kInvalidValue;
}

int cuLaunchKernel(void* which, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned shared, void* on, void** parameters,
                   void** extra) {
    if (which != &function || on != &stream || gridX != 3 || gridY != 2 || gridZ != 1 ||
        blockX != 96 || blockY != 1 || blockZ != 1 || extra != nullptr || shared > allowedShared) {
        return kInvalidValue;
    }
    if (capturing) {
        return kSuccess;
    }
    auto* out = *static_cast<float**>(parameters[0]);
    int n = *static_cast<int*>(parameters[1]);
    auto* x = *static_cast<const float**>(parameters[2]);
    float factor = *static_cast<float*>(parameters[3]);
    Pair pair = *static_cast<Pair*>(parameters[4]);
    float offset = *static_cast<float*>(parameters[5]);
    long long added = *static_cast<long long*>(parameters[6]);
    for (int i = 0; i < n; ++i) {
        out[i] = factor * x[i] + offset + static_cast<float>(pair.first - pair.second + added);
    }
    return kSuccess;
}
}
