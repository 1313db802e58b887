// wgmma as late as the rules allow: a product happens when its group is waited for. Until then its
// sums are NaN, no register of it may be touched, and nobody may write what it reads.
#include "../include/wgmma.cuh"

#include <sys/mman.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "blocks.h"
#include "fibers.h"
#include "hopper.h"
#include "wgmma_operands.h"

namespace emulator {
namespace {

constexpr int kRows = 64;
constexpr int kMaxColumns = 256;
constexpr int kMaxDepth = 32;
constexpr int kMaxGroups = kMaxThreads / kWarpgroup;

/// What a thread brings to a product.
struct WgmmaProduct {
    int elementBytes;
    float* d;
    int columns;
    const unsigned* aRegisters;
    uint64_t a;
    bool aAcross;
    uint64_t b;
    bool bAcross;
    bool accumulate;
};

/// A product that was issued, of all threads of a warpgroup.
struct Product {
    int group;
    int columns;
    int elementBytes;
    bool accumulate;
    bool aInRegisters;
    Operand a, b;
    float* d[kWarpgroup];
    unsigned aValues[kWarpgroup][4];
    const unsigned* aAt[kWarpgroup];
};

/// Sums of a thread that products under way add to.
struct Sums {
    float* d;
    int count;
    int products;
    std::vector<float> values;
};

struct Warpgroup {
    std::vector<Product> products;
    int group = 0;       // groups committed so far
    uint32_t clock = 0;  // of its reads
};

// Registers are locals of a kernel, on the stack of its thread. A stamp for each 4 bytes says when
// they were touched last, and one for each thread when it fenced last; the stamps grow together.
uint32_t lastStamp;
uint32_t* touchStamps;

struct Products {
    Warpgroup warpgroups[kMaxGroups];
    std::vector<Sums> sums[kMaxThreads];
    uint32_t fenceStamp[kMaxThreads];  // 0 before the first fence
};
PerBlock<Products> products;

int self() { return current_thread(); }

uint32_t& stamp_of(const void* address) {
    return touchStamps[(static_cast<const char*>(address) - static_cast<char*>(all_stacks())) / 4];
}

void check_fenced(const void* registers, int count, const char* name) {
    auto* at = static_cast<const char*>(registers);
    if (at < stack_begin() || at >= stack_end()) {
        return;
    }
    uint32_t fence = products->fenceStamp[self()];
    for (int i = 0; i < count; ++i) {
        if (stamp_of(at + 4 * i) >= fence) {
            fail("wgmma with %s in registers that were touched since the last wgmma_fence", name);
        }
    }
}

Sums* find_sums(int thread, const float* d) {
    for (Sums& own : products->sums[thread]) {
        if (own.d == d) {
            return &own;
        }
    }
    return nullptr;
}

void check_readable(const Operand& operand, const Knowledge& by) {
    for (unsigned chunk : operand.chunks) {
        shared_async_read("wgmma reads", chunk, kChunk, by);
        shared_pin(chunk, kChunk, "wgmma");
    }
}

void issue(void** threads, int warpgroup) {
    auto at = [&](int i) -> const WgmmaProduct& { return *static_cast<WgmmaProduct*>(threads[i]); };
    const WgmmaProduct& first = at(0);
    for (int i = 1; i < kWarpgroup; ++i) {
        const WgmmaProduct& own = at(i);
        if (own.a != first.a || own.b != first.b || own.accumulate != first.accumulate ||
            own.columns != first.columns || own.elementBytes != first.elementBytes ||
            (own.aRegisters == nullptr) != (first.aRegisters == nullptr)) {
            fail("threads %d and %d of a warpgroup issue different products",
                 warpgroup * kWarpgroup, warpgroup * kWarpgroup + i);
        }
    }
    int depth = kDepthBytes / first.elementBytes;
    Product product{};
    product.group = products->warpgroups[warpgroup].group;
    product.columns = first.columns;
    product.elementBytes = first.elementBytes;
    product.accumulate = first.accumulate;
    product.aInRegisters = first.aRegisters != nullptr;
    const Knowledge& known = common_knowledge(warpgroup);
    if (!product.aInRegisters) {
        product.a = decode(first.a, kRows, depth, first.aAcross, "A");
        check_readable(product.a, known);
    }
    product.b = decode(first.b, first.columns, depth, first.bAcross, "B");
    check_readable(product.b, known);
    for (int i = 0; i < kWarpgroup; ++i) {
        product.d[i] = at(i).d;
        product.aAt[i] = at(i).aRegisters;
        if (product.aInRegisters) {
            memcpy(product.aValues[i], at(i).aRegisters, sizeof product.aValues[i]);
        }
        int thread = warpgroup * kWarpgroup + i;
        Sums* own = find_sums(thread, at(i).d);
        int count = first.columns / 2;
        if (own == nullptr) {
            std::vector<float> values(at(i).d, at(i).d + count);
            products->sums[thread].push_back({at(i).d, count, 0, std::move(values)});
            own = &products->sums[thread].back();
            std::fill(at(i).d, at(i).d + count, NAN);
        } else if (own->count != count) {
            fail("wgmma of %d columns into sums that one of %d columns adds to", 2 * count,
                 2 * own->count);
        }
        ++own->products;
    }
    products->warpgroups[warpgroup].products.push_back(std::move(product));
}

/// A out of the registers of all threads, as mma_bf16 takes it for 16 rows of each warp.
void load_registers(const Product& product, int depth, float* values) {
    int perRegister = 4 / product.elementBytes;
    for (int i = 0; i < kWarpgroup; ++i) {
        int lane = i % kWarp;
        for (int r = 0; r < 4; ++r) {
            int row = i / kWarp * 16 + lane / 4 + 8 * (r % 2);
            int k = lane % 4 * perRegister + r / 2 * (depth / 2);
            auto* bytes = reinterpret_cast<const uint8_t*>(&product.aValues[i][r]);
            for (int e = 0; e < perRegister; ++e) {
                values[row * depth + k + e] =
                    element(bytes + e * product.elementBytes, product.elementBytes);
            }
        }
    }
}

/// sums[64, columns] = a[64, depth] b[columns, depth]^T
__attribute__((optimize("O3"))) void multiply(const float* a, const float* b, float* results,
                                              int columns, int depth) {
    static float across[kMaxDepth][kMaxColumns];
    for (int column = 0; column < columns; ++column) {
        for (int k = 0; k < depth; ++k) {
            across[k][column] = b[column * depth + k];
        }
    }
    for (int row = 0; row < kRows; ++row) {
        float* to = results + row * columns;
        std::fill(to, to + columns, 0.0f);
        for (int k = 0; k < depth; ++k) {
            float factor = a[row * depth + k];
            const float* from = across[k];
            for (int column = 0; column < columns; ++column) {
                to[column] += factor * from[column];
            }
        }
    }
}

void release(const Operand& operand, int warpgroup) {
    for (unsigned chunk : operand.chunks) {
        shared_unpin(chunk, kChunk, who_multiplies(warpgroup),
                      products->warpgroups[warpgroup].clock);
    }
}

void execute(const Product& product, int warpgroup) {
    static float a[kRows * kMaxDepth], b[kMaxColumns * kMaxDepth], results[kRows * kMaxColumns];
    int depth = kDepthBytes / product.elementBytes;
    if (product.aInRegisters) {
        load_registers(product, depth, a);
    } else {
        load(product.a, kRows, depth, product.elementBytes, a);
        release(product.a, warpgroup);
    }
    load(product.b, product.columns, depth, product.elementBytes, b);
    release(product.b, warpgroup);
    multiply(a, b, results, product.columns, depth);
    for (int i = 0; i < kWarpgroup; ++i) {
        int thread = warpgroup * kWarpgroup + i;
        Sums& own = *find_sums(thread, product.d[i]);
        for (int r = 0; r < own.count; ++r) {
            int row = i / kWarp * 16 + i % kWarp / 4 + 8 * (r / 2 % 2);
            int column = r / 4 * 8 + 2 * (i % 4) + r % 2;
            float result = results[row * product.columns + column];
            own.values[r] = product.accumulate ? own.values[r] + result : result;
        }
        if (--own.products == 0) {
            std::copy(own.values.begin(), own.values.end(), own.d);
            auto& all = products->sums[thread];
            all.erase(all.begin() + (&own - all.data()));
        }
    }
}

void commit(void**, int warpgroup) { ++products->warpgroups[warpgroup].group; }

void wait(void** threads, int warpgroup) {
    Warpgroup& own = products->warpgroups[warpgroup];
    int left = *static_cast<int*>(threads[0]);
    ++own.clock;
    size_t done = 0;
    while (done < own.products.size() && own.products[done].group < own.group - left) {
        execute(own.products[done++], warpgroup);
    }
    own.products.erase(own.products.begin(), own.products.begin() + done);
    for (int i = 0; i < kWarpgroup; ++i) {
        clocks_see(warpgroup * kWarpgroup + i, who_multiplies(warpgroup), own.clock);
    }
}

/// Fails if registers of products under way are touched: D at all, A by a write.
void check_not_under_way(const char* begin, size_t bytes, bool write) {
    for (const Sums& own : products->sums[self()]) {
        auto* d = reinterpret_cast<const char*>(own.d);
        if (begin < d + 4 * own.count && begin + bytes > d) {
            fail("%s sums of wgmma before its group was waited for", write ? "writes" : "reads");
        }
    }
    if (!write) {
        return;
    }
    for (const Product& product : products->warpgroups[self() / kWarpgroup].products) {
        auto* a = reinterpret_cast<const char*>(product.aAt[self() % kWarpgroup]);
        if (a != nullptr && begin < a + 16 && begin + bytes > a) {
            fail("writes registers that wgmma reads A from, before its group was waited for");
        }
    }
}

}  // namespace

void wgmma_begin_block() {
    for (Warpgroup& own : products->warpgroups) {
        own = Warpgroup();
    }
    for (auto& own : products->sums) {
        own.clear();
    }
    std::fill(products->fenceStamp, products->fenceStamp + kMaxThreads, 0);
    if (touchStamps == nullptr) {
        void* memory = mmap(nullptr, kStackBytes * kMaxThreads * kMostTogether, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) {
            fail("the emulator got no memory for what it knows of registers");
        }
        touchStamps = static_cast<uint32_t*>(memory);
    }
}

void wgmma_end_thread(int thread) {
    if (!products->sums[thread].empty()) {
        fail("ends before its products were waited for; wgmma_wait is missing, or wgmma_commit");
    }
}

void registers_touched(const void* address, size_t bytes, bool write) {
    auto* at = static_cast<const char*>(address);
    check_not_under_way(at, bytes, write);
    for (size_t i = 0; i < bytes; i += 4) {
        stamp_of(at + i) = lastStamp;
    }
}

void wgmma_fence(Site site) {
    expect_hopper("wgmma");
    products->fenceStamp[self()] = ++lastStamp;
    collective(site, 0xffffffffu, nullptr, [](void**, unsigned) {});
}

void wgmma(Site site, int elementBytes, float* d, int columns, const unsigned* aRegisters,
           uint64_t a, bool aAcross, uint64_t b, bool bAcross, bool accumulate) {
    expect_hopper("wgmma");
    if (products->fenceStamp[self()] == 0) {
        fail("wgmma without a wgmma_fence before the first");
    }
    if (find_sums(self(), d) == nullptr) {
        check_fenced(d, columns / 2, "sums");
    }
    if (aRegisters != nullptr) {
        check_fenced(aRegisters, 4, "A");
    }
    WgmmaProduct product{elementBytes, d, columns, aRegisters, a, aAcross, b, bAcross, accumulate};
    warpgroup_collective(site, &product, issue);
}

void wgmma_commit(Site site) {
    expect_hopper("wgmma");
    warpgroup_collective(site, nullptr, commit);
}

void wgmma_wait(Site site, int newestGroupsLeft) {
    expect_hopper("wgmma");
    warpgroup_collective(site, &newestGroupsLeft, wait);
}

}  // namespace emulator
