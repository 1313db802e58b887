// Every load and store of a kernel comes through here first (see emulator.h).
#include <dlfcn.h>
#include <link.h>

#include <cstdio>
#include <cstring>

#include "clocks.h"
#include "emulator.h"
#include "hopper.h"

namespace emulator {
namespace {

/// The loaded library, where a kernel's constant tables lie.
struct Image {
    uintptr_t begin = 0;
    uintptr_t end = 0;

    Image() {
        dl_iterate_phdr(
            [](dl_phdr_info* info, size_t, void* data) {
                auto* image = static_cast<Image*>(data);
                auto self = reinterpret_cast<uintptr_t>(&add_entry);
                uintptr_t low = UINTPTR_MAX, high = 0;
                for (int i = 0; i < info->dlpi_phnum; ++i) {
                    const auto& segment = info->dlpi_phdr[i];
                    if (segment.p_type == PT_LOAD) {
                        uintptr_t at = info->dlpi_addr + segment.p_vaddr;
                        low = at < low ? at : low;
                        high = at + segment.p_memsz > high ? at + segment.p_memsz : high;
                    }
                }
                if (low <= self && self < high) {
                    image->begin = low;
                    image->end = high;
                    return 1;
                }
                return 0;
            },
            this);
    }
};

const Image image;

bool is_private(const void* address, bool write) {
    if (address >= stack_begin() && address < stack_end()) {
        return true;
    }
    auto at = reinterpret_cast<uintptr_t>(address);
    return !is_running() || (!write && at >= image.begin && at < image.end);
}

__attribute__((noinline)) void outside(const void* address, size_t bytes, bool write) {
    if (clocks_are_kept() && is_running() && address >= stack_begin() && address < stack_end()) {
        registers_touched(address, bytes, write);
        return;
    }
    if (!is_private(address, write)) {
        fail("%s %zu bytes at %p, which is neither global nor shared memory",
             write ? "writes" : "reads", bytes, address);
    }
}

inline void checked(const void* address, size_t bytes, bool write) {
    if (heap_contains(address)) {
        heap_access(address, bytes, write);
    } else if (shared_contains(address)) {
        shared_access(address, bytes, write, false);
    } else {
        outside(address, bytes, write);
    }
}

}  // namespace

void access(const void* address, size_t bytes, bool write) { checked(address, bytes, write); }

void atomic_access(const void* address, size_t bytes) {
    if (shared_contains(address)) {
        shared_access(address, bytes, false, true);
        shared_access(address, bytes, true, true);
    } else if (heap_contains(address)) {
        heap_check(address, bytes, false);
        heap_check(address, bytes, true);
    } else {
        outside(address, bytes, true);
    }
}

}  // namespace emulator

/// The first fields of what the compiler says about a misaligned pointer.
struct Mismatch {
    const char* file;
    uint32_t line;
    uint32_t column;
    const void* type;
    uint8_t logAlignment;
    uint8_t kind;
};

extern "C" {

// With -fsanitize=alignment the compiler calls this where a pointer is not aligned for its type.
void __ubsan_handle_type_mismatch_v1(const Mismatch* what, const void* address) {
    const char* file = strrchr(what->file, '/');
    emulator::fail("%s:%u: address %p is not a multiple of %u", file ? file + 1 : what->file,
                   what->line, address, 1u << what->logAlignment);
}

#define ACCESS(bytes)                                                                         \
    void __tsan_read##bytes(void* p) { emulator::checked(p, bytes, false); }                  \
    void __tsan_write##bytes(void* p) { emulator::checked(p, bytes, true); }                  \
    void __tsan_unaligned_read##bytes(void* p) { emulator::checked(p, bytes, false); }        \
    void __tsan_unaligned_write##bytes(void* p) { emulator::checked(p, bytes, true); }

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_read_range(void* p, size_t bytes) { emulator::checked(p, bytes, false); }
void __tsan_write_range(void* p, size_t bytes) { emulator::checked(p, bytes, true); }
void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
}
