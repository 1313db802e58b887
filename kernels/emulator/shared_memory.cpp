// Shared memory of the running block: which bytes belong to an array, which were written, and who
// touched them since the last barrier.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <utility>
#include <vector>

#include "emulator.h"

namespace emulator {
namespace {

enum Content : uint8_t { kNone, kUndefined, kDefined };

constexpr size_t kArenaBytes = 192 * 1024;  // the arrays and the gaps between them
constexpr size_t kGap = 128;                // bytes between arrays that no access may touch
constexpr size_t kGranule = 2;              // bytes that a race is tracked by: the least element

constexpr uint16_t kMany = 0xffff;

/// The last accesses to a granule.
struct Trace {
    uint32_t writeEpoch = 0;
    uint32_t writeWarpEpoch = 0;
    uint32_t readEpoch = 0;
    uint32_t readWarpEpoch = 0;
    uint16_t writer = 0;
    uint16_t reader = 0;      // kMany if several threads
    uint16_t readerWarp = 0;  // kMany if threads of several warps
};

alignas(1024) uint8_t arena[kArenaBytes];
uint8_t content[kArenaBytes];
Trace traces[kArenaBytes / kGranule];
std::map<const void*, std::pair<size_t, size_t>> arrays;  // key: offset, bytes
size_t top;
size_t staticBytes;
size_t dynamicAt;
size_t dynamicBytes;
size_t grantedBytes;

/// The rules of the driver: 48 KB are free, more has to be asked for, and there is a limit.
void check_sizes() {
    size_t all = staticBytes + dynamicBytes + kReservedShared;
    if (staticBytes > kFreeShared || all > kSharedLimit) {
        fail("has %zu bytes of shared arrays besides %zu dynamic ones and %zu reserved; at most "
             "%zu and %zu in all fit every GPU",
             staticBytes, dynamicBytes, kReservedShared, kFreeShared, kSharedLimit);
    }
    if (all > kFreeShared && dynamicBytes > grantedBytes) {
        fail("has %zu bytes of shared arrays besides %zu dynamic ones and %zu reserved; more than "
             "%zu have to be asked for",
             staticBytes, dynamicBytes, kReservedShared, kFreeShared);
    }
}

size_t place(size_t bytes, size_t alignment) {
    size_t at = (top + kGap + alignment - 1) / alignment * alignment;
    if (at + bytes + kGap > kArenaBytes) {
        fail("the arrays in shared memory are too many or too large");
    }
    memset(content + at, kUndefined, bytes);
    memset(arena + at, 0xff, bytes);
    top = at + bytes;
    return at;
}

__attribute__((noinline)) void bad(const void* address, size_t bytes, bool write, bool undefined) {
    size_t at = static_cast<const uint8_t*>(address) - arena;
    if (undefined) {
        fail("reads %zu bytes of shared memory that nobody has written", bytes);
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
    for (const auto& array : arrays) {
        consider(array.second.first, array.second.second);
    }
    if (dynamicBytes > 0) {
        consider(dynamicAt, dynamicBytes);
    }
    fail("%s %zu bytes of shared memory at offset %ld of an array of %zu bytes",
         write ? "writes" : "reads", bytes, static_cast<long>(at) - static_cast<long>(begin), size);
}

/// Whether something that happened at the given epochs is ordered before the current thread's turn.
bool is_ordered(const Position& now, uint32_t epoch, uint32_t warpEpoch, uint16_t warp) {
    return epoch != now.blockEpoch || (warp == now.warp && warpEpoch != now.warpEpoch);
}

__attribute__((noinline)) void race(const char* what, uint16_t other, const void* address) {
    size_t at = static_cast<const uint8_t*>(address) - arena;
    if (other == kMany) {
        fail("race in shared memory: %s by several threads, no barrier between (byte %zu)", what,
             at);
    }
    fail("race in shared memory: %s by thread %d, no barrier between (byte %zu)", what, other, at);
}

void trace_read(Trace& trace, const Position& now, const void* address) {
    if (trace.writer != now.thread && !is_ordered(now, trace.writeEpoch, trace.writeWarpEpoch,
                                                  trace.writer / kWarp)) {
        race("read of what was written", trace.writer, address);
    }
    if (trace.readEpoch != now.blockEpoch) {
        trace.readEpoch = now.blockEpoch;
        trace.reader = now.thread;
        trace.readerWarp = now.warp;
    } else if (trace.reader != now.thread) {
        bool sameWarp = trace.readerWarp == now.warp;
        bool earlier = sameWarp && trace.readWarpEpoch != now.warpEpoch;
        trace.reader = earlier ? now.thread : kMany;
        trace.readerWarp = sameWarp ? now.warp : kMany;
    }
    trace.readWarpEpoch = now.warpEpoch;
}

void trace_write(Trace& trace, const Position& now, const void* address) {
    if (trace.writer != now.thread && !is_ordered(now, trace.writeEpoch, trace.writeWarpEpoch,
                                                  trace.writer / kWarp)) {
        race("write over what was written", trace.writer, address);
    }
    if (trace.reader != now.thread &&
        !is_ordered(now, trace.readEpoch, trace.readWarpEpoch, trace.readerWarp)) {
        race("write over what was read", trace.reader, address);
    }
    trace.writeEpoch = now.blockEpoch;
    trace.writeWarpEpoch = now.warpEpoch;
    trace.writer = now.thread;
}

}  // namespace

void shared_grant(size_t bytes) { grantedBytes = bytes; }

void shared_begin_block(size_t bytes) {
    memset(content, kNone, top);
    arrays.clear();
    top = 0;
    staticBytes = 0;
    dynamicBytes = bytes;
    check_sizes();
    if (bytes > 0) {
        dynamicAt = place(bytes, 1024);
    }
}

void* dynamic_shared() {
    if (dynamicBytes == 0) {
        fail("uses dynamic shared memory, but none was given at launch");
    }
    return arena + dynamicAt;
}

void* shared_array(const void* key, size_t bytes, size_t alignment) {
    auto found = arrays.find(key);
    if (found == arrays.end()) {
        staticBytes += bytes;
        check_sizes();
        found = arrays.emplace(key, std::make_pair(place(bytes, alignment), bytes)).first;
    }
    return arena + found->second.first;
}

unsigned shared_address(const void* address) {
    if (!shared_contains(address)) {
        fail("takes the address %p for one of shared memory", address);
    }
    return static_cast<unsigned>(static_cast<const uint8_t*>(address) - arena);
}

bool shared_contains(const void* address) {
    return static_cast<size_t>(static_cast<const uint8_t*>(address) - arena) < kArenaBytes;
}

void shared_access(const void* address, size_t bytes, bool write, bool atomic) {
    size_t at = static_cast<const uint8_t*>(address) - arena;
    if (at + bytes > kArenaBytes) {
        bad(address, bytes, write, false);
    }
    for (size_t i = at; i < at + bytes; ++i) {
        if (content[i] != kDefined) {
            if (content[i] == kNone || !write) {
                bad(address, bytes, write, content[i] == kUndefined);
            }
            content[i] = kDefined;
        }
    }
    if (atomic) {
        return;
    }
    Position now = position();
    for (size_t i = at / kGranule; i <= (at + bytes - 1) / kGranule; ++i) {
        if (write) {
            trace_write(traces[i], now, address);
        } else {
            trace_read(traces[i], now, address);
        }
    }
}

void shared_undefine(const void* address, size_t bytes) {
    size_t at = static_cast<const uint8_t*>(address) - arena;
    memset(arena + at, 0xff, bytes);
    memset(content + at, kUndefined, bytes);
}

}  // namespace emulator
