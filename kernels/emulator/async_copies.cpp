// cp.async as late as the rules allow: bytes are poison from the issue to the wait.
#include <cstring>
#include <vector>

#include "blocks.h"
#include "emulator.h"

namespace emulator {
namespace {

struct Copy {
    void* shared;
    const void* global;
    int bytes;
    int validBytes;
    int group;
};

struct Queue {
    std::vector<Copy> copies;
    int group = 0;  // groups committed so far
};

struct Queues {
    Queue all[kMaxThreads];
};
PerBlock<Queues> queues;

}  // namespace

void async_begin_block() {
    for (Queue& queue : queues->all) {
        queue.copies.clear();
        queue.group = 0;
    }
}

void async_copy(void* shared, const void* global, int bytes, int validBytes) {
    if (bytes != 4 && bytes != 8 && bytes != 16) {
        fail("cp.async copies 4, 8 or 16 bytes, not %d", bytes);
    }
    if (reinterpret_cast<uintptr_t>(global) % bytes != 0) {
        fail("cp.async reads %d bytes at %p, which is not a multiple of %d", bytes, global, bytes);
    }
    if (!shared_contains(shared)) {
        fail("cp.async writes to %p, which is not shared memory", shared);
    }
    access(shared, bytes, true);
    if (validBytes > 0) {
        access(global, validBytes, false);
    }
    shared_undefine(shared, bytes);
    Queue& queue = queues->all[current_thread()];
    queue.copies.push_back({shared, global, bytes, validBytes, queue.group});
}

void async_commit() { ++queues->all[current_thread()].group; }

void async_wait(int newestGroupsLeft) {
    Queue& queue = queues->all[current_thread()];
    size_t done = 0;
    while (done < queue.copies.size() &&
           queue.copies[done].group < queue.group - newestGroupsLeft) {
        const Copy& copy = queue.copies[done++];
        access(copy.shared, copy.bytes, true);
        memcpy(copy.shared, copy.global, copy.validBytes);
        memset(static_cast<char*>(copy.shared) + copy.validBytes, 0,
               copy.bytes - copy.validBytes);
    }
    queue.copies.erase(queue.copies.begin(), queue.copies.begin() + done);
}

}  // namespace emulator
