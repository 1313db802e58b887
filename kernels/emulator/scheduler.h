// What is known of the threads of a block: who can go on, and what the others wait for.
#pragma once

#include "blocks.h"
#include "emulator.h"

namespace emulator {

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

struct Wait {
    void (*describe)(int thread, char* text, size_t size);
    bool others;  // what other blocks do can end it
};

struct Block {
    Index index;
    uint32_t epoch;
    bool ready;  // somebody can go on
    void* stackOf[kMaxThreads];
    State state[kMaxThreads];
    Site barrierSite[kMaxThreads];
    Wait waitsFor[kMaxThreads];
    Warp warps[kMaxThreads / kWarp];
};

extern PerBlock<Block> block __attribute__((visibility("hidden")));
extern int threads __attribute__((visibility("hidden")));  // of each block

/// The current thread stops until it is resumed.
void yield();

/// The first thread that does not wait at the barrier of thread 0; -1 if there is none.
int first_elsewhere();

/// Whether a thread waits for another, of any block or of other blocks.
bool does_one_wait_for(bool others);

/// No thread can go on, nothing is late, and no other block can help.
[[noreturn]] void fail_waiting(int elsewhere);

}  // namespace emulator
