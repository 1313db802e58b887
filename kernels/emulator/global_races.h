// Who touched which bytes of global memory in a launch, and whether barriers and flags put that in order.
// Known only of kernels whose blocks work for each other.
#pragma once

#include <cstddef>
#include <cstdint>

#include "clocks.h"

namespace emulator {

void global_races_begin_launch(bool kept);
extern bool globalRacesKept __attribute__((visibility("hidden")));

/// A read or write of the current thread. Addresses are offsets in device memory.
void global_trace(size_t at, size_t bytes, bool write);

/// A bulk copy begins for somebody who knows what `by` does.
void global_check_async_read(size_t at, size_t bytes, const Knowledge& by);

/// It reads, and has read when that is known of who, of the block whose turn it is, at a clock.
void global_async_read(size_t at, size_t bytes, int who, uint32_t clock);

/// A bulk store of a thread begins to write, and has written once that was waited for.
void global_async_write(size_t at, size_t bytes, int thread, const Knowledge& by);
void global_async_written(size_t at, size_t bytes, int thread);

}  // namespace emulator
