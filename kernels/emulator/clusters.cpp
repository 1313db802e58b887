// Blocks of a cluster: they meet, and arrive at each other's barriers. Their copies to each other are in
// bulk_copies.cpp.
#include "clusters.h"

#include <cstdio>

#include "blocks.h"
#include "hopper.h"

namespace emulator {
namespace {

struct Cluster {
    std::vector<int> slots;  // by rank
    std::vector<bool> ended;
    int arrived = 0;  // threads of all blocks, at cluster_sync
};
Cluster clusters[kMostTogether];  // by the slot of the first block

struct Member {
    int cluster;
    unsigned rank;
    Knowledge known;  // of the threads that have come to cluster_sync
    Site waits[kMaxThreads];
};
PerBlock<Member> member;

int self() { return current_thread(); }
Cluster& own_cluster() { return clusters[member->cluster]; }

int block_threads() {
    Index size = block_size();
    return static_cast<int>(size.x * size.y * size.z);
}

void describe_sync(int thread, char* text, size_t size) {
    const Cluster& own = own_cluster();
    const Site& site = member->waits[thread];
    snprintf(text, size, "its cluster at %s:%d, where %d of %d threads came", base_name(site.file),
             site.line, own.arrived, block_threads() * cluster_size());
}

/// The instruction is one of whole warps.
void check_warps() {
    for (int t = 0; t < block_threads(); ++t) {
        const Site& first = member->waits[t / kWarp * kWarp];
        if (member->waits[t].line != first.line) {
            fail("lanes of a warp meet their cluster at different places: thread %d at %s:%d, thread "
                 "%d at line %d",
                 t / kWarp * kWarp, base_name(first.file), first.line, t, member->waits[t].line);
        }
    }
}

/// All threads of all blocks have come, and go on with what all of them know.
void meet(Cluster& own) {
    own.arrived = 0;
    AbroadPtr all;
    for (int s : own.slots) {
        Turn turn(s);
        check_warps();
        all = merged(all, clocks_tell(member->known));
    }
    for (int s : own.slots) {
        Turn turn(s);
        happened();
        clocks_hear(member->known, all);
        for (int t = 0; t < block_threads(); ++t) {
            clocks_take(t, member->known);
            wake(t);
        }
        member->known.forget();
    }
}

}  // namespace

void cluster_begins(const std::vector<int>& slots) {
    Cluster& own = clusters[slots[0]];
    own.slots = slots;
    own.ended.assign(slots.size(), false);
    own.arrived = 0;
    for (size_t rank = 0; rank < slots.size(); ++rank) {
        Member& one = member.of(slots[rank]);
        one.cluster = slots[0];
        one.rank = static_cast<unsigned>(rank);
        one.known = Knowledge();
    }
}

int cluster_size() { return static_cast<int>(own_cluster().slots.size()); }

int cluster_slot(Site site, unsigned rank) {
    const Cluster& own = own_cluster();
    if (rank >= own.slots.size()) {
        fail("%s:%d: names block %u of a cluster of %d", base_name(site.file), site.line, rank,
             cluster_size());
    }
    if (own.ended[rank]) {
        fail("%s:%d: touches the shared memory of block %u of its cluster, which has ended",
             base_name(site.file), site.line, rank);
    }
    return own.slots[rank];
}

Knowledge cluster_knowledge_of(unsigned rank) {
    uint32_t number;
    {
        Turn turn(own_cluster().slots[rank]);
        number = block_number();
    }
    return clocks_of_block(knowledge(self()), number);
}

void cluster_end_block() {
    for (const Visit& visit : barrier_visits()) {
        bool known = false;
        for (int t = 0; t < block_threads() && !known; ++t) {
            const Told* told = told_of(knowledge(t).abroad, visit.block);
            known = told != nullptr && told->seen[visit.thread] >= visit.clock;
        }
        if (!known) {
            fail("the block ends while others may still arrive at its barriers: nobody waits for "
                 "thread %d of block %u; cluster_sync at the end is missing",
                 visit.thread, visit.block);
        }
    }
    own_cluster().ended[member->rank] = true;
}

unsigned cluster_rank() {
    expect_hopper("a cluster");
    return member->rank;
}

void cluster_sync(Site site) {
    expect_hopper("a cluster");
    Cluster& own = own_cluster();
    clocks_give(self(), member->known);
    member->waits[self()] = site;
    if (++own.arrived < block_threads() * cluster_size()) {
        suspend(describe_sync);
    } else {
        meet(own);
    }
}

void mbarrier_arrive_at(Site site, Barrier* barrier, unsigned rank, bool releases) {
    expect_hopper("a barrier in shared memory");
    int there = cluster_slot(site, rank);
    size_t at = shared_offset(barrier);
    Knowledge by = cluster_knowledge_of(rank);
    Visit visit{0, block_number(), self(), clock_now(self())};
    AbroadPtr told = releases ? clocks_tell(self()) : clocks_tell_of_copies(self());
    Turn turn(there);
    barrier_visited(barrier_number(at, by, "cluster_sync"), told, releases, visit);
}

}  // namespace emulator
