// What the files of Hopper's instructions share: barriers, warpgroups, bulk_copies, wgmma, and races.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "clocks.h"
#include "emulator.h"

namespace emulator {

void hopper_begin_block(int threads, int maxThreads);

/// Before a thread ends: nothing of it may be under way.
void hopper_end_thread(int thread);

/// The same of the block, after its threads.
void hopper_end_block();

/// When no thread can go on: lets one thing happen that was late. False if there is none.
bool hopper_go_on();

void barriers_begin_block();
void named_barriers_begin_block(int threads);
void warpgroups_begin_block(int threads, int maxThreads);
void bulk_begin_block();
void wgmma_begin_block();
void bulk_end_thread(int thread);
void bulk_end_block();
void wgmma_end_thread(int thread);

/// Ends the oldest copy whose barrier somebody waits at.
bool bulk_copy_oldest();

/// Lets go on who only tries a barrier, and finds it closed.
bool barriers_refuse();

/// Something has changed that others may wait for.
void happened();

/// Fails unless the kernel is one for Hopper.
void expect_hopper(const char* what);

/// An operation of the four warps of a warpgroup: the last thread to come runs it for all of them.
void warpgroup_collective(Site site, void* args, void (*exec)(void** threads, int warpgroup));

// ---- barriers and the copies that end there

/// The number of a barrier; fails if there is none, or if the current thread cannot know of it.
int barrier_number(const void* barrier);
bool barrier_is_shown_to_copies(int number);

/// The same by offset, for somebody who knows what `by` does; shownBy names what would tell of it.
int barrier_number(size_t at, const Knowledge& by, const char* shownBy);

/// An arrival at a barrier of a block of the cluster, perhaps the own one.
struct Visit {
    uint32_t phase;
    uint32_t block;
    int thread;
    uint32_t clock;
};

/// It happens; what is told, as a release or not.
void barrier_visited(int number, const AbroadPtr& told, bool releases, const Visit& visit);

/// Those of other blocks that nobody has waited for.
std::vector<Visit> barrier_visits();

/// Phases that have ended; the present one has this number.
uint32_t barrier_phase(int number);
void barrier_copy_begins(int number);
void barrier_copy_ends(int number, int bytes);
bool barrier_is_waited_for(int number);

// ---- clusters

/// The blocks of these slots begin, as one cluster.
void cluster_begins(const std::vector<int>& slots);
void cluster_end_block();
int cluster_size();

/// The slot of a block of the current cluster; fails if there is none, or if it has ended.
int cluster_slot(Site site, unsigned rank);

/// What the current thread knows of a block of its cluster.
Knowledge cluster_knowledge_of(unsigned rank);

// ---- shared memory, by offset

size_t shared_offset(const void* address);
void* shared_at(size_t offset);

/// A read or write of the asynchronous proxy by somebody who knows what `by` does. Fails in the words
/// of `what`.
void shared_async_read(const char* what, size_t at, size_t bytes, const Knowledge& by);
void shared_async_write(const char* what, size_t at, size_t bytes, const Knowledge& by);

/// The bytes are to be read later: nobody may write them until then.
void shared_pin(size_t at, size_t bytes, const char* what);

/// They were read, by who at a clock.
void shared_unpin(size_t at, size_t bytes, int who, uint32_t clock);

/// The bytes are on their way, and poison until they arrive as written by who at a clock.
void shared_expect(size_t at, size_t bytes, int who, uint32_t clock);
void shared_arrive(size_t at, size_t bytes);

/// The 8 bytes of a barrier, which no thread reads or writes.
void shared_make_barrier(size_t at);

// ---- registers: locals of a kernel, on the stack of its thread

/// Every access to the stack, of kernels for Hopper.
void registers_touched(const void* address, size_t bytes, bool write);

}  // namespace emulator
