// Elements of a matrix or a picture, f32 or bf16.
#pragma once

#include <cstdint>
#include <cstring>

struct Elements {
    bool narrow;  // bf16
    void* address;

    Elements(bool isNarrow, const void* at) : narrow(isNarrow), address(const_cast<void*>(at)) {}

    float load(int64_t i) const {
        if (!narrow) {
            return static_cast<const float*>(address)[i];
        }
        uint32_t bits = static_cast<uint32_t>(static_cast<const uint16_t*>(address)[i]) << 16;
        float value;
        memcpy(&value, &bits, 4);
        return value;
    }

    void store(int64_t i, float value) const {
        if (!narrow) {
            static_cast<float*>(address)[i] = value;
            return;
        }
        uint32_t bits;
        memcpy(&bits, &value, 4);
        static_cast<uint16_t*>(address)[i] =
            static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
};
