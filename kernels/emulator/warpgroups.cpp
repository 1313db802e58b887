// What the threads of a warpgroup do together: meet, get registers, elect one of a warp.
#include <algorithm>
#include <cstdio>

#include "barriers.h"
#include "blocks.h"
#include "hopper.h"

namespace emulator {
namespace {

constexpr int kRegisterFile = 65536;

int threads;

struct Rendezvous {
    int arrived = 0;
    Site site{};
    void (*exec)(void**, int) = nullptr;
    void* args[kWarpgroup];
};

/// Registers that a thread waits for.
struct Wish {
    bool waits;
    int registers;
    Site site;
};

struct Warpgroups {
    Rendezvous rendezvous[kMaxThreads / kWarpgroup];
    Wish wishes[kMaxThreads];
    int registersOf[kMaxThreads / kWarpgroup];
    int freeRegisters;
};
PerBlock<Warpgroups> groups;

int self() { return current_thread(); }

void describe_group(int thread, char* text, size_t size) {
    const Rendezvous& own = groups->rendezvous[thread / kWarpgroup];
    snprintf(text, size, "its warpgroup at %s:%d, where %d threads of it came",
             base_name(own.site.file), own.site.line, own.arrived);
}

void describe_registers(int thread, char* text, size_t size) {
    const Wish& own = groups->wishes[thread];
    snprintf(text, size, "%d registers at %s:%d, while %d are free for each thread of a warpgroup",
             own.registers, base_name(own.site.file), own.site.line,
             groups->registersOf[thread / kWarpgroup] + groups->freeRegisters / kWarpgroup);
}

void give_registers(void** args, int warpgroup) {
    auto wanted = [&](int i) { return *static_cast<int*>(args[i]); };
    for (int i = 1; i < kWarpgroup; ++i) {
        if (wanted(i) != wanted(0)) {
            fail("threads of a warpgroup ask for %d and for %d registers", wanted(0), wanted(i));
        }
    }
    groups->freeRegisters -= (wanted(0) - groups->registersOf[warpgroup]) * kWarpgroup;
    groups->registersOf[warpgroup] = wanted(0);
}

}  // namespace

void warpgroups_begin_block(int newThreads, int maxThreads) {
    threads = newThreads;
    // what the compiler gives each thread of the largest block, in eights
    int given = std::min(kRegisterFile / maxThreads, 255) / 8 * 8;
    for (int g = 0; g < kMaxThreads / kWarpgroup; ++g) {
        groups->registersOf[g] = given;
        groups->rendezvous[g].arrived = 0;
    }
    groups->freeRegisters = 0;
    std::fill(groups->wishes, groups->wishes + kMaxThreads, Wish{});
}

void warpgroup_collective(Site site, void* args, void (*exec)(void** threads, int warpgroup)) {
    int group = self() / kWarpgroup;
    if ((group + 1) * kWarpgroup > threads) {
        fail("%s:%d: thread %d is in no warpgroup of 128 threads", base_name(site.file), site.line,
             self());
    }
    Rendezvous& own = groups->rendezvous[group];
    if (own.arrived == 0) {
        own.site = site;
        own.exec = exec;
    } else if (own.exec != exec || own.site.line != site.line) {
        fail("threads of a warpgroup diverge: some are at %s:%d, thread %d is at %s:%d",
             base_name(own.site.file), own.site.line, self(), base_name(site.file), site.line);
    }
    own.args[self() % kWarpgroup] = args;
    if (++own.arrived < kWarpgroup) {
        suspend(describe_group);
        return;
    }
    own.arrived = 0;
    happened();
    for (int t = group * kWarpgroup; t < (group + 1) * kWarpgroup; ++t) {
        wake(t);
    }
    exec(own.args, group);
}

void set_registers(Site site, int registers, bool raise) {
    expect_hopper("setmaxnreg");
    int group = self() / kWarpgroup;
    if (raise ? registers < groups->registersOf[group] : registers > groups->registersOf[group]) {
        fail("%s:%d: %s the registers of each thread from %d to %d", base_name(site.file),
             site.line, raise ? "raises" : "lowers", groups->registersOf[group], registers);
    }
    while (raise && (registers - groups->registersOf[group]) * kWarpgroup > groups->freeRegisters) {
        groups->wishes[self()] = {true, registers, site};
        suspend(describe_registers);
    }
    warpgroup_collective(site, &registers, give_registers);
    for (int t = 0; t < threads; ++t) {
        if (groups->wishes[t].waits) {
            groups->wishes[t].waits = false;
            wake(t);
        }
    }
}

bool elect_one(Site site) {
    expect_hopper("elect");
    int lane = self() % kWarp;
    collective(site, 0xffffffffu, nullptr, [](void**, unsigned) {});
    return lane == kWarp - 1;  // nobody may count on the first lane
}

}  // namespace emulator
