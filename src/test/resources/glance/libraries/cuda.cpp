// A libcuda.so.1 whose device memory is host memory, with the functions that the engine calls, in
// the signatures of cuda.h (CUDA 12): what comes here has gone through the real binding. There are
// two GPUs, an Ada and a Hopper, each with one kernel, mix:
//     out[i] = factor * x[i] + offset + pair.first - pair.second + added, i < n.
// As on real ones, things belong to a context and are only valid while it is current, and shared
// memory above 48 KB has to be asked for. Environment variables:
//     STAND_IN_VERSION   what cuDriverGetVersion says
//     STAND_IN_REFUSES   the error that machine code is refused with; PTX of version 8.0 is taken
//     STAND_IN_FAULT     if set, kernels fail, and the next synchronisation says so
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

enum Result {
    kSuccess = 0,
    kInvalidValue = 1,
    kOutOfMemory = 2,
    kInvalidContext = 201,
    kNotFound = 500,
    kIllegalAddress = 700
};
constexpr int kDynamicShared = 8;  // CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
constexpr int kFreeShared = 48 << 10;
constexpr int kArrays = 1024;  // bytes of shared arrays of the kernel
constexpr int kDevices = 2;

/// A GPU's context, with one of everything that can be made in it.
struct Context {
    char stream, event, module, function, graph, executable;
    bool capturing;
    bool failed;
    int allowedShared;  // dynamic bytes of a launch that were asked for
};

Context contexts[kDevices];
Context* current;

bool is_hopper(int device) { return device == 41; }
int most_shared(bool hopper) { return hopper ? 232448 : 101376; }
int reserved_shared(bool hopper) { return hopper ? 1024 : 0; }
bool hopper() { return current == &contexts[1]; }

/// Whether a handle is of the given kind and of the current context.
int check(const void* handle, char Context::* kind) {
    for (Context& each : contexts) {
        if (handle == &(each.*kind)) {
            return &each == current ? kSuccess : kInvalidContext;
        }
    }
    return kInvalidValue;
}

int check_stream(const void* stream) { return check(stream, &Context::stream); }

int number(const char* variable, int otherwise) {
    const char* value = getenv(variable);
    return value == nullptr ? otherwise : atoi(value);
}

/// Device memory has its context in front of it.
struct alignas(16) Header {
    Context* owner;
};

int check_memory(const void* address) {
    return static_cast<const Header*>(address)[-1].owner == current ? kSuccess : kInvalidContext;
}

int first(int a, int b) { return a != kSuccess ? a : b; }

struct Pair {
    long long first, second;
};

}  // namespace

extern "C" {

int cuInit(unsigned) { return kSuccess; }

int cuDriverGetVersion(int* version) {
    *version = number("STAND_IN_VERSION", 12060);
    return kSuccess;
}

int cuDeviceGetCount(int* count) {
    *count = kDevices;
    return kSuccess;
}

int cuDeviceGet(int* device, int index) {
    *device = 40 + index;
    return index >= 0 && index < kDevices ? kSuccess : kInvalidValue;
}

int cuDeviceGetName(char* name, int bytes, int device) {
    strncpy(name, is_hopper(device) ? "Stand-in H" : "Stand-in", bytes);
    return kSuccess;
}

int cuDeviceTotalMem_v2(size_t* bytes, int) {
    *bytes = size_t{3} << 30;
    return kSuccess;
}

int cuMemGetInfo_v2(size_t* free, size_t* total) {
    *total = size_t{3} << 30;
    *free = *total - (size_t{1} << 28);
    return kSuccess;
}

int cuDeviceGetAttribute(int* value, int attribute, int device) {
    switch (attribute) {
        case 16:  // MULTIPROCESSOR_COUNT
            *value = 108;
            return kSuccess;
        case 75:  // COMPUTE_CAPABILITY_MAJOR
            *value = is_hopper(device) ? 9 : 8;
            return kSuccess;
        case 76:  // COMPUTE_CAPABILITY_MINOR
            *value = is_hopper(device) ? 0 : 9;
            return kSuccess;
        case 97:  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
            *value = most_shared(is_hopper(device));
            return kSuccess;
        default:
            return kInvalidValue;
    }
}

int cuDevicePrimaryCtxRetain(void** result, int device) {
    *result = &contexts[device - 40];
    return kSuccess;
}

int cuDevicePrimaryCtxRelease_v2(int device) {
    return device == 40 || device == 41 ? kSuccess : kInvalidValue;
}

int cuCtxSetCurrent(void* wanted) {
    current = static_cast<Context*>(wanted);
    return kSuccess;
}

int cuGetErrorString(int result, const char** words) {
    switch (result) {
        case kNotFound:
            *words = "named symbol not found";
            return kSuccess;
        case kIllegalAddress:
            *words = "an illegal memory access was encountered";
            return kSuccess;
        default:
            *words = "something else";
            return kSuccess;
    }
}

int cuMemAlloc_v2(void** address, size_t bytes) {
    if (current == nullptr) {
        return kInvalidContext;
    }
    auto* header =
        bytes > size_t{1} << 40 ? nullptr : static_cast<Header*>(malloc(sizeof(Header) + bytes));
    if (header == nullptr) {
        *address = nullptr;
        return kOutOfMemory;
    }
    header->owner = current;
    *address = header + 1;
    return kSuccess;
}

int cuMemFree_v2(void* address) {
    int result = check_memory(address);
    free(static_cast<Header*>(address) - 1);
    return result;
}

int cuMemHostAlloc(void** address, size_t bytes, unsigned) {
    *address = malloc(bytes);
    return current == nullptr ? kInvalidContext : kSuccess;
}

int cuMemFreeHost(void* address) {
    free(address);
    return kSuccess;
}

int cuMemcpyHtoDAsync_v2(void* target, const void* source, size_t bytes, void* on) {
    memcpy(target, source, bytes);
    return check_stream(on);
}

int cuMemcpyDtoHAsync_v2(void* target, const void* source, size_t bytes, void* on) {
    return cuMemcpyHtoDAsync_v2(target, source, bytes, on);
}

int cuMemcpyDtoDAsync_v2(void* target, const void* source, size_t bytes, void* on) {
    return cuMemcpyHtoDAsync_v2(target, source, bytes, on);
}

int cuMemsetD8Async(void* target, unsigned char value, size_t bytes, void* on) {
    memset(target, value, bytes);
    return check_stream(on);
}

int cuStreamCreate(void** result, unsigned) {
    *result = &current->stream;
    return kSuccess;
}

int cuStreamDestroy_v2(void* which) { return check_stream(which); }

int cuStreamSynchronize(void* which) {
    return first(check_stream(which), current->failed ? kIllegalAddress : kSuccess);
}

int cuStreamBeginCapture_v2(void* which, int mode) {
    current->capturing = true;
    return mode == 1 ? check_stream(which) : kInvalidValue;  // THREAD_LOCAL
}

int cuStreamEndCapture(void* which, void** result) {
    current->capturing = false;
    *result = &current->graph;
    return check_stream(which);
}

int cuGraphInstantiateWithFlags(void** result, void* of, unsigned long long) {
    *result = &current->executable;
    return check(of, &Context::graph);
}

int cuGraphDestroy(void* which) { return check(which, &Context::graph); }

int cuGraphLaunch(void* which, void* on) {
    return first(check(which, &Context::executable), check_stream(on));
}

int cuGraphExecDestroy(void* which) { return check(which, &Context::executable); }

int cuEventCreate(void** result, unsigned) {
    *result = &current->event;
    return kSuccess;
}

int cuEventDestroy_v2(void* which) { return check(which, &Context::event); }

int cuEventRecord(void* which, void* on) {
    return first(check(which, &Context::event), check_stream(on));
}

int cuEventSynchronize(void* which) { return check(which, &Context::event); }

int cuStreamWaitEvent(void* on, void* which, unsigned flags) {
    return flags == 0 ? cuEventRecord(which, on) : kInvalidValue;
}

int cuEventElapsedTime(float* millis, void* start, void* end) {
    *millis = 1.5f;
    return first(check(start, &Context::event), check(end, &Context::event));
}

int cuModuleLoadData(void** result, const void* code) {
    constexpr uint32_t kFatbin = 0xba55ed50;  // how every fatbin begins
    uint32_t start;
    memcpy(&start, code, 4);
    *result = &current->module;
    return start == kFatbin ? number("STAND_IN_REFUSES", kSuccess) : kInvalidValue;
}

int cuModuleLoadDataEx(void** result, const void* text, unsigned options, void*, void*) {
    *result = &current->module;
    const char* ptx = static_cast<const char*>(text);
    bool known = strstr(ptx, ".version 8.0\n") != nullptr && strstr(ptx, ".target sm_80") != nullptr;
    return known && ptx[strlen(ptx) - 1] == '\n' && options == 0 ? kSuccess : kInvalidValue;
}

int cuModuleUnload(void* which) { return check(which, &Context::module); }

int cuModuleGetFunction(void** result, void* of, const char* name) {
    *result = &current->function;
    current->allowedShared = kFreeShared - kArrays - reserved_shared(hopper());
    return strcmp(name, "mix") == 0 ? check(of, &Context::module) : kNotFound;
}

int cuFuncGetAttribute(int* value, int attribute, void* of) {
    switch (attribute) {
        case 0:  // MAX_THREADS_PER_BLOCK
            *value = 96;
            break;
        case 1:  // SHARED_SIZE_BYTES
            *value = kArrays;
            break;
        default:
            return kInvalidValue;
    }
    return check(of, &Context::function);
}

int cuFuncSetAttribute(void* of, int attribute, int value) {
    bool fits = value + kArrays + reserved_shared(hopper()) <= most_shared(hopper());
    if (attribute != kDynamicShared || !fits) {
        return kInvalidValue;
    }
    current->allowedShared = value;
    return check(of, &Context::function);
}

int cuLaunchKernel(void* which, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned shared, void* on, void** parameters,
                   void** extra) {
    int handles = first(check(which, &Context::function), check_stream(on));
    if (handles != kSuccess) {
        return handles;
    }
    if (gridX != 3 || gridY != 2 || gridZ != 1 || blockX != 96 || blockY != 1 || blockZ != 1 ||
        extra != nullptr || static_cast<int>(shared) > current->allowedShared) {
        return kInvalidValue;
    }
    if (current->capturing) {
        return kSuccess;
    }
    if (getenv("STAND_IN_FAULT") != nullptr) {
        current->failed = true;
        return kSuccess;
    }
    auto* out = *static_cast<float**>(parameters[0]);
    int n = *static_cast<int*>(parameters[1]);
    auto* x = *static_cast<const float**>(parameters[2]);
    if (first(check_memory(out), check_memory(x)) != kSuccess) {
        return kInvalidContext;
    }
    float factor = *static_cast<float*>(parameters[3]);
    Pair pair = *static_cast<Pair*>(parameters[4]);
    float offset = *static_cast<float*>(parameters[5]);
    long long added = *static_cast<long long*>(parameters[6]);
    for (int i = 0; i < n; ++i) {
        out[i] = factor * x[i] + offset + static_cast<float>(pair.first - pair.second + added);
    }
    return kSuccess;
}

/// Notes its arguments down where the map goes, 8 bytes each.
int cuTensorMapEncodeTiled(void* map, int dataType, unsigned rank, void* address,
                           const uint64_t* sizes, const uint64_t* strides, const unsigned* box,
                           const unsigned* elementStrides, int interleave, int swizzle,
                           int promotion, int fill) {
    if (reinterpret_cast<uintptr_t>(map) % 64 != 0 || rank != 2) {
        return kInvalidValue;
    }
    uint64_t noted[16] = {static_cast<uint64_t>(dataType), rank,
                          reinterpret_cast<uint64_t>(address), sizes[0], sizes[1], strides[0],
                          box[0], box[1], elementStrides[0], elementStrides[1],
                          static_cast<uint64_t>(interleave), static_cast<uint64_t>(swizzle),
                          static_cast<uint64_t>(promotion), static_cast<uint64_t>(fill), 70, 71};
    memcpy(map, noted, sizeof noted);
    return kSuccess;
}
}
