// The blocks of a grid: each runs until it ends or waits for other blocks, then the next one begins or
// goes on. As many are under way as the GPU has multiprocessors.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "blocks.h"
#include "hopper.h"

namespace emulator {
namespace {

int multiprocessors = 1;

/// Who is under way. The blocks of a cluster begin together, and leave together.
struct Resident {
    bool used = false;
    bool ended = false;
    uint64_t cluster = 0;
};
Resident residents[kMostTogether];

Index index_of(uint64_t number, Index grid) {
    return {static_cast<unsigned>(number % grid.x), static_cast<unsigned>(number / grid.x % grid.y),
            static_cast<unsigned>(number / grid.x / grid.y)};
}

/// Free slots for the blocks of a cluster; empty if there are too few.
std::vector<int> free_slots(int count) {
    std::vector<int> free;
    for (int s = 0; s < multiprocessors && static_cast<int>(free.size()) < count; ++s) {
        if (!residents[s].used) {
            free.push_back(s);
        }
    }
    return static_cast<int>(free.size()) < count ? std::vector<int>() : free;
}

/// Lets the blocks of a cluster begin, of which `number` is the first.
void begin_cluster(const Entry& entry, Index grid, uint64_t number, const std::vector<int>& slots,
                   void** arguments) {
    cluster_begins(slots);
    for (int s : slots) {
        residents[s] = {true, false, number / slots.size()};
        slot = s;
        set_block(index_of(number++, grid));
        begin_block(entry, arguments);
    }
}

void end_block(int ended) {
    residents[ended].ended = true;
    auto isUnderWay = [&](const Resident& r) {
        return r.used && !r.ended && r.cluster == residents[ended].cluster;
    };
    if (std::none_of(residents, residents + multiprocessors, isUnderWay)) {
        uint64_t cluster = residents[ended].cluster;
        for (Resident& r : residents) {
            if (r.used && r.cluster == cluster) {
                r = Resident();
            }
        }
    }
}

int first_ready() {
    for (int s = 0; s < multiprocessors; ++s) {
        if (residents[s].used && !residents[s].ended && is_ready(s)) {
            return s;
        }
    }
    return -1;
}

bool are_all_free() {
    return std::none_of(residents, residents + multiprocessors,
                        [](const Resident& r) { return r.used; });
}

[[noreturn]] void fail_waiting(uint64_t notBegun) {
    char all[1500];
    size_t used = 0;
    for (int s = 0; s < multiprocessors && used < sizeof all - 1; ++s) {
        if (residents[s].used) {
            Turn turn(s);
            Index at = block_index();
            used += snprintf(all + used, sizeof all - used, "%sblock (%u, %u, %u): ",
                             used == 0 ? "" : " | ", at.x, at.y, at.z);
            used = std::min(used, sizeof all - 1);
            used += describe_block(all + used, sizeof all - used);
        }
    }
    slot = 0;
    fail("no block can go on, and %lu of the grid have not begun on %d multiprocessors: %s",
         static_cast<unsigned long>(notBegun), multiprocessors, all);
}

}  // namespace

void set_multiprocessors(int count) { multiprocessors = std::clamp(count, 1, kMostTogether); }

void run_grid(const Entry& entry, Index grid, void** arguments) {
    std::fill(residents, residents + kMostTogether, Resident());
    if (entry.cluster > multiprocessors) {
        fail("a cluster of %d blocks, on %d multiprocessors", entry.cluster, multiprocessors);
    }
    uint64_t count = static_cast<uint64_t>(grid.x) * grid.y * grid.z;
    uint64_t next = 0;
    while (true) {
        int chosen = first_ready();
        if (chosen < 0 && next < count) {
            std::vector<int> slots = free_slots(entry.cluster);
            if (!slots.empty()) {
                begin_cluster(entry, grid, next, slots, arguments);
                next += slots.size();
                chosen = slots[0];
            }
        }
        if (chosen < 0) {
            if (are_all_free()) {
                return;
            }
            fail_waiting(count - next);
        }
        slot = chosen;
        if (go_on()) {
            end_block(chosen);
        } else if (has_failed()) {
            return;
        }
    }
}

}  // namespace emulator
