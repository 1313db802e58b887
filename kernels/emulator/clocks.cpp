#include "clocks.h"

#include <algorithm>

#include "blocks.h"
#include "emulator.h"

namespace emulator {
namespace {

constexpr int kMaxWarpgroups = kMaxThreads / kWarpgroup;

int threads;
bool across;

struct Common {
    Knowledge knowledge;
    bool isNew;
};

struct Clocks {
    Knowledge known[kMaxThreads];
    Common common[kMaxWarpgroups];
};
PerBlock<Clocks> clocks;

int everybody() { return threads + kMaxWarpgroups + kMaxBarriers; }

void reset(Knowledge& knowledge) {
    knowledge.seen.assign(everybody(), 0);
    knowledge.fenced.assign(threads, 0);
    knowledge.fencedGlobally.assign(across ? threads : 0, 0);
    knowledge.abroad = knowledge.abroadFenced = nullptr;
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
    if (across) {
        grow(into.fencedGlobally, from.fencedGlobally);
        into.abroad = merged(into.abroad, from.abroad);
        into.abroadFenced = merged(into.abroadFenced, from.abroadFenced);
    }
}

void changed(int thread) { clocks->common[thread / kWarpgroup].isNew = false; }

/// What it does from now on happens later than what it has given away.
void tick(int thread) {
    ++clocks->known[thread].seen[thread];
    changed(thread);
}

}  // namespace

bool clocksKept;

void Knowledge::forget() {
    std::fill(seen.begin(), seen.end(), 0);
    std::fill(fenced.begin(), fenced.end(), 0);
    std::fill(fencedGlobally.begin(), fencedGlobally.end(), 0);
    abroad = abroadFenced = nullptr;
}

void clocks_begin_block(int newThreads, bool kept, bool newAcross) {
    clocksKept = kept;
    across = newAcross;
    threads = newThreads;
    if (kept) {
        for (int t = 0; t < threads; ++t) {
            reset(clocks->known[t]);
            tick(t);
        }
    }
}

int who_multiplies(int warpgroup) { return threads + warpgroup; }
int who_copies_to(int barrier) { return threads + kMaxWarpgroups + barrier; }

uint32_t clock_now(int thread) { return clocks->known[thread].seen[thread]; }

void clocks_give(int thread, Knowledge& to) {
    grow(to, clocks->known[thread]);
    tick(thread);
}

void clocks_take(int thread, const Knowledge& from) {
    grow(clocks->known[thread], from);
    changed(thread);
}

void clocks_meet(int first, int end) {
    if (!clocksKept) {
        return;
    }
    static Knowledge all;
    reset(all);
    for (int t = first; t < end; ++t) {
        grow(all, clocks->known[t]);
    }
    for (int t = first; t < end; ++t) {
        clocks->known[t] = all;
        tick(t);
    }
}

void clocks_see(int thread, int who, uint32_t clock) {
    clocks->known[thread].seen[who] = std::max(clocks->known[thread].seen[who], clock);
    changed(thread);
}

void clocks_fence(int thread) {
    clocks->known[thread].fenced[thread] = clocks->known[thread].seen[thread];
    tick(thread);
}

void clocks_fence_globally(int thread) {
    Knowledge& own = clocks->known[thread];
    if (across) {
        own.fencedGlobally[thread] = own.seen[thread];
    }
    own.abroadFenced = own.abroad;
    tick(thread);
}

AbroadPtr clocks_tell(const Knowledge& own) {
    auto told = std::make_shared<Told>(Told{own.seen, own.fenced, own.fencedGlobally});
    auto alone = std::make_shared<Abroad>();
    (*alone)[block_number()] = told;
    return merged(own.abroad, alone);
}

AbroadPtr clocks_tell_of_copies(int thread) {
    AbroadPtr all = clocks_tell(clocks->known[thread]);
    auto ofCopies = std::make_shared<Abroad>();
    for (const auto& told : *all) {
        auto some = std::make_shared<Told>(Told{told.second->seen, {}, {}});
        std::fill(some->seen.begin(), some->seen.begin() + threads, 0);
        (*ofCopies)[told.first] = some;
    }
    return ofCopies;
}

AbroadPtr clocks_tell(int thread) {
    AbroadPtr told = clocks_tell(clocks->known[thread]);
    tick(thread);
    return told;
}

void clocks_hear(Knowledge& own, const AbroadPtr& told) {
    if (const Told* ofUs = told_of(told, block_number())) {
        grow(own.seen, ofUs->seen);
        grow(own.fenced, ofUs->fenced);
        grow(own.fencedGlobally, ofUs->fencedGlobally);
    }
    own.abroad = merged(own.abroad, without(told, block_number()));
}

void clocks_hear(int thread, const AbroadPtr& told) {
    clocks_hear(clocks->known[thread], told);
    changed(thread);
}

Knowledge clocks_of_block(const Knowledge& own, uint32_t block) {
    if (block == block_number()) {
        return own;
    }
    Knowledge of;
    reset(of);
    if (const Told* told = told_of(own.abroad, block)) {
        of.seen = told->seen;
        of.fenced = told->fenced;
        of.fencedGlobally = told->fencedGlobally;
    }
    return of;
}

const Knowledge& knowledge(int thread) { return clocks->known[thread]; }

const Knowledge& common_knowledge(int warpgroup) {
    Common& own = clocks->common[warpgroup];
    if (!own.isNew) {
        int first = warpgroup * kWarpgroup;
        own.knowledge = clocks->known[first];
        for (int t = first + 1; t < first + kWarpgroup; ++t) {
            shrink(own.knowledge.seen, clocks->known[t].seen);
            shrink(own.knowledge.fenced, clocks->known[t].fenced);
        }
        own.isNew = true;
    }
    return own.knowledge;
}

}  // namespace emulator
