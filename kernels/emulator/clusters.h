// The functions of include/cluster.cuh for the emulator.
#pragma once

#include "barriers.h"
#include "bulk_copies.h"
#include "emulator.h"

namespace emulator {

unsigned cluster_rank();
void cluster_sync(Site site);
void mbarrier_arrive_at(Site site, Barrier* barrier, unsigned rank, bool releases);
void mbarrier_wait_cluster(Site site, Barrier* barrier, unsigned parity);
void bulk_tile_all(Site site, void* shared, const TensorMap& map, int rank, const int* at,
                   Barrier* barrier, unsigned blocks);

}  // namespace emulator

inline unsigned cluster_rank() { return emulator::cluster_rank(); }
inline void cluster_sync(EMULATOR_CALLER) { emulator::cluster_sync({file, line}); }

inline void barrier_arrive_at(Barrier& barrier, unsigned rank, EMULATOR_CALLER) {
    emulator::mbarrier_arrive_at({file, line}, &barrier, rank, true);
}

inline void barrier_give_back(Barrier& barrier, unsigned rank, EMULATOR_CALLER) {
    emulator::mbarrier_arrive_at({file, line}, &barrier, rank, false);
}

inline void barrier_wait_cluster(Barrier& barrier, unsigned parity, EMULATOR_CALLER) {
    emulator::mbarrier_wait_cluster({file, line}, &barrier, parity);
}

inline void bulk_tile_all(void* shared, const TensorMap& map, int x, int y, Barrier& barrier,
                          unsigned short blocks, EMULATOR_CALLER) {
    int at[] = {x, y};
    emulator::bulk_tile_all({file, line}, shared, map, 2, at, &barrier, blocks);
}

inline void bulk_tile_all(void* shared, const TensorMap& map, int x, int y, int z,
                          Barrier& barrier, unsigned short blocks, EMULATOR_CALLER) {
    int at[] = {x, y, z};
    emulator::bulk_tile_all({file, line}, shared, map, 3, at, &barrier, blocks);
}

inline void bulk_tile_all(void* shared, const TensorMap& map, int x, int y, int z, int w,
                          Barrier& barrier, unsigned short blocks, EMULATOR_CALLER) {
    int at[] = {x, y, z, w};
    emulator::bulk_tile_all({file, line}, shared, map, 4, at, &barrier, blocks);
}
