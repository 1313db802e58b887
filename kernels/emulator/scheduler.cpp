// Runs the threads of a block, warp by warp, until all wait at the same barrier, again and again.
// Where they wait for other things (hopper.h), what is late happens then, one thing at a time.
#include <sys/mman.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "clocks.h"
#include "emulator.h"
#include "fibers.h"
#include "hopper.h"

namespace emulator {
namespace {

enum class State : uint8_t { kRunning, kAtBarrier, kSuspended, kDone };

struct Warp {
    unsigned ready = 0;    // lanes that can go on
    unsigned arrived = 0;  // lanes that wait for the collective below
    unsigned mask = 0;
    Site site{};
    void (*exec)(void**, unsigned) = nullptr;
    void* args[kWarp];
    uint32_t epoch = 0;
};

Index grid, blockDim_, blockIdx_;
size_t dynamicBytes;
Index threadIndex[kMaxThreads];
int threads;
int current = -1;
void* stackOf[kMaxThreads];
State state[kMaxThreads];
Site barrierSite[kMaxThreads];
void (*waitsFor[kMaxThreads])(int thread, char* text, size_t size);
Warp warps[kMaxThreads / kWarp];
uint32_t blockEpoch;
void* schedulerStack;
char* stacks;

const Entry* entry;
void** entryArguments;

bool failed;
char failureText[2048];
const char* kernelName = "";

void yield() { emulator_switch(&stackOf[current], schedulerStack); }

void fiber_main() {
    entry->call(entryArguments);
    if (clocks_are_kept()) {
        hopper_end_thread(current);
    }
    state[current] = State::kDone;
    warps[current / kWarp].ready &= ~(1u << current % kWarp);
    yield();
}

void resume(int thread) {
    current = thread;
    emulator_switch(&schedulerStack, stackOf[thread]);
    current = -1;
}

void start_threads() {
    if (stacks == nullptr) {
        void* memory = mmap(nullptr, kStackBytes * kMaxThreads, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            fail("the emulator got no memory for the stacks of threads");
        }
        stacks = static_cast<char*>(memory);
    }
    for (int w = 0; w * kWarp < threads; ++w) {
        int lanes = threads - w * kWarp < kWarp ? threads - w * kWarp : kWarp;
        warps[w].ready = lanes == kWarp ? 0xffffffffu : (1u << lanes) - 1;
        warps[w].arrived = 0;
    }
    for (int t = 0; t < threads; ++t) {
        stackOf[t] = prepare_stack(stacks + t * kStackBytes, kStackBytes, fiber_main);
        state[t] = State::kRunning;
    }
}

/// Lets every thread run until it ends or waits for others.
void run_until_all_wait() {
    bool ran = true;
    while (ran) {
        ran = false;
        for (int w = 0; w * kWarp < threads; ++w) {
            while (warps[w].ready != 0) {
                ran = true;
                for (unsigned left = warps[w].ready; left != 0; left &= left - 1) {
                    int lane = __builtin_ctz(left);
                    if (warps[w].ready >> lane & 1) {
                        resume(w * kWarp + lane);
                        if (failed) {
                            return;
                        }
                    }
                }
            }
        }
    }
}

void describe(int thread, char* text, size_t size) {
    const Warp& warp = warps[thread / kWarp];
    if (state[thread] == State::kDone) {
        snprintf(text, size, "thread %d has ended", thread);
    } else if (state[thread] == State::kAtBarrier) {
        snprintf(text, size, "thread %d waits at the barrier %s:%d", thread,
                 base_name(barrierSite[thread].file), barrierSite[thread].line);
    } else if (state[thread] == State::kSuspended) {
        int begun = snprintf(text, size, "thread %d waits for ", thread);
        waitsFor[thread](thread, text + begun, size - begun);
    } else {
        snprintf(text, size, "thread %d waits for lanes %08x at %s:%d, of which %08x came", thread,
                 warp.mask, base_name(warp.site.file), warp.site.line, warp.arrived);
    }
}

bool have_all_ended() {
    return std::all_of(state, state + threads, [](State s) { return s == State::kDone; });
}

/// The first thread that does not wait at the barrier of thread 0; -1 if there is none.
int first_elsewhere() {
    for (int t = 0; t < threads; ++t) {
        if (state[t] != State::kAtBarrier || barrierSite[t].line != barrierSite[0].line ||
            strcmp(barrierSite[t].file, barrierSite[0].file) != 0) {
            return t;
        }
    }
    return -1;
}

/// What a thread waits for, without the number of the thread.
const char* reason(int thread, char* text, size_t size) {
    describe(thread, text, size);
    const char* after = strchr(text + sizeof "thread", ' ');
    return after == nullptr ? text : after + 1;
}

/// Says of all threads what they wait for, neighbours with the same reason together.
[[noreturn]] void fail_stalled() {
    char all[1200];
    size_t used = 0;
    for (int t = 0; t < threads && used < sizeof all - 1;) {
        char own[200], next[200];
        const char* why = reason(t, own, sizeof own);
        int end = t + 1;
        while (end < threads && strcmp(reason(end, next, sizeof next), why) == 0) {
            ++end;
        }
        const char* comma = t == 0 ? "" : "; ";
        used += end - t == 1
                    ? snprintf(all + used, sizeof all - used, "%sthread %d %s", comma, t, why)
                    : snprintf(all + used, sizeof all - used, "%sthreads %d to %d: %s", comma, t,
                               end - 1, why);
        t = end;
    }
    fail("no thread can go on: %s", all);
}

/// No thread can go on, and nothing is late.
[[noreturn]] void fail_waiting(int elsewhere) {
    for (int t = 0; t < threads; ++t) {
        if (state[t] == State::kSuspended) {
            fail_stalled();
        }
    }
    char one[200], other[200];
    describe(0, one, sizeof one);
    describe(state[0] == State::kRunning ? 1 : elsewhere, other, sizeof other);
    fail("threads diverge at a barrier: %s, %s", one, other);
}

}  // namespace

Index thread_index() { return threadIndex[current]; }
Index block_index() { return blockIdx_; }
Index block_size() { return blockDim_; }
Index grid_size() { return grid; }

const char* base_name(const char* path) {
    const char* slash = strrchr(path, '/');
    return slash == nullptr ? path : slash + 1;
}

bool is_running() { return current >= 0; }

Position position() {
    int warp = current / kWarp;
    return {static_cast<uint16_t>(current), static_cast<uint16_t>(warp), blockEpoch,
            warps[warp].epoch};
}

void set_launch(Index newGrid, Index newBlock, size_t shared) {
    grid = newGrid;
    blockDim_ = newBlock;
    dynamicBytes = shared;
    threads = static_cast<int>(newBlock.x * newBlock.y * newBlock.z);
    int t = 0;
    for (unsigned z = 0; z < newBlock.z; ++z) {
        for (unsigned y = 0; y < newBlock.y; ++y) {
            for (unsigned x = 0; x < newBlock.x; ++x) {
                threadIndex[t++] = {x, y, z};
            }
        }
    }
}

void set_block(Index block) { blockIdx_ = block; }

void* stack_begin() { return stacks; }
void* stack_end() { return stacks + kStackBytes * kMaxThreads; }

bool run_block(const Entry& newEntry, void** arguments) {
    entry = &newEntry;
    entryArguments = arguments;
    ++blockEpoch;
    clocks_begin_block(threads, entry->hopper);
    shared_begin_block(dynamicBytes, entry->hopper);
    async_begin_block();
    if (entry->hopper) {
        hopper_begin_block(threads, entry->maxThreads);
    }
    start_threads();
    while (true) {
        run_until_all_wait();
        if (failed) {
            return false;
        }
        if (have_all_ended()) {
            if (entry->hopper) {
                hopper_end_block();
            }
            return true;
        }
        int elsewhere = first_elsewhere();
        if (elsewhere < 0) {
            ++blockEpoch;
            clocks_meet(0, threads);
            for (int t = 0; t < threads; ++t) {
                state[t] = State::kRunning;
                warps[t / kWarp].ready |= 1u << t % kWarp;
            }
        } else if (!entry->hopper || !hopper_go_on()) {
            fail_waiting(elsewhere);
        }
    }
}

void suspend(void (*describe)(int thread, char* text, size_t size)) {
    state[current] = State::kSuspended;
    waitsFor[current] = describe;
    warps[current / kWarp].ready &= ~(1u << current % kWarp);
    yield();
}

void wake(int thread) {
    state[thread] = State::kRunning;
    warps[thread / kWarp].ready |= 1u << thread % kWarp;
}

void barrier(Site site) {
    state[current] = State::kAtBarrier;
    barrierSite[current] = site;
    warps[current / kWarp].ready &= ~(1u << current % kWarp);
    yield();
}

void collective(Site site, unsigned mask, void* args, void (*exec)(void**, unsigned)) {
    Warp& warp = warps[current / kWarp];
    unsigned self = 1u << current % kWarp;
    if ((mask & self) == 0) {
        fail("%s:%d: lane %d is not in its own mask %08x", base_name(site.file), site.line,
             current % kWarp, mask);
    }
    if (warp.arrived == 0) {
        warp.site = site;
        warp.mask = mask;
        warp.exec = exec;
    } else if (warp.mask != mask || warp.exec != exec || warp.site.line != site.line) {
        fail("lanes of a warp diverge: some are at %s:%d, lane %d is at %s:%d",
             base_name(warp.site.file), warp.site.line, current % kWarp, base_name(site.file),
             site.line);
    }
    warp.arrived |= self;
    warp.args[current % kWarp] = args;
    if (warp.arrived == mask) {
        warp.arrived = 0;
        warp.ready |= mask;
        exec(warp.args, mask);
    } else {
        warp.ready &= ~self;
        yield();
    }
}

void warp_barrier(Site site, unsigned mask) {
    collective(site, mask, nullptr, [](void**, unsigned) {
        ++warps[current / kWarp].epoch;
        int first = current / kWarp * kWarp;
        clocks_meet(first, std::min(first + kWarp, threads));
    });
}

uint64_t shuffle(Site site, unsigned mask, uint64_t value, int sourceLane) {
    struct Args {
        uint64_t value;
        int source;
        uint64_t result;
    } args{value, sourceLane, 0};
    collective(site, mask, &args, [](void** lanes, unsigned all) {
        for (unsigned left = all; left != 0; left &= left - 1) {
            int lane = __builtin_ctz(left);
            auto* own = static_cast<Args*>(lanes[lane]);
            if ((all >> own->source & 1) == 0) {
                fail("shuffle: lane %d reads lane %d, which is not in the mask %08x", lane,
                     own->source, all);
            }
            own->result = static_cast<Args*>(lanes[own->source])->value;
        }
    });
    return args.result;
}

void fail(const char* format, ...) {
    if (!failed) {
        failed = true;
        char what[1500];
        va_list list;
        va_start(list, format);
        vsnprintf(what, sizeof what, format, list);
        va_end(list);
        if (current < 0) {
            snprintf(failureText, sizeof failureText, "kernel %s, block (%u, %u, %u): %s",
                     kernelName, blockIdx_.x, blockIdx_.y, blockIdx_.z, what);
        } else {
            Index t = threadIndex[current];
            snprintf(failureText, sizeof failureText,
                     "kernel %s, block (%u, %u, %u), thread (%u, %u, %u): %s", kernelName,
                     blockIdx_.x, blockIdx_.y, blockIdx_.z, t.x, t.y, t.z, what);
        }
    }
    if (current >= 0) {
        yield();
    }
    throw failureText;  // only the scheduler itself comes here; launch() catches
}

bool has_failed() { return failed; }
void clear_failure() { failed = false; }
const char* failure() { return failureText; }
void set_kernel_name(const char* name) { kernelName = name; }

void expect_hopper(const char* what) {
    if (!entry->hopper) {
        fail("%s is there on Hopper only: the kernel has to be a HOPPER_KERNEL", what);
    }
}

}  // namespace emulator
