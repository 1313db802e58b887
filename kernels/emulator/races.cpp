#include "races.h"

#include <algorithm>
#include <iterator>

#include "blocks.h"
#include "hopper.h"
#include "readers.h"

namespace emulator {
namespace {

constexpr size_t kGranule = 2;  // bytes that a race is tracked by: the least element

constexpr uint16_t kMany = 0xffff;

/// The last accesses to a granule. In kernels whose threads all meet at barriers, the number of the
/// barrier that came last is all that has to be known of everybody's clock.
struct Trace {
    uint32_t writeEpoch = 0;
    uint32_t writeWarpEpoch = 0;
    uint32_t readEpoch = 0;
    uint32_t readWarpEpoch = 0;
    uint16_t writer = 0;
    uint16_t reader = 0;      // kMany if several threads
    uint16_t readerWarp = 0;  // kMany if threads of several warps
};

/// The same by vector clocks.
struct ClockTrace {
    uint32_t writeClock = 0;  // 0 if nobody has written
    uint32_t readers = 0;     // a Readers by number, 0 for none since the last write
    uint16_t writer = 0;
    uint16_t pins = 0;  // reads that are under way
};

struct Traces {
    Trace byEpoch[kArenaBytes / kGranule];
    ClockTrace byClock[kArenaBytes / kGranule];
    ReaderSets readers;
};
PerBlock<Traces> traces;
const char* pinnedBy = "";

/// Whether something that happened at the given epochs is ordered before the current thread's turn.
bool is_ordered(const Position& now, uint32_t epoch, uint32_t warpEpoch, uint16_t warp) {
    return epoch != now.blockEpoch || (warp == now.warp && warpEpoch != now.warpEpoch);
}

__attribute__((noinline)) void race(const char* what, uint16_t other, size_t at) {
    if (other == kMany) {
        fail("race in shared memory: %s by several threads, no barrier between (byte %zu)", what,
             at);
    }
    if (clocks_are_kept() && other >= who_copies_to(0)) {
        fail("race in shared memory: %s by a bulk copy, whose barrier was not waited for (byte %zu)",
             what, at);
    }
    if (clocks_are_kept() && other >= who_multiplies(0)) {
        fail("race in shared memory: %s by wgmma of warpgroup %d, no barrier between (byte %zu)",
             what, other - who_multiplies(0), at);
    }
    fail("race in shared memory: %s by thread %d, no barrier between (byte %zu)", what, other, at);
}

void trace_read(Trace& trace, const Position& now, size_t at) {
    if (trace.writer != now.thread && !is_ordered(now, trace.writeEpoch, trace.writeWarpEpoch,
                                                  trace.writer / kWarp)) {
        race("read of what was written", trace.writer, at);
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

void trace_write(Trace& trace, const Position& now, size_t at) {
    if (trace.writer != now.thread && !is_ordered(now, trace.writeEpoch, trace.writeWarpEpoch,
                                                  trace.writer / kWarp)) {
        race("write over what was written", trace.writer, at);
    }
    if (trace.reader != now.thread &&
        !is_ordered(now, trace.readEpoch, trace.readWarpEpoch, trace.readerWarp)) {
        race("write over what was read", trace.reader, at);
    }
    trace.writeEpoch = now.blockEpoch;
    trace.writeWarpEpoch = now.warpEpoch;
    trace.writer = now.thread;
}

void check_written(const char* what, const ClockTrace& trace, const Knowledge& by, size_t at) {
    if (trace.writeClock > by.seen[trace.writer]) {
        race(what, trace.writer, at);
    }
}

void check_read(const char* what, const ClockTrace& trace, const Knowledge& by, size_t at) {
    for (const Read& read : traces->readers[trace.readers]) {
        if (read.clock > by.seen[read.who]) {
            race(what, read.who, at);
        }
    }
    if (trace.pins > 0) {
        fail("race in shared memory: %s by %s, which may still be under way (byte %zu)", what,
             pinnedBy, at);
    }
}

void check_fenced(const char* what, const ClockTrace& trace, const Knowledge& by, size_t at) {
    if (trace.writer < by.fenced.size() && trace.writeClock > by.fenced[trace.writer]) {
        fail("%s shared memory that thread %d has written without fence_proxy_async after it, "
             "before the barrier (byte %zu)",
             what, trace.writer, at);
    }
}

void clock_read(ClockTrace& trace, int thread, const Knowledge& by, size_t at) {
    check_written("read of what was written", trace, by, at);
    trace.readers = traces->readers.with(trace.readers, thread, by.seen[thread]);
}

void clock_write(ClockTrace& trace, int thread, const Knowledge& by, size_t at) {
    check_written("write over what was written", trace, by, at);
    check_read("write over what was read", trace, by, at);
    trace.writer = static_cast<uint16_t>(thread);
    trace.writeClock = by.seen[thread];
    trace.readers = 0;
}

template <class Body>
void for_granules(size_t at, size_t bytes, Body body) {
    ClockTrace* all = traces->byClock;
    for (size_t i = at / kGranule; i <= (at + bytes - 1) / kGranule; ++i) {
        body(all[i], i * kGranule);
    }
}

}  // namespace

void races_begin_block() {
    if (clocks_are_kept()) {
        std::fill(std::begin(traces->byClock), std::end(traces->byClock), ClockTrace());
        traces->readers.clear();
    }
}

void trace(size_t at, size_t bytes, bool write) {
    if (clocks_are_kept()) {
        int thread = current_thread();
        const Knowledge& own = knowledge(thread);
        for_granules(at, bytes, [&](ClockTrace& trace, size_t byte) {
            if (write) {
                clock_write(trace, thread, own, byte);
            } else {
                clock_read(trace, thread, own, byte);
            }
        });
        return;
    }
    Position now = position();
    Trace* all = traces->byEpoch;
    for (size_t i = at / kGranule; i <= (at + bytes - 1) / kGranule; ++i) {
        if (write) {
            trace_write(all[i], now, at);
        } else {
            trace_read(all[i], now, at);
        }
    }
}

void trace_async_read(const char* what, size_t at, size_t bytes, const Knowledge& by) {
    for_granules(at, bytes, [&](ClockTrace& trace, size_t byte) {
        check_written("read of what was written", trace, by, byte);
        check_fenced(what, trace, by, byte);
    });
}

void trace_async_write(const char* what, size_t at, size_t bytes, const Knowledge& by) {
    for_granules(at, bytes, [&](ClockTrace& trace, size_t byte) {
        check_written("copy over what was written", trace, by, byte);
        check_read("copy over what was read", trace, by, byte);
        check_fenced(what, trace, by, byte);
    });
}

void trace_written_by(size_t at, size_t bytes, int who, uint32_t clock) {
    for_granules(at, bytes, [&](ClockTrace& trace, size_t) {
        trace.writer = static_cast<uint16_t>(who);
        trace.writeClock = clock;
        trace.readers = 0;
    });
}

void shared_pin(size_t at, size_t bytes, const char* what) {
    pinnedBy = what;
    for_granules(at, bytes, [](ClockTrace& trace, size_t) { ++trace.pins; });
}

void shared_unpin(size_t at, size_t bytes, int who, uint32_t clock) {
    for_granules(at, bytes, [&](ClockTrace& trace, size_t) {
        --trace.pins;
        trace.readers = traces->readers.with(trace.readers, who, clock);
    });
}

}  // namespace emulator
