// Device memory: one range of addresses with a byte of knowledge about each byte.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "emulator.h"
#include "global_races.h"
#include "library.h"

namespace emulator {
namespace {

enum Content : uint8_t { kNone, kUndefined, kDefined };

constexpr size_t kAlignment = 256;  // of every allocation, as cuMemAlloc gives
constexpr size_t kGap = 256;        // bytes after an allocation that no access may touch
constexpr size_t kGiveBack = 1 << 20;

uint8_t* heap;
uint8_t* content;
size_t heapBytes;
size_t used;

struct Allocation {
    size_t capacity;
    size_t bytes;  // of its present life, see renew
};
std::map<size_t, Allocation> live;  // by offset
std::map<size_t, size_t> holes;
size_t top = kGap;

void* map(size_t bytes) {
    void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return memory == MAP_FAILED ? nullptr : memory;
}

size_t footprint(size_t bytes) {
    return (bytes + kGap + kAlignment - 1) / kAlignment * kAlignment;
}

size_t find_hole(size_t size) {
    for (auto hole = holes.begin(); hole != holes.end(); ++hole) {
        if (hole->second >= size) {
            size_t at = hole->first;
            size_t rest = hole->second - size;
            holes.erase(hole);
            if (rest > 0) {
                holes[at + size] = rest;
            }
            return at;
        }
    }
    if (top + size > heapBytes) {
        return 0;
    }
    size_t at = top;
    top += size;
    return at;
}

size_t offset(const void* address) { return static_cast<const uint8_t*>(address) - heap; }

__attribute__((noinline)) void bad(const void* address, size_t bytes, bool write, bool undefined) {
    const char* verb = write ? "writes" : "reads";
    size_t at = offset(address);
    auto after = live.upper_bound(at);
    size_t toNext = after == live.end() ? SIZE_MAX : after->first - at;
    if (after == live.begin()) {
        fail("%s %zu bytes of global memory %zu bytes before an allocation", verb, bytes, toNext);
    }
    auto owner = std::prev(after);
    size_t own = owner->second.bytes;
    size_t inside = at - owner->first;
    if (undefined) {
        fail("reads %zu bytes of global memory that nobody has written, at offset %zu of an "
             "allocation of %zu bytes",
             bytes, inside, own);
    }
    if (inside >= owner->second.capacity && toNext < inside - own) {
        fail("%s %zu bytes of global memory %zu bytes before an allocation of %zu bytes", verb,
             bytes, toNext, after->second.bytes);
    }
    fail("%s %zu bytes of global memory at offset %zu of an allocation of %zu bytes", verb, bytes,
         inside, own);
}

bool is_addressable(const void* address, size_t bytes) {
    if (!heap_contains(address)) {
        return false;
    }
    size_t at = offset(address);
    auto after = live.upper_bound(at);
    if (after == live.begin()) {
        return bytes == 0;
    }
    auto owner = std::prev(after);
    return at + bytes <= owner->first + owner->second.bytes;
}

}  // namespace

bool heap_contains(const void* address) { return offset(address) < heapBytes; }

size_t heap_offset(const void* address) { return offset(address); }

inline void check(const void* address, size_t bytes, bool write) {
    uint8_t* known = content + offset(address);
    if (bytes == 4) {
        uint32_t four;
        memcpy(&four, known, 4);
        if (four == 0x02020202u) {
            return;
        }
    }
    for (size_t i = 0; i < bytes; ++i) {
        if (known[i] != kDefined) {
            if (known[i] == kNone || !write) {
                bad(address, bytes, write, known[i] == kUndefined);
            }
            known[i] = kDefined;
        }
    }
}

void heap_check(const void* address, size_t bytes, bool write) { check(address, bytes, write); }

void heap_access(const void* address, size_t bytes, bool write) {
    check(address, bytes, write);
    if (__builtin_expect(globalRacesKept, false)) {
        global_trace(offset(address), bytes, write);
    }
}

}  // namespace emulator

using namespace emulator;

int emulator_open(int64_t bytes, int multiprocessors) {
    set_multiprocessors(multiprocessors);
    if (heap == nullptr) {
        heap = static_cast<uint8_t*>(map(bytes));
        content = static_cast<uint8_t*>(map(bytes));
        if (heap == nullptr || content == nullptr) {
            heap = nullptr;
            return 1;
        }
        heapBytes = bytes;
    }
    return 0;
}

int64_t emulator_allocate(int64_t bytes) {
    size_t at = find_hole(footprint(bytes));
    if (at == 0) {
        return 0;
    }
    live[at] = {static_cast<size_t>(bytes), static_cast<size_t>(bytes)};
    used += bytes;
    memset(content + at, kUndefined, bytes);
    memset(heap + at, 0xff, bytes);
    return reinterpret_cast<int64_t>(heap + at);
}

int emulator_free(int64_t address) {
    auto found = live.find(offset(reinterpret_cast<void*>(address)));
    if (found == live.end()) {
        return 1;
    }
    size_t at = found->first;
    size_t bytes = found->second.capacity;
    live.erase(found);
    used -= bytes;
    memset(content + at, kNone, bytes);
    if (bytes >= kGiveBack) {
        size_t page = 4096;
        size_t begin = (at + page - 1) / page * page;
        size_t end = (at + bytes) / page * page;
        madvise(heap + begin, end - begin, MADV_DONTNEED);
    }
    size_t size = footprint(bytes);
    auto next = holes.find(at + size);
    if (next != holes.end()) {
        size += next->second;
        holes.erase(next);
    }
    auto after = holes.lower_bound(at);
    if (after != holes.begin() && std::prev(after)->first + std::prev(after)->second == at) {
        std::prev(after)->second += size;
    } else {
        holes[at] = size;
    }
    return 0;
}

int emulator_renew(int64_t address, int64_t bytes) {
    auto found = live.find(offset(reinterpret_cast<void*>(address)));
    if (found == live.end() || bytes > static_cast<int64_t>(found->second.capacity)) {
        return 1;
    }
    found->second.bytes = bytes;
    memset(content + found->first, kUndefined, bytes);
    memset(content + found->first + bytes, kNone, found->second.capacity - bytes);
    memset(heap + found->first, 0xff, bytes);
    return 0;
}

int emulator_write(int64_t target, const void* source, int64_t bytes) {
    auto* to = reinterpret_cast<uint8_t*>(target);
    if (!is_addressable(to, bytes)) {
        return 1;
    }
    memcpy(to, source, bytes);
    memset(content + offset(to), kDefined, bytes);
    return 0;
}

int emulator_read(void* target, int64_t source, int64_t bytes) {
    auto* from = reinterpret_cast<uint8_t*>(source);
    if (!is_addressable(from, bytes)) {
        return 1;
    }
    memcpy(target, from, bytes);
    return 0;
}

int emulator_copy(int64_t target, int64_t source, int64_t bytes) {
    auto* from = reinterpret_cast<uint8_t*>(source);
    auto* to = reinterpret_cast<uint8_t*>(target);
    if (!is_addressable(from, bytes) || !is_addressable(to, bytes)) {
        return 1;
    }
    memmove(to, from, bytes);
    memmove(content + offset(to), content + offset(from), bytes);
    return 0;
}

int emulator_fill(int64_t target, int value, int64_t bytes) {
    auto* to = reinterpret_cast<uint8_t*>(target);
    if (!is_addressable(to, bytes)) {
        return 1;
    }
    memset(to, value, bytes);
    memset(content + offset(to), kDefined, bytes);
    return 0;
}

int64_t emulator_used() { return static_cast<int64_t>(used); }
