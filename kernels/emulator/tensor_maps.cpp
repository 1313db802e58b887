#include "tensor_maps.h"

#include <cstring>

#include "library.h"

using namespace emulator;

namespace {

constexpr int kInvalidValue = 1;  // CUDA_ERROR_INVALID_VALUE
constexpr int kSwizzle128 = 3;    // CU_TENSOR_MAP_SWIZZLE_128B

/// Bytes of CUtensorMapDataType.
int bytes_of(int dataType) {
    constexpr int bytes[] = {1, 2, 4, 4, 8, 8, 2, 4, 8, 2};
    return dataType < 0 || dataType > 9 ? 0 : bytes[dataType];
}

}  // namespace

// The driver's own conditions (CUDA driver API, "Tensor Map Object Management").
int emulator_tensor_map(void* map, int dataType, int rank, int64_t address, const int64_t* sizes,
                        const int64_t* strides, const int* box, const int* elementStrides,
                        int interleave, int swizzle, int promotion, int fill) {
    int elementBytes = bytes_of(dataType);
    if (elementBytes == 0 || rank < 1 || rank > kMaxTensorRank || address % 16 != 0 ||
        interleave != 0 || (swizzle != 0 && swizzle != kSwizzle128) || promotion < 0 ||
        promotion > 3 || fill != 0) {
        return kInvalidValue;
    }
    TensorTiles tiles{};
    static_assert(sizeof tiles <= 128, "fits a CUtensorMap");
    tiles.mark = kTensorMark;
    tiles.address = static_cast<uint64_t>(address);
    tiles.rank = static_cast<uint8_t>(rank);
    tiles.elementBytes = static_cast<uint8_t>(elementBytes);
    tiles.swizzled = swizzle == kSwizzle128;
    for (int i = 0; i < rank; ++i) {
        if (sizes[i] < 1 || sizes[i] > int64_t{1} << 32 || box[i] < 1 || box[i] > 256 ||
            elementStrides[i] != 1) {
            return kInvalidValue;
        }
        tiles.sizes[i] = static_cast<uint32_t>(sizes[i]);
        tiles.box[i] = static_cast<uint16_t>(box[i]);
    }
    for (int i = 0; i + 1 < rank; ++i) {
        int64_t least = i == 0 ? sizes[0] * elementBytes : strides[i - 1];
        if (strides[i] % 16 != 0 || strides[i] >= int64_t{1} << 40 || strides[i] < least) {
            return kInvalidValue;
        }
        tiles.strides[i] = static_cast<uint64_t>(strides[i]);
    }
    int rowBytes = box[0] * elementBytes;
    if (rowBytes % 16 != 0 || (tiles.swizzled && rowBytes > 128)) {
        return kInvalidValue;
    }
    memset(map, 0, 128);
    memcpy(map, &tiles, sizeof tiles);
    return 0;
}
