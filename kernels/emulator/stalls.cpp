// What the threads of a block wait for, in words.
#include <algorithm>
#include <cstdio>
#include <cstring>

#include "scheduler.h"

namespace emulator {
namespace {

void describe(int thread, char* text, size_t size) {
    const Warp& warp = block->warps[thread / kWarp];
    const Site& site = block->barrierSite[thread];
    State state = block->state[thread];
    if (state == State::kDone) {
        snprintf(text, size, "thread %d has ended", thread);
    } else if (state == State::kAtBarrier) {
        snprintf(text, size, "thread %d waits at the barrier %s:%d", thread, base_name(site.file),
                 site.line);
    } else if (state == State::kSuspended) {
        int begun = snprintf(text, size, "thread %d waits for ", thread);
        block->waitsFor[thread].describe(thread, text + begun, size - begun);
    } else {
        snprintf(text, size, "thread %d waits for lanes %08x at %s:%d, of which %08x came", thread,
                 warp.mask, base_name(warp.site.file), warp.site.line, warp.arrived);
    }
}

/// What a thread waits for, without the number of the thread.
const char* reason(int thread, char* text, size_t size) {
    describe(thread, text, size);
    const char* after = strchr(text + sizeof "thread", ' ');
    return after == nullptr ? text : after + 1;
}

}  // namespace

// Neighbours with the same reason are named together.
size_t describe_block(char* text, size_t size) {
    size_t used = 0;
    for (int t = 0; t < threads && used < size - 1;) {
        char own[200], next[200];
        const char* why = reason(t, own, sizeof own);
        int end = t + 1;
        while (end < threads && strcmp(reason(end, next, sizeof next), why) == 0) {
            ++end;
        }
        const char* comma = t == 0 ? "" : "; ";
        used += end - t == 1
                    ? snprintf(text + used, size - used, "%sthread %d %s", comma, t, why)
                    : snprintf(text + used, size - used, "%sthreads %d to %d: %s", comma, t,
                               end - 1, why);
        t = end;
    }
    return std::min(used, size - 1);
}

int first_elsewhere() {
    const Site* site = block->barrierSite;
    for (int t = 0; t < threads; ++t) {
        if (block->state[t] != State::kAtBarrier || site[t].line != site[0].line ||
            strcmp(site[t].file, site[0].file) != 0) {
            return t;
        }
    }
    return -1;
}

bool does_one_wait_for(bool others) {
    for (int t = 0; t < threads; ++t) {
        if (block->state[t] == State::kSuspended && block->waitsFor[t].others >= others) {
            return true;
        }
    }
    return false;
}

void fail_waiting(int elsewhere) {
    if (does_one_wait_for(false)) {
        char all[1200];
        describe_block(all, sizeof all);
        fail("no thread can go on: %s", all);
    }
    char one[200], other[200];
    describe(0, one, sizeof one);
    describe(block->state[0] == State::kRunning ? 1 : elsewhere, other, sizeof other);
    fail("threads diverge at a barrier: %s, %s", one, other);
}

}  // namespace emulator
