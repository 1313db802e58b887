// Named barriers, of some warps of a block.
#include <cstdio>

#include "barriers.h"
#include "blocks.h"
#include "hopper.h"

namespace emulator {
namespace {

struct Named {
    int threads = 0;
    int arrived = 0;
    Knowledge known;
    std::vector<int> waiters;
    Site site{};
};

constexpr int kNamed = 16;

/// What each thread waits for, for the words of fail().
struct Waits {
    Site site;
    int number;
};

struct Names {
    Named all[kNamed];
    Waits waits[kMaxThreads];
};
PerBlock<Names> names;
int threads;

int self() { return current_thread(); }

void describe_named(int thread, char* text, size_t size) {
    const Waits& wait = names->waits[thread];
    const Named& own = names->all[wait.number];
    snprintf(text, size, "the named barrier %d at %s:%d, where %d of %d threads came", wait.number,
             base_name(wait.site.file), wait.site.line, own.arrived, own.threads);
}

}  // namespace

void named_barriers_begin_block(int newThreads) {
    threads = newThreads;
    for (Named& barrier : names->all) {
        barrier = Named();
    }
}

void named_barrier(Site site, int id, int count, bool waits_) {
    expect_hopper("a named barrier");
    if (id < 1 || id >= kNamed || count < kWarp || count % kWarp != 0 || count > threads) {
        fail("%s:%d: a named barrier %d of %d threads; it is one of 1 to 15, of whole warps of the "
             "block",
             base_name(site.file), site.line, id, count);
    }
    Named& own = names->all[id];
    if (own.arrived == 0) {
        own.threads = count;
        own.site = site;
    } else if (own.threads != count) {
        fail("%s:%d: the named barrier %d of %d threads, for which another waits with %d at %s:%d",
             base_name(site.file), site.line, id, count, own.threads, base_name(own.site.file),
             own.site.line);
    }
    clocks_give(self(), own.known);
    happened();
    bool last = ++own.arrived == own.threads;
    if (!last && waits_) {
        own.waiters.push_back(self());
        names->waits[self()] = {site, id};
        suspend(describe_named);
    } else if (last) {
        if (waits_) {
            clocks_take(self(), own.known);
        }
        for (int thread : own.waiters) {
            clocks_take(thread, own.known);
            wake(thread);
        }
        own.waiters.clear();
        own.known.forget();
        own.arrived = 0;
    }
}

}  // namespace emulator
