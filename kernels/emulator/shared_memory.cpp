// Shared memory of the running block: which bytes belong to an array, and which were written.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "blocks.h"
#include "hopper.h"
#include "races.h"

namespace emulator {
namespace {

enum Content : uint8_t { kNone, kUndefined, kDefined, kExpected, kBarrier };

static_assert(kArenaBytes >= kHopperSharedLimit + 16 * 1024 && kArenaBytes <= 1 << 18,
              "room for the arrays and the gaps between them, and 18 bits of a wgmma descriptor");
constexpr size_t kGap = 128;                // bytes between arrays that no access may touch

// The blocks' parts of one range, so that few instructions find the own one at each access.
alignas(1024) uint8_t arenas[kMostTogether][kArenaBytes];
uint8_t contents[kMostTogether][kArenaBytes];

struct Arrays {
    std::map<const void*, std::pair<size_t, size_t>> all;  // key: offset, bytes
    size_t top;
    size_t staticBytes;
    size_t dynamicAt;
};
PerBlock<Arrays> arrays;
size_t dynamicBytes;
size_t grantedBytes;
size_t limit;

uint8_t* arena() { return arenas[slot]; }
uint8_t* content() { return contents[slot]; }

/// The rules of the driver: 48 KB are free, more has to be asked for, and there is a limit.
void check_sizes() {
    size_t all = arrays->staticBytes + dynamicBytes + kReservedShared;
    if (arrays->staticBytes > kFreeShared || all > limit) {
        fail("has %zu bytes of shared arrays besides %zu dynamic ones and %zu reserved; at most "
             "%zu and %zu in all fit every GPU that it is for",
             arrays->staticBytes, dynamicBytes, kReservedShared, kFreeShared, limit);
    }
    if (all > kFreeShared && dynamicBytes > grantedBytes) {
        fail("has %zu bytes of shared arrays besides %zu dynamic ones and %zu reserved; more than "
             "%zu have to be asked for",
             arrays->staticBytes, dynamicBytes, kReservedShared, kFreeShared);
    }
}

size_t place(size_t bytes, size_t alignment) {
    size_t at = (arrays->top + kGap + alignment - 1) / alignment * alignment;
    if (at + bytes + kGap > kArenaBytes) {
        fail("the arrays in shared memory are too many or too large");
    }
    memset(content() + at, kUndefined, bytes);
    memset(arena() + at, 0xff, bytes);
    arrays->top = at + bytes;
    return at;
}

/// Fails in the words of `what`, such as "reads".
__attribute__((noinline)) void bad(size_t at, size_t bytes, const char* what, Content known) {
    if (known == kUndefined) {
        fail("%s %zu bytes of shared memory that nobody has written", what, bytes);
    }
    if (known == kExpected) {
        fail("%s shared memory that a bulk copy is on its way to (byte %zu)", what, at);
    }
    if (known == kBarrier) {
        fail("%s a barrier as if it were an array", what);
    }
    size_t least = SIZE_MAX, begin = 0, size = 0;
    auto consider = [&](size_t from, size_t length) {
        size_t distance = at < from ? from - at : at - from - length + 1;
        if (at >= from && at < from + length) {
            distance = 0;
        }
        if (distance < least) {
            least = distance;
            begin = from;
            size = length;
        }
    };
    for (const auto& array : arrays->all) {
        consider(array.second.first, array.second.second);
    }
    if (dynamicBytes > 0) {
        consider(arrays->dynamicAt, dynamicBytes);
    }
    fail("%s %zu bytes of shared memory at offset %ld of an array of %zu bytes", what, bytes,
         static_cast<long>(at) - static_cast<long>(begin), size);
}

}  // namespace

void shared_grant(size_t bytes) { grantedBytes = bytes; }

void shared_begin_block(size_t bytes, bool hopper) {
    races_begin_block();
    limit = hopper ? kHopperSharedLimit : kSharedLimit;
    memset(content(), kNone, arrays->top);
    arrays->all.clear();
    arrays->top = 0;
    arrays->staticBytes = 0;
    dynamicBytes = bytes;
    check_sizes();
    if (bytes > 0) {
        arrays->dynamicAt = place(bytes, 1024);
    }
}

void* dynamic_shared() {
    if (dynamicBytes == 0) {
        fail("uses dynamic shared memory, but none was given at launch");
    }
    return arena() + arrays->dynamicAt;
}

void* shared_array(const void* key, size_t bytes, size_t alignment) {
    auto found = arrays->all.find(key);
    if (found == arrays->all.end()) {
        arrays->staticBytes += bytes;
        check_sizes();
        found = arrays->all.emplace(key, std::make_pair(place(bytes, alignment), bytes)).first;
    }
    return arena() + found->second.first;
}

unsigned shared_address(const void* address) {
    if (!shared_contains(address)) {
        fail("takes the address %p for one of shared memory", address);
    }
    return static_cast<unsigned>(static_cast<const uint8_t*>(address) - arena());
}

bool shared_contains(const void* address) {
    return static_cast<size_t>(static_cast<const uint8_t*>(address) - arena()) < kArenaBytes;
}

void shared_access(const void* address, size_t bytes, bool write, bool atomic) {
    size_t at = static_cast<const uint8_t*>(address) - arena();
    const char* what = write ? "writes" : "reads";
    if (at + bytes > kArenaBytes) {
        bad(at, bytes, what, kNone);
    }
    uint8_t* known = content();
    for (size_t i = at; i < at + bytes; ++i) {
        if (known[i] != kDefined) {
            if (known[i] != kUndefined || !write) {
                bad(at, bytes, what, static_cast<Content>(known[i]));
            }
            known[i] = kDefined;
        }
    }
    if (!atomic) {
        trace(at, bytes, write);
    }
}

void shared_undefine(const void* address, size_t bytes) {
    size_t at = static_cast<const uint8_t*>(address) - arena();
    memset(arena() + at, 0xff, bytes);
    memset(content() + at, kUndefined, bytes);
}

size_t shared_offset(const void* address) { return shared_address(address); }
void* shared_at(size_t offset) { return arena() + offset; }

void shared_async_read(const char* what, size_t at, size_t bytes, const Knowledge& by) {
    for (size_t i = at; i < at + bytes; ++i) {
        if (i >= kArenaBytes || content()[i] != kDefined) {
            bad(at, bytes, what, i < kArenaBytes ? static_cast<Content>(content()[i]) : kNone);
        }
    }
    trace_async_read(what, at, bytes, by);
}

void shared_async_write(const char* what, size_t at, size_t bytes, const Knowledge& by) {
    for (size_t i = at; i < at + bytes; ++i) {
        if (i >= kArenaBytes || (content()[i] != kDefined && content()[i] != kUndefined)) {
            bad(at, bytes, what, i < kArenaBytes ? static_cast<Content>(content()[i]) : kNone);
        }
    }
    trace_async_write(what, at, bytes, by);
}

void shared_expect(size_t at, size_t bytes, int who, uint32_t clock) {
    memset(arena() + at, 0xff, bytes);
    memset(content() + at, kExpected, bytes);
    trace_written_by(at, bytes, who, clock);
}

void shared_arrive(size_t at, size_t bytes) { memset(content() + at, kDefined, bytes); }

void shared_make_barrier(size_t at) {
    for (size_t i = at; i < at + 8; ++i) {
        if (content()[i] != kDefined && content()[i] != kUndefined) {
            bad(at, 8, "makes a barrier of", static_cast<Content>(content()[i]));
        }
    }
    trace(at, 8, true);
    memset(content() + at, kBarrier, 8);
}

}  // namespace emulator
