// A libcuda.so.1 that does nothing but answer: for what a launch costs before it reaches the driver.
#include <cstddef>
#include <cstdlib>
#include <cstring>

extern "C" {

static char something;

int cuInit(unsigned) { return 0; }
int cuDriverGetVersion(int* version) { return *version = 12060, 0; }
int cuDeviceGetCount(int* count) { return *count = 1, 0; }
int cuDeviceGet(int* device, int index) { return *device = index, 0; }
int cuDeviceGetName(char* name, int bytes, int) { return strncpy(name, "idle", bytes), 0; }
int cuDeviceTotalMem_v2(size_t* bytes, int) { return *bytes = size_t{80} << 30, 0; }
// Compute capability 9.0 is attributes 75 and 76.
int cuDeviceGetAttribute(int* value, int attribute, int) {
    return *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 200000, 0;
}
int cuDevicePrimaryCtxRetain(void** context, int) { return *context = &something, 0; }
int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxSetCurrent(void*) { return 0; }
int cuStreamCreate(void** stream, unsigned) { return *stream = &something, 0; }
int cuStreamDestroy_v2(void*) { return 0; }
int cuStreamSynchronize(void*) { return 0; }
int cuEventCreate(void** event, unsigned) { return *event = &something, 0; }
int cuEventDestroy_v2(void*) { return 0; }
int cuEventRecord(void*, void*) { return 0; }
int cuEventSynchronize(void*) { return 0; }
int cuMemAlloc_v2(void** address, size_t bytes) { return *address = malloc(bytes), 0; }
int cuMemFree_v2(void* address) { return free(address), 0; }
int cuMemHostAlloc(void** address, size_t bytes, unsigned) { return *address = malloc(bytes), 0; }
int cuMemFreeHost(void* address) { return free(address), 0; }
int cuModuleLoadData(void** module, const void*) { return *module = &something, 0; }
int cuModuleUnload(void*) { return 0; }
int cuModuleGetFunction(void** function, void*, const char*) { return *function = &something, 0; }
int cuFuncGetAttribute(int* value, int, void*) { return *value = 256, 0; }
int cuFuncSetAttribute(void*, int, int) { return 0; }
int cuLaunchKernel(void*, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                   void*, void**, void**) {
    return 0;
}
}
