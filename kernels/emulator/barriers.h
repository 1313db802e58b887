// The functions of include/barrier.cuh for the emulator.
#pragma once

#include "emulator.h"

/// What it counts is kept beside the emulated memory; kernels cannot read or write it.
struct alignas(8) Barrier {
    uint64_t state;
};

namespace emulator {

void mbarrier_init(Barrier* barrier, int arrivals);
void mbarrier_init_fence();
void mbarrier_arrive(Site site, Barrier* barrier, int bytes);
bool mbarrier_try_wait(Site site, Barrier* barrier, unsigned parity);
void mbarrier_wait(Site site, Barrier* barrier, unsigned parity);
void named_barrier(Site site, int id, int threads, bool waits);
void fence_proxy_async();
void fence_proxy_async_global();
void set_registers(Site site, int registers, bool raise);
bool elect_one(Site site);

}  // namespace emulator

inline void barrier_init(Barrier& barrier, int arrivals) {
    emulator::mbarrier_init(&barrier, arrivals);
}

inline void barrier_init_fence() { emulator::mbarrier_init_fence(); }

inline void barrier_arrive(Barrier& barrier, EMULATOR_CALLER) {
    emulator::mbarrier_arrive({file, line}, &barrier, 0);
}

inline void barrier_arrive_expect(Barrier& barrier, int bytes, EMULATOR_CALLER) {
    emulator::mbarrier_arrive({file, line}, &barrier, bytes);
}

inline bool barrier_try_wait(Barrier& barrier, unsigned parity, EMULATOR_CALLER) {
    return emulator::mbarrier_try_wait({file, line}, &barrier, parity);
}

inline void barrier_wait(Barrier& barrier, unsigned parity, EMULATOR_CALLER) {
    emulator::mbarrier_wait({file, line}, &barrier, parity);
}

inline void named_barrier_sync(int id, int threads, EMULATOR_CALLER) {
    emulator::named_barrier({file, line}, id, threads, true);
}

inline void named_barrier_arrive(int id, int threads, EMULATOR_CALLER) {
    emulator::named_barrier({file, line}, id, threads, false);
}

inline void fence_proxy_async() { emulator::fence_proxy_async(); }
inline void fence_proxy_async_global() { emulator::fence_proxy_async_global(); }

template <int registers>
inline void raise_registers(EMULATOR_CALLER) {
    static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256, "as setmaxnreg takes");
    emulator::set_registers({file, line}, registers, true);
}

template <int registers>
inline void lower_registers(EMULATOR_CALLER) {
    static_assert(registers % 8 == 0 && registers >= 24 && registers <= 256, "as setmaxnreg takes");
    emulator::set_registers({file, line}, registers, false);
}

inline bool elect_one(EMULATOR_CALLER) { return emulator::elect_one({file, line}); }
