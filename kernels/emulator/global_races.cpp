#include "global_races.h"

#include <cstdio>
#include <memory>
#include <vector>

#include "emulator.h"
#include "readers.h"

namespace emulator {
namespace {

constexpr size_t kGranule = 2;  // as in races.cpp
constexpr size_t kPageBytes = 64 * 1024;
constexpr size_t kMostPages = 512;  // that are kept for the next launch

constexpr uint32_t kUnderWay = UINT32_MAX;  // a clock that nobody has seen
constexpr uint32_t kAsync = 1 << 11;        // a bulk store of the thread, not the thread itself
constexpr int kWhoBits = 12;
static_assert(kMaxThreads + kMaxThreads / kWarpgroup + kMaxBarriers < kAsync, "all who");

/// The last accesses to a granule. Who is a block, and who of it.
struct Trace {
    uint32_t launch;
    uint32_t writer;
    uint32_t writeClock;  // 0 if nobody has written
    uint32_t readers;     // since the last write
};

struct Page {
    Trace traces[kPageBytes / kGranule];
};
std::vector<std::unique_ptr<Page>> pages;
size_t pagesMade;
uint32_t launch;
ReaderSets readers;

uint32_t in_grid(uint32_t who) { return block_number() << kWhoBits | who; }
uint32_t block_of(uint32_t who) { return who >> kWhoBits; }
uint32_t in_block(uint32_t who) { return who & (kAsync - 1); }

Trace& trace_at(size_t at) {
    size_t page = at / kPageBytes;
    if (page >= pages.size()) {
        pages.resize(page + 1);
    }
    if (pages[page] == nullptr) {
        pages[page] = std::make_unique<Page>();
        ++pagesMade;
    }
    Trace& trace = pages[page]->traces[at % kPageBytes / kGranule];
    if (trace.launch != launch) {
        trace = {launch, 0, 0, 0};
    }
    return trace;
}

template <class Body>
void for_granules(size_t at, size_t bytes, Body body) {
    for (size_t i = at / kGranule; i <= (at + bytes - 1) / kGranule; ++i) {
        body(trace_at(i * kGranule));
    }
}

uint32_t clock_in(const std::vector<uint32_t>& clocks, uint32_t who) {
    return who < clocks.size() ? clocks[who] : 0;
}

bool is_seen(uint32_t who, uint32_t clock, const Knowledge& by) {
    if (block_of(who) == block_number()) {
        return clock_in(by.seen, in_block(who)) >= clock;
    }
    const Told* told = told_of(by.abroad, block_of(who));
    return told != nullptr && clock_in(told->seen, in_block(who)) >= clock;
}

__attribute__((noinline)) void race(const char* what, uint32_t who, uint32_t clock) {
    unsigned block = block_of(who);
    int own = static_cast<int>(in_block(who));
    const char* missing = block == block_number() ? "no barrier between"
                                                  : "no flag or barrier of a cluster between";
    if (own >= who_copies_to(0)) {
        fail("race in global memory: %s by a bulk copy of block %u, %s", what, block, missing);
    }
    if (clock == kUnderWay) {
        fail("race in global memory: %s by a bulk store of thread %d of block %u, which was not "
             "waited for by bulk_store_wait",
             what, own, block);
    }
    fail("race in global memory: %s by thread %d of block %u, %s", what, own, block, missing);
}

void check_written(const char* what, const Trace& trace, const Knowledge& by) {
    if (trace.writeClock > 0 && !is_seen(trace.writer, trace.writeClock, by)) {
        race(what, trace.writer, trace.writeClock);
    }
}

void check_read(const char* what, const Trace& trace, const Knowledge& by) {
    for (const Read& read : readers[trace.readers]) {
        if (!is_seen(read.who, read.clock, by)) {
            race(what, read.who, read.clock);
        }
    }
}

/// Both sides fence what threads have written before bulk copies read it.
void check_fenced(const Trace& trace, const Knowledge& by) {
    if (trace.writeClock == 0 || (trace.writer & kAsync) != 0) {
        return;
    }
    uint32_t block = block_of(trace.writer), thread = in_block(trace.writer);
    bool own = block == block_number();
    const Told* told = own ? nullptr : told_of(by.abroad, block);
    if (clock_in(own ? by.fencedGlobally : told->fencedGlobally, thread) < trace.writeClock) {
        fail("a bulk copy reads global memory that thread %u of block %u has written without "
             "fence_proxy_async_global after it, before it told of it",
             thread, block);
    }
    const Told* fenced = own ? nullptr : told_of(by.abroadFenced, block);
    if (!own && (fenced == nullptr || clock_in(fenced->seen, thread) < trace.writeClock)) {
        fail("a bulk copy reads global memory that thread %u of block %u has written, without "
             "fence_proxy_async_global after that was told, before the copy",
             thread, block);
    }
}

}  // namespace

bool globalRacesKept;

void global_races_begin_launch(bool kept) {
    globalRacesKept = kept;
    if (kept) {
        ++launch;
        readers.clear();
        if (pagesMade > kMostPages) {
            pages.clear();
            pagesMade = 0;
        }
    }
}

void global_trace(size_t at, size_t bytes, bool write) {
    if (!is_running()) {
        return;
    }
    int thread = current_thread();
    const Knowledge& by = knowledge(thread);
    uint32_t who = in_grid(thread);
    for_granules(at, bytes, [&](Trace& trace) {
        if (write) {
            check_written("write over what was written", trace, by);
            check_read("write over what was read", trace, by);
            trace = {launch, who, by.seen[thread], 0};
        } else {
            check_written("read of what was written", trace, by);
            trace.readers = readers.with(trace.readers, who, by.seen[thread]);
        }
    });
}

void global_check_async_read(size_t at, size_t bytes, const Knowledge& by) {
    for_granules(at, bytes, [&](Trace& trace) {
        check_written("read of what was written", trace, by);
        check_fenced(trace, by);
    });
}

void global_async_read(size_t at, size_t bytes, int who, uint32_t clock) {
    for_granules(at, bytes, [&](Trace& trace) {
        trace.readers = readers.with(trace.readers, in_grid(who), clock);
    });
}

void global_async_write(size_t at, size_t bytes, int thread, const Knowledge& by) {
    for_granules(at, bytes, [&](Trace& trace) {
        check_written("write over what was written", trace, by);
        check_read("write over what was read", trace, by);
        trace = {launch, in_grid(thread) | kAsync, kUnderWay, 0};
    });
}

void global_async_written(size_t at, size_t bytes, int thread) {
    for_granules(at, bytes,
                 [&](Trace& trace) { trace.writeClock = clock_now(thread); });
}

}  // namespace emulator
