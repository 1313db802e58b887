// Warp-wide matrix instructions, with the fragment layouts of the PTX ISA (see include/mma.cuh).
#include "tensor_cores.h"

#include <cstring>

namespace emulator {
namespace {

constexpr unsigned kAll = 0xffffffffu;

float low(unsigned pair) { return __builtin_bit_cast(float, pair << 16); }
float high(unsigned pair) { return __builtin_bit_cast(float, pair & 0xffff0000u); }

struct MatrixLoad {
    unsigned* reg;
    const uint16_t* row;
    int matrices;
    bool transposed;
};

void load_all(void** lanes, unsigned) {
    auto at = [&](int lane) { return static_cast<MatrixLoad*>(lanes[lane]); };
    int matrices = at(0)->matrices;
    for (int m = 0; m < matrices; ++m) {
        for (int lane = 0; lane < kWarp; ++lane) {
            int g = lane / 4;
            int t = lane % 4;
            const uint16_t* even = at(8 * m + (at(0)->transposed ? 2 * t : g))->row;
            const uint16_t* odd = at(8 * m + (at(0)->transposed ? 2 * t + 1 : g))->row;
            uint16_t first = even[at(0)->transposed ? g : 2 * t];
            uint16_t second = odd[at(0)->transposed ? g : 2 * t + 1];
            at(lane)->reg[m] = static_cast<unsigned>(second) << 16 | first;
        }
    }
}

struct Product {
    float* c;
    const unsigned* a;
    const unsigned* b;
};

// The numbers of a register: element i, of two bf16 or of four e4m3.
struct Bf16 {
    static constexpr int kEach = 2;
    static float at(unsigned reg, int i) { return i == 0 ? low(reg) : high(reg); }
};

struct E4m3 {
    static constexpr int kEach = 4;
    static float at(unsigned reg, int i) {
        return to_float(f8_e4m3{static_cast<uint8_t>(reg >> 8 * i)});
    }
};

// A register of A or B has neighbours along the depth, which is 32 bytes.
template <class Format>
void multiply_all(void** lanes, unsigned) {
    constexpr int kEach = Format::kEach;
    constexpr int kDepth = 8 * kEach;
    float a[16][kDepth], b[kDepth][8];
    for (int lane = 0; lane < kWarp; ++lane) {
        auto* own = static_cast<Product*>(lanes[lane]);
        int g = lane / 4;
        int t = lane % 4;
        for (int e = 0; e < kEach; ++e) {
            for (int i = 0; i < 4; ++i) {
                a[g + 8 * (i % 2)][kEach * (t + 4 * (i / 2)) + e] = Format::at(own->a[i], e);
            }
            for (int i = 0; i < 2; ++i) {
                b[kEach * (t + 4 * i) + e][g] = Format::at(own->b[i], e);
            }
        }
    }
    float sums[16][8] = {};
    for (int row = 0; row < 16; ++row) {
        for (int k = 0; k < kDepth; ++k) {
            for (int column = 0; column < 8; ++column) {
                sums[row][column] += a[row][k] * b[k][column];
            }
        }
    }
    for (int lane = 0; lane < kWarp; ++lane) {
        auto* own = static_cast<Product*>(lanes[lane]);
        for (int i = 0; i < 4; ++i) {
            own->c[i] += sums[lane / 4 + 8 * (i / 2)][2 * (lane % 4) + i % 2];
        }
    }
}

}  // namespace

void load_matrices(Site site, unsigned* reg, const void* row, int matrices, bool transposed) {
    int lane = current_thread() % kWarp;
    if (lane < 8 * matrices) {
        if (!shared_contains(row)) {
            fail("ldmatrix reads at %p, which is not shared memory", row);
        }
        if (reinterpret_cast<uintptr_t>(row) % 16 != 0) {
            fail("ldmatrix reads at %p, which is not a multiple of 16", row);
        }
        access(row, 16, false);
    }
    MatrixLoad load{reg, static_cast<const uint16_t*>(row), matrices, transposed};
    collective(site, kAll, &load, load_all);
}

void mma_bf16(Site site, float* c, const unsigned* a, const unsigned* b) {
    Product product{c, a, b};
    collective(site, kAll, &product, multiply_all<Bf16>);
}

void mma_e4m3(Site site, float* c, const unsigned* a, const unsigned* b) {
    Product product{c, a, b};
    collective(site, kAll, &product, multiply_all<E4m3>);
}

}  // namespace emulator
