#include "wgmma_operands.h"

#include <cstring>

#include "hopper.h"
#include "small_floats.h"
#include "tensor_maps.h"

namespace emulator {
namespace {

constexpr unsigned kAtomBytes = 1024;  // 8 rows of 128 bytes
constexpr uint64_t kReservedBits = 0x3ff1c000c000c000u;  // between the fields of a descriptor

}  // namespace

Operand decode(uint64_t descriptor, int rows, int depth, bool across, const char* name) {
    unsigned start = (descriptor & 0x3fff) << 4;
    unsigned leading = (descriptor >> 16 & 0x3fff) << 4;
    unsigned stride = (descriptor >> 32 & 0x3fff) << 4;
    if ((descriptor & kReservedBits) != 0) {
        fail("the descriptor %016lx of %s has bits between its fields", descriptor, name);
    }
    if (descriptor >> 62 != 1 || (descriptor >> 49 & 7) != 0) {
        fail("the descriptor %016lx of %s has swizzle %lu and base offset %lu; the emulator knows "
             "1 (128 bytes) and 0",
             descriptor, name, descriptor >> 62, descriptor >> 49 & 7);
    }
    unsigned inAtom = start % kAtomBytes;
    if (across ? inAtom != 0 : inAtom % kDepthBytes != 0 || inAtom >= 128) {
        fail("the descriptor %016lx of %s begins at byte %u of an atom of 1024 bytes", descriptor,
             name, inAtom);
    }
    if (stride % kAtomBytes != 0 || (across && rows > 64 && leading % kAtomBytes != 0)) {
        fail("the descriptor %016lx of %s has strides of %u and %u bytes between atoms of 1024",
             descriptor, name, leading, stride);
    }
    Operand operand{{}, across};
    if (across) {
        for (int k = 0; k < depth; ++k) {
            for (int row = 0; row < rows; row += 8) {
                operand.chunks.push_back(swizzled_128(start + row / 64 * leading + row % 64 * 2 +
                                                      k / 8 * stride + k % 8 * 128));
            }
        }
    } else {
        for (int row = 0; row < rows; ++row) {
            for (int half = 0; half < kDepthBytes; half += kChunk) {
                operand.chunks.push_back(
                    swizzled_128(start + row / 8 * stride + row % 8 * 128 + half));
            }
        }
    }
    return operand;
}

float element(const uint8_t* at, int elementBytes) {
    if (elementBytes == 1) {
        return to_float(f8_e4m3{*at});
    }
    bf16 value;
    memcpy(&value, at, sizeof value);
    return to_float(value);
}

void load(const Operand& operand, int rows, int depth, int elementBytes, float* values) {
    int perChunk = kChunk / elementBytes;
    for (size_t c = 0; c < operand.chunks.size(); ++c) {
        auto* at = static_cast<const uint8_t*>(shared_at(operand.chunks[c]));
        int i = static_cast<int>(c);
        for (int e = 0; e < perChunk; ++e) {
            float value = element(at + e * elementBytes, elementBytes);
            if (operand.across) {
                values[(i % (rows / 8) * 8 + e) * depth + i / (rows / 8)] = value;
            } else {
                values[i / 2 * depth + i % 2 * perChunk + e] = value;
            }
        }
    }
}

}  // namespace emulator
