// Flags in global memory: what blocks tell of themselves there, and who waits for it.
#include "flags.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <vector>

#include "blocks.h"
#include "hopper.h"

namespace emulator {
namespace {

struct Waiter {
    int slot;
    int thread;
    const unsigned* flag;
    unsigned least;
    Site site;
};

/// A value that a flag had, and what those know who see it.
struct Value {
    unsigned value;
    AbroadPtr told;
};

std::vector<Waiter> waiters;
std::map<const unsigned*, std::vector<Value>> flags;  // since they were set

int self() { return current_thread(); }

void check(Site site, const unsigned* flag, bool write) {
    if (!heap_contains(flag)) {
        fail("%s:%d: a flag at %p, which is not global memory", base_name(site.file), site.line,
             static_cast<const void*>(flag));
    }
    if (reinterpret_cast<uintptr_t>(flag) % sizeof(unsigned) != 0) {
        fail("%s:%d: a flag at %p, which is no multiple of 4", base_name(site.file), site.line,
             static_cast<const void*>(flag));
    }
    heap_check(flag, sizeof *flag, false);
    if (write) {
        heap_check(flag, sizeof *flag, true);
    }
}

void describe_flag(int thread, char* text, size_t size) {
    for (const Waiter& own : waiters) {
        if (own.slot == slot && own.thread == thread) {
            snprintf(text, size, "a flag at %s:%d to be %u, which is %u", base_name(own.site.file),
                     own.site.line, own.least, *own.flag);
        }
    }
}

AbroadPtr last_told(const unsigned* flag) {
    const auto& values = flags[flag];
    return values.empty() ? nullptr : values.back().told;
}

/// What the first value that is enough tells: nobody may count on a later one.
AbroadPtr told_by(const unsigned* flag, unsigned least) {
    for (const Value& own : flags[flag]) {
        if (own.value >= least) {
            return own.told;
        }
    }
    return nullptr;
}

/// Wakes those whom the flag lets go on.
void changed(const unsigned* flag) {
    happened();
    auto goes = [&](const Waiter& waiter) {
        if (waiter.flag != flag || *flag < waiter.least) {
            return false;
        }
        Turn turn(waiter.slot);
        wake(waiter.thread);
        happened();
        return true;
    };
    waiters.erase(std::remove_if(waiters.begin(), waiters.end(), goes), waiters.end());
}

}  // namespace

void flags_begin_launch() {
    waiters.clear();
    flags.clear();
}

unsigned flag_add(Site site, unsigned* flag, unsigned n) {
    check(site, flag, true);
    clocks_hear(self(), last_told(flag));
    AbroadPtr told = merged(last_told(flag), clocks_tell(self()));
    unsigned before = *flag;
    *flag = before + n;
    flags[flag].push_back({*flag, told});
    changed(flag);
    return before;
}

void flag_wait(Site site, const unsigned* flag, unsigned least) {
    check(site, flag, false);
    while (*flag < least) {
        waiters.push_back({slot, self(), flag, least, site});
        suspend(describe_flag, true);
    }
    clocks_hear(self(), told_by(flag, least));
}

void flag_set(Site site, unsigned* flag, unsigned value) {
    check(site, flag, true);
    *flag = value;
    flags[flag] = {{value, clocks_tell(self())}};
    changed(flag);
}

}  // namespace emulator
