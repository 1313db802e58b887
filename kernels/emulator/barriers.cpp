// Barriers that count phases.
#include "clusters.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include "blocks.h"
#include "hopper.h"

namespace emulator {
namespace {

struct Waiter {
    int thread;
    unsigned parity;
    bool tries;  // goes on with a no if nothing else can happen
};

struct Counting {
    int arrivals;  // of a phase
    int pending;   // of the present phase
    int64_t bytes = 0;  // announced and not copied
    int copies = 0;     // under way, of the present phase
    uint32_t phase = 0;
    int maker;
    uint32_t made;  // the maker's clock
    bool shown = false;
    Knowledge arrived;
    Knowledge ended;  // what those knew who ended the last phase
    std::vector<Waiter> waiters;
    bool toldAbroad = false;       // by an arrival of another block in the present phase
    bool endedAbroad = false;      // the same of the last phase
    std::vector<Visit> visits;     // arrivals of other blocks that nobody here has waited for
};

constexpr int kMostTries = 64;

/// What each thread waits for, for the words of fail().
struct Waits {
    Site site;
    int number;
    unsigned parity;
};

struct Barriers {
    std::map<size_t, int> numbers;  // by offset in shared memory
    std::vector<Counting> counting;
    int tries;  // in which nothing happened
    Waits waits[kMaxThreads];
    bool refused[kMaxThreads];  // the last try
};
PerBlock<Barriers> barriers;

int self() { return current_thread(); }

void describe_wait(int thread, char* text, size_t size) {
    const Waits& wait = barriers->waits[thread];
    const Counting& own = barriers->counting[wait.number];
    snprintf(text, size,
             "parity %u of a barrier at %s:%d, whose phase %u has %d of %d arrivals and misses %ld "
             "bytes",
             wait.parity, base_name(wait.site.file), wait.site.line, own.phase,
             own.arrivals - own.pending, own.arrivals, static_cast<long>(own.bytes));
}

bool has_ended(const Counting& barrier, unsigned parity) { return barrier.phase % 2 != parity; }

void end_phase_if_complete(Counting& barrier) {
    if (barrier.pending > 0 || barrier.bytes != 0) {
        return;
    }
    if (barrier.copies > 0) {
        fail("a phase of a barrier ends while copies to it are under way: more bytes are copied "
             "than were announced");
    }
    ++barrier.phase;
    barrier.pending = barrier.arrivals;
    std::swap(barrier.ended, barrier.arrived);
    barrier.arrived.forget();
    barrier.endedAbroad = barrier.toldAbroad;
    barrier.toldAbroad = false;
    std::vector<Waiter> left;
    for (const Waiter& waiter : barrier.waiters) {
        if (has_ended(barrier, waiter.parity)) {
            clocks_take(waiter.thread, barrier.ended);
            wake(waiter.thread);
        } else {
            left.push_back(waiter);
        }
    }
    barrier.waiters = left;
    happened();
}

/// Who waits of the cluster, or the block, sees what was told by others of it.
bool wait(Site site, Barrier* barrier, unsigned parity, bool tries, bool ofCluster) {
    expect_hopper("a barrier in shared memory");
    int number = barrier_number(barrier);
    Counting& own = barriers->counting[number];
    if (parity > 1) {
        fail("%s:%d: waits for parity %u; it is 0 or 1", base_name(site.file), site.line, parity);
    }
    barriers->refused[self()] = false;
    if (!has_ended(own, parity)) {
        barriers->waits[self()] = {site, number, parity};
        own.waiters.push_back({self(), parity, tries});
        suspend(describe_wait);
    } else if (own.phase > 0) {
        clocks_take(self(), own.ended);
    }
    if (barriers->refused[self()]) {
        return false;
    }
    Counting& ended = barriers->counting[number];
    if (ended.phase > 0 && ended.endedAbroad && !ofCluster) {
        fail("%s:%d: waits by barrier_wait for what another block tells; barrier_wait_cluster sees it",
             base_name(site.file), site.line);
    }
    auto& visits = ended.visits;
    visits.erase(std::remove_if(visits.begin(), visits.end(),
                                [&](const Visit& visit) { return visit.phase < ended.phase; }),
                 visits.end());
    return true;
}

}  // namespace

void barriers_begin_block() {
    barriers->numbers.clear();
    barriers->counting.clear();
    barriers->tries = 0;
}

int barrier_number(const void* barrier) {
    return barrier_number(shared_offset(barrier), knowledge(self()), "__syncthreads");
}

int barrier_number(size_t at, const Knowledge& by, const char* shownBy) {
    auto found = barriers->numbers.find(at);
    if (found == barriers->numbers.end()) {
        fail("uses a barrier that nobody has made");
    }
    const Counting& own = barriers->counting[found->second];
    if (by.seen[own.maker] < own.made) {
        fail("uses a barrier that thread %d has made, with no %s between", own.maker, shownBy);
    }
    return found->second;
}

void barrier_visited(int number, const AbroadPtr& told, bool releases, const Visit& visit) {
    Counting& own = barriers->counting[number];
    clocks_hear(own.arrived, told);
    if (visit.block != block_number()) {
        own.toldAbroad |= releases;
        own.visits.push_back({own.phase, visit.block, visit.thread, visit.clock});
    }
    --own.pending;
    happened();
    end_phase_if_complete(own);
}

std::vector<Visit> barrier_visits() {
    std::vector<Visit> all;
    for (const Counting& own : barriers->counting) {
        all.insert(all.end(), own.visits.begin(), own.visits.end());
    }
    return all;
}

bool barrier_is_shown_to_copies(int number) { return barriers->counting[number].shown; }
uint32_t barrier_phase(int number) { return barriers->counting[number].phase; }
void barrier_copy_begins(int number) { ++barriers->counting[number].copies; }

void barrier_copy_ends(int number, int bytes) {
    Counting& own = barriers->counting[number];
    int who = who_copies_to(number);
    if (own.arrived.seen.empty()) {
        own.arrived = knowledge(0);
        own.arrived.forget();
    }
    own.arrived.seen[who] = own.phase + 1;
    --own.copies;
    own.bytes -= bytes;
    happened();
    end_phase_if_complete(own);
}

void happened() { barriers->tries = 0; }

bool barrier_is_waited_for(int number) { return !barriers->counting[number].waiters.empty(); }

bool barriers_refuse() {
    bool any = false;
    if (++barriers->tries > kMostTries) {
        return false;
    }
    for (Counting& barrier : barriers->counting) {
        std::vector<Waiter> left;
        for (const Waiter& waiter : barrier.waiters) {
            if (waiter.tries) {
                barriers->refused[waiter.thread] = true;
                wake(waiter.thread);
                any = true;
            } else {
                left.push_back(waiter);
            }
        }
        barrier.waiters = left;
    }
    return any;
}

void mbarrier_init(Barrier* barrier, int arrivals) {
    expect_hopper("a barrier in shared memory");
    size_t at = shared_offset(barrier);
    if (at % sizeof(Barrier) != 0) {
        fail("makes a barrier at an address that is not a multiple of 8");
    }
    if (arrivals < 1 || arrivals >= 1 << 20) {
        fail("makes a barrier for %d arrivals", arrivals);
    }
    if (barriers->numbers.count(at) != 0) {
        fail("makes a barrier where there is one");
    }
    if (static_cast<int>(barriers->counting.size()) == kMaxBarriers) {
        fail("makes more than %d barriers, as many as the emulator knows", kMaxBarriers);
    }
    shared_make_barrier(at);
    barriers->numbers[at] = static_cast<int>(barriers->counting.size());
    Counting own{};
    own.arrivals = own.pending = arrivals;
    own.maker = self();
    own.made = clock_now(self());
    barriers->counting.push_back(own);
}

void mbarrier_init_fence() {
    for (Counting& barrier : barriers->counting) {
        barrier.shown |= barrier.maker == self();
    }
}

void mbarrier_arrive(Site site, Barrier* barrier, int bytes) {
    expect_hopper("a barrier in shared memory");
    Counting& own = barriers->counting[barrier_number(barrier)];
    if (bytes < 0 || bytes >= 1 << 20) {
        fail("%s:%d: announces %d bytes; a phase counts up to 1,048,575", base_name(site.file),
             site.line, bytes);
    }
    clocks_give(self(), own.arrived);
    own.bytes += bytes;
    --own.pending;
    happened();
    end_phase_if_complete(own);
}

bool mbarrier_try_wait(Site site, Barrier* barrier, unsigned parity) {
    return wait(site, barrier, parity, true, false);
}

void mbarrier_wait(Site site, Barrier* barrier, unsigned parity) {
    wait(site, barrier, parity, false, false);
}

void mbarrier_wait_cluster(Site site, Barrier* barrier, unsigned parity) {
    wait(site, barrier, parity, false, true);
}

}  // namespace emulator
