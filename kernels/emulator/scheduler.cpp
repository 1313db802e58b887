// Runs the threads of a block, warp by warp, until all wait at the same barrier, again and again.
// Where they wait for other things (hopper.h), what is late happens then, one thing at a time. A block
// that waits for others is put aside (grid.cpp).
#include <sys/mman.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "clocks.h"
#include "emulator.h"
#include "fibers.h"
#include "hopper.h"
#include "scheduler.h"

namespace emulator {
namespace {

constexpr size_t kStacks = kStackBytes * kMaxThreads;  // of a block

Index grid, blockDim_;
size_t dynamicBytes;
Index threadIndex[kMaxThreads];
int currentSlot;  // while others have a turn on behalf of the current thread, too
void* schedulerStack;
char* stacks;

const Entry* entry;
bool across;  // whether blocks work for each other
void** entryArguments;

void fiber_main() {
    entry->call(entryArguments);
    if (clocks_are_kept()) {
        hopper_end_thread(current);
    }
    block->state[current] = State::kDone;
    block->warps[current / kWarp].ready &= ~(1u << current % kWarp);
    yield();
}

void resume(int thread) {
    current = thread;
    currentSlot = slot;
    emulator_switch(&schedulerStack, block->stackOf[thread]);
    slot = currentSlot;
    current = -1;
}

void start_threads() {
    if (stacks == nullptr) {
        void* memory = mmap(nullptr, kStacks * kMostTogether, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            fail("the emulator got no memory for the stacks of threads");
        }
        stacks = static_cast<char*>(memory);
    }
    for (int w = 0; w * kWarp < threads; ++w) {
        int lanes = threads - w * kWarp < kWarp ? threads - w * kWarp : kWarp;
        block->warps[w].ready = lanes == kWarp ? 0xffffffffu : (1u << lanes) - 1;
        block->warps[w].arrived = 0;
    }
    auto* own = static_cast<char*>(stack_begin());
    for (int t = 0; t < threads; ++t) {
        block->stackOf[t] = prepare_stack(own + t * kStackBytes, kStackBytes, fiber_main);
        block->state[t] = State::kRunning;
    }
}

/// Lets every thread run until it ends or waits for others.
void run_until_all_wait() {
    Warp* warps = block->warps;
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
                        if (has_failed()) {
                            return;
                        }
                    }
                }
            }
        }
    }
}

bool have_all_ended() {
    const State* state = block->state;
    return std::all_of(state, state + threads, [](State s) { return s == State::kDone; });
}

}  // namespace

PerBlock<Block> block;
int threads;
int current = -1;
int slot;

Index thread_index() { return threadIndex[current]; }
Index block_index() { return block->index; }
uint32_t block_number() {
    Index at = block->index;
    return (at.z * grid.y + at.y) * grid.x + at.x;
}
Index block_size() { return blockDim_; }
Index grid_size() { return grid; }

const char* base_name(const char* path) {
    const char* slash = strrchr(path, '/');
    return slash == nullptr ? path : slash + 1;
}

bool is_running() { return current >= 0; }

Position position() {
    int warp = current / kWarp;
    return {static_cast<uint16_t>(current), static_cast<uint16_t>(warp), block->epoch,
            block->warps[warp].epoch};
}

void set_launch(Index newGrid, Index newBlock, size_t shared, bool worksAcross) {
    across = worksAcross;
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

void* all_stacks() { return stacks; }
void* stack_begin() { return stacks + slot * kStacks; }
void* stack_end() { return stacks + (slot + 1) * kStacks; }

void set_block(Index index) { block->index = index; }

void begin_block(const Entry& newEntry, void** arguments) {
    entry = &newEntry;
    entryArguments = arguments;
    ++block->epoch;
    clocks_begin_block(threads, entry->hopper || across, across);
    shared_begin_block(dynamicBytes, entry->hopper);
    async_begin_block();
    if (clocks_are_kept()) {
        hopper_begin_block(threads, entry->maxThreads);
    }
    start_threads();
    block->ready = true;
}

void may_go_on() { block->ready = true; }
bool is_ready(int other) { return block.of(other).ready; }

bool go_on() {
    while (true) {
        run_until_all_wait();
        block->ready = false;
        if (has_failed()) {
            return false;
        }
        if (have_all_ended()) {
            if (clocks_are_kept()) {
                hopper_end_block();
            }
            return true;
        }
        int elsewhere = first_elsewhere();
        if (elsewhere < 0) {
            ++block->epoch;
            clocks_meet(0, threads);
            for (int t = 0; t < threads; ++t) {
                wake(t);
            }
        } else if (!clocks_are_kept() || !hopper_go_on()) {
            if (entry->cluster == 1 && !does_one_wait_for(true)) {
                fail_waiting(elsewhere);
            }
            return false;
        }
    }
}

void suspend(void (*describe)(int thread, char* text, size_t size), bool others) {
    block->state[current] = State::kSuspended;
    block->waitsFor[current] = {describe, others};
    block->warps[current / kWarp].ready &= ~(1u << current % kWarp);
    yield();
}

void wake(int thread) {
    block->state[thread] = State::kRunning;
    block->warps[thread / kWarp].ready |= 1u << thread % kWarp;
    block->ready = true;
}

void barrier(Site site) {
    block->state[current] = State::kAtBarrier;
    block->barrierSite[current] = site;
    block->warps[current / kWarp].ready &= ~(1u << current % kWarp);
    yield();
}

void yield() { emulator_switch(&block.of(currentSlot).stackOf[current], schedulerStack); }

void yield_failed() {
    if (current >= 0) {
        yield();
    }
}

size_t describe_place(char* text, size_t size) {
    Index b = block.of(current < 0 ? slot : currentSlot).index;
    if (current < 0) {
        return snprintf(text, size, "block (%u, %u, %u)", b.x, b.y, b.z);
    }
    Index t = threadIndex[current];
    return snprintf(text, size, "block (%u, %u, %u), thread (%u, %u, %u)", b.x, b.y, b.z, t.x, t.y,
                    t.z);
}

void expect_hopper(const char* what) {
    if (!entry->hopper) {
        fail("%s is there on Hopper only: the kernel has to be a HOPPER_KERNEL", what);
    }
}

}  // namespace emulator
