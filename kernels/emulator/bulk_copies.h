// The functions of include/bulk_copy.cuh for the emulator.
#pragma once

#include "barriers.h"
#include "emulator.h"

/// The emulator's own layout is that of TensorTiles in tensor_maps.h; kernels see bytes.
struct alignas(64) TensorMap {
    uint64_t words[16];
};

/// By reference, so that the emulator knows the parameter from a copy, which a GPU does not take.
#define TENSOR_MAP(name) const TensorMap& name

namespace emulator {

void bulk_copy(Site site, void* shared, const void* global, int bytes, Barrier* barrier);
void bulk_tile(Site site, void* shared, const TensorMap& map, int rank, const int* at,
               Barrier* barrier);
void bulk_store(Site site, const TensorMap& map, int rank, const int* at, const void* shared);
void bulk_store_commit();
void bulk_store_wait(int newestGroupsLeft, bool readOnly);
void prefetch_map(const TensorMap& map);

}  // namespace emulator

inline void bulk_copy(void* shared, const void* global, int bytes, Barrier& barrier,
                      EMULATOR_CALLER) {
    emulator::bulk_copy({file, line}, shared, global, bytes, &barrier);
}

inline void prefetch_map(const TensorMap& map) { emulator::prefetch_map(map); }

inline void bulk_tile(void* shared, const TensorMap& map, int x, int y, Barrier& barrier,
                      EMULATOR_CALLER) {
    int at[] = {x, y};
    emulator::bulk_tile({file, line}, shared, map, 2, at, &barrier);
}

inline void bulk_tile(void* shared, const TensorMap& map, int x, int y, int z, Barrier& barrier,
                      EMULATOR_CALLER) {
    int at[] = {x, y, z};
    emulator::bulk_tile({file, line}, shared, map, 3, at, &barrier);
}

inline void bulk_tile(void* shared, const TensorMap& map, int x, int y, int z, int w,
                      Barrier& barrier, EMULATOR_CALLER) {
    int at[] = {x, y, z, w};
    emulator::bulk_tile({file, line}, shared, map, 4, at, &barrier);
}

inline void bulk_store(const TensorMap& map, int x, int y, const void* shared, EMULATOR_CALLER) {
    int at[] = {x, y};
    emulator::bulk_store({file, line}, map, 2, at, shared);
}

inline void bulk_store(const TensorMap& map, int x, int y, int z, const void* shared,
                       EMULATOR_CALLER) {
    int at[] = {x, y, z};
    emulator::bulk_store({file, line}, map, 3, at, shared);
}

inline void bulk_store(const TensorMap& map, int x, int y, int z, int w, const void* shared,
                       EMULATOR_CALLER) {
    int at[] = {x, y, z, w};
    emulator::bulk_store({file, line}, map, 4, at, shared);
}

inline void bulk_store_commit() { emulator::bulk_store_commit(); }

template <int newestGroupsLeft>
inline void bulk_store_wait_read() {
    emulator::bulk_store_wait(newestGroupsLeft, true);
}

template <int newestGroupsLeft>
inline void bulk_store_wait() {
    emulator::bulk_store_wait(newestGroupsLeft, false);
}
