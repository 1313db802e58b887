// Vector clocks: who knows how much of whom, in kernels for Hopper and where blocks work for each other:
// threads meet at other places than barriers of the whole block.
//
// Everybody who touches shared memory has a clock: each thread, the tensor cores of each warpgroup,
// and each Barrier on behalf of the copies that end there. An access is ordered before a thread's next
// one if the thread has seen the clock that it happened at. What a thread has seen it gives away when
// it arrives somewhere, and who waits there takes it. Of what a thread has written, others know in
// addition up to which clock it was fenced for the asynchronous proxy.
//
// Of other blocks a thread knows what they have told (abroad.h).
#pragma once

#include <cstdint>
#include <vector>

#include "abroad.h"

namespace emulator {

constexpr int kWarpgroup = 128;

struct Knowledge {
    std::vector<uint32_t> seen;            // by who
    std::vector<uint32_t> fenced;          // by thread
    std::vector<uint32_t> fencedGlobally;  // the same of global memory, where that is traced
    AbroadPtr abroad;
    AbroadPtr abroadFenced;  // what of it the asynchronous proxy may read

    void forget();
};

/// Kept for kernels for Hopper and those with flags; the calls that say what happens do nothing for
/// others. `across` tells whether blocks work for each other.
void clocks_begin_block(int threads, bool kept, bool across);
extern bool clocksKept;
inline bool clocks_are_kept() { return clocksKept; }  // asked at each access

/// Numbers of those who have clocks and are no threads.
int who_multiplies(int warpgroup);
int who_copies_to(int barrier);
constexpr int kMaxBarriers = 64;

/// The clock that what a thread does now happens at.
uint32_t clock_now(int thread);

/// The current thread gives away what it knows.
void clocks_give(int thread, Knowledge& to);
void clocks_take(int thread, const Knowledge& from);

/// Each of the threads from first to end - 1 knows what the others do.
void clocks_meet(int first, int end);

/// A thread learns of what somebody who is no thread has done.
void clocks_see(int thread, int who, uint32_t clock);

/// What the thread has written so far can be read by the asynchronous proxy.
void clocks_fence(int thread);
void clocks_fence_globally(int thread);

/// All that a thread, or somebody else of this block, knows: in words for other blocks.
AbroadPtr clocks_tell(int thread);
AbroadPtr clocks_tell(const Knowledge& own);

/// The same of copies and products alone, without what threads have done.
AbroadPtr clocks_tell_of_copies(int thread);

/// What another block has told.
void clocks_hear(int thread, const AbroadPtr& told);
void clocks_hear(Knowledge& own, const AbroadPtr& told);

/// What is known of another block, as the other one counts.
Knowledge clocks_of_block(const Knowledge& own, uint32_t block);

const Knowledge& knowledge(int thread);

/// What every thread of a warpgroup knows.
const Knowledge& common_knowledge(int warpgroup);

}  // namespace emulator
