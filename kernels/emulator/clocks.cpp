#include "clocks.h"

#include <algorithm>

#include "emulator.h"

namespace emulator {
namespace {

constexpr int kMaxWarpgroups = kMaxThreads / kWarpgroup;

int threads;
Knowledge known[kMaxThreads];

struct Common {
    Knowledge knowledge;
    bool isNew;
};
Common common[kMaxWarpgroups];

int everybody() { return threads + kMaxWarpgroups + kMaxBarriers; }

void reset(Knowledge& knowledge) {
    knowledge.seen.assign(everybody(), 0);
    knowledge.fenced.assign(threads, 0);
}

void grow(std::vector<uint32_t>& into, const std::vector<uint32_t>& from) {
    if (into.size() < from.size()) {
        into.resize(from.size());
    }
    uint32_t* to = into.data();
    const uint32_t* other = from.data();
    for (size_t i = 0; i < from.size(); ++i) {
        to[i] = to[i] < other[i] ? other[i] : to[i];
    }
}

void shrink(std::vector<uint32_t>& into, const std::vector<uint32_t>& from) {
    uint32_t* to = into.data();
    const uint32_t* other = from.data();
    for (size_t i = 0; i < from.size(); ++i) {
        to[i] = to[i] > other[i] ? other[i] : to[i];
    }
}

void grow(Knowledge& into, const Knowledge& from) {
    grow(into.seen, from.seen);
    grow(into.fenced, from.fenced);
}

void changed(int thread) { common[thread / kWarpgroup].isNew = false; }

/// What it does from now on happens later than what it has given away.
void tick(int thread) {
    ++known[thread].seen[thread];
    changed(thread);
}

}  // namespace

bool clocksKept;

void Knowledge::forget() {
    std::fill(seen.begin(), seen.end(), 0);
    std::fill(fenced.begin(), fenced.end(), 0);
}

void clocks_begin_block(int newThreads, bool kept) {
    clocksKept = kept;
    threads = newThreads;
    if (kept) {
        for (int t = 0; t < threads; ++t) {
            reset(known[t]);
            tick(t);
        }
    }
}

int who_multiplies(int warpgroup) { return threads + warpgroup; }
int who_copies_to(int barrier) { return threads + kMaxWarpgroups + barrier; }

uint32_t clock_now(int thread) { return known[thread].seen[thread]; }

void clocks_give(int thread, Knowledge& to) {
    grow(to, known[thread]);
    tick(thread);
}

void clocks_take(int thread, const Knowledge& from) {
    grow(known[thread], from);
    changed(thread);
}

void clocks_meet(int first, int end) {
    if (!clocksKept) {
        return;
    }
    static Knowledge all;
    reset(all);
    for (int t = first; t < end; ++t) {
        grow(all, known[t]);
    }
    for (int t = first; t < end; ++t) {
        known[t] = all;
        tick(t);
    }
}

void clocks_see(int thread, int who, uint32_t clock) {
    known[thread].seen[who] = std::max(known[thread].seen[who], clock);
    changed(thread);
}

void clocks_fence(int thread) {
    known[thread].fenced[thread] = known[thread].seen[thread];
    tick(thread);
}

const Knowledge& knowledge(int thread) { return known[thread]; }

const Knowledge& common_knowledge(int warpgroup) {
    Common& own = common[warpgroup];
    if (!own.isNew) {
        int first = warpgroup * kWarpgroup;
        own.knowledge = known[first];
        for (int t = first + 1; t < first + kWarpgroup; ++t) {
            shrink(own.knowledge.seen, known[t].seen);
            shrink(own.knowledge.fenced, known[t].fenced);
        }
        own.isNew = true;
    }
    return own.knowledge;
}

}  // namespace emulator
