// What wgmma reads of shared memory, and where its descriptors say that it lies.
#pragma once

#include <cstdint>
#include <vector>

namespace emulator {

constexpr int kDepthBytes = 32;  // of the depth of one product
constexpr int kChunk = 16;

/// The chunks of 16 bytes of an operand in shared memory. Along the depth, chunk i is the half
/// i % 2 of the depth of row i / 2; across it, 8 rows at one place of the depth.
struct Operand {
    std::vector<unsigned> chunks;
    bool across;
};

/// Decodes a descriptor of an operand of rows x kDepthBytes; name is A or B. Fails if it describes
/// none that the emulator knows.
Operand decode(uint64_t descriptor, int rows, int depth, bool across, const char* name);

/// An element of 1 byte (e4m3) or 2 (bf16).
float element(const uint8_t* at, int elementBytes);

/// Reads an operand into values[row * depth + k].
void load(const Operand& operand, int rows, int depth, int elementBytes, float* values);

}  // namespace emulator
