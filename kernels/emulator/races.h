// Who touched which bytes of shared memory, and whether that was in order. Addresses are offsets.
#pragma once

#include <cstddef>
#include <cstdint>

#include "clocks.h"

namespace emulator {

constexpr size_t kArenaBytes = 256 * 1024;  // of shared memory, with the gaps between arrays

void races_begin_block();

/// A read or write of the current thread.
void trace(size_t at, size_t bytes, bool write);

void trace_async_read(const char* what, size_t at, size_t bytes, const Knowledge& by);
void trace_async_write(const char* what, size_t at, size_t bytes, const Knowledge& by);
void trace_written_by(size_t at, size_t bytes, int who, uint32_t clock);

}  // namespace emulator
