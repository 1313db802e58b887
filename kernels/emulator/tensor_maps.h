// What the emulator keeps in the 128 bytes of a TensorMap, where the NVIDIA driver has its own layout.
#pragma once

#include <cstdint>

namespace emulator {

constexpr int kMaxTensorRank = 5;

/// A tensor in global memory, innermost dimension first, and the box that one copy moves.
struct TensorTiles {
    uint64_t mark;  // kTensorMark
    uint64_t address;
    uint64_t strides[kMaxTensorRank - 1];  // bytes, of the second dimension and up
    uint32_t sizes[kMaxTensorRank];
    uint16_t box[kMaxTensorRank];
    uint8_t rank;
    uint8_t elementBytes;
    uint8_t swizzled;  // by 128 bytes
};

constexpr uint64_t kTensorMark = 0x50414d454c414e47u;

/// The swizzle of 128 bytes: bits 4 to 6 of an address in shared memory, changed by bits 7 to 9.
inline unsigned swizzled_128(unsigned at) { return at ^ (at >> 7 & 7) << 4; }

}  // namespace emulator
