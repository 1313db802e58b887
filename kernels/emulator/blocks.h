// Blocks that run together. Each has a slot, as on a multiprocessor of its own, and one of them has its
// turn; a PerBlock is what a file keeps of the block whose turn it is.
#pragma once

namespace emulator {

constexpr int kMostTogether = 8;

/// The slot of the block whose turn it is.
extern int slot __attribute__((visibility("hidden")));

template <class T>
struct PerBlock {
    T all[kMostTogether];

    T* operator->() { return &all[slot]; }
    T& operator*() { return all[slot]; }
    T& of(int other) { return all[other]; }
};

/// While it lives, another block has its turn.
class Turn {
  public:
    explicit Turn(int other) : own(slot) { slot = other; }
    ~Turn() { slot = own; }
    Turn(const Turn&) = delete;

  private:
    int own;
};

}  // namespace emulator
