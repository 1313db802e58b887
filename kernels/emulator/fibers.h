// Threads of a block as fibers: separate stacks, switched by hand.
#pragma once

#include <cstddef>

namespace emulator {

constexpr size_t kStackBytes = 64 * 1024;

/// Makes a stack whose first switch calls entry(), which must not return.
void* prepare_stack(char* stack, size_t bytes, void (*entry)());

/// Saves where we are in *from and continues at to.
extern "C" void emulator_switch(void** from, void* to);

}  // namespace emulator
