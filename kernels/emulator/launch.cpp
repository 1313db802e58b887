// The kernels of the library, and how they are launched.
#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "blocks.h"
#include "emulator.h"
#include "global_races.h"
#include "library.h"

namespace emulator {
namespace {

constexpr int kMaxArguments = 64;
constexpr int kMaxArgumentBytes = 4096;
constexpr int kMapAlignment = 64;

alignas(kMapAlignment) char values[kMaxArgumentBytes];

std::map<std::string, Entry>& entries() {
    static std::map<std::string, Entry> all;
    return all;
}

/// Dynamic shared memory that was asked for, by kernel.
std::map<const Entry*, int>& granted() {
    static std::map<const Entry*, int> all;
    return all;
}

std::map<std::string, int>& constants() {
    static std::map<std::string, int> all;
    return all;
}

std::set<std::string>& files_with_flags() {
    static std::set<std::string> all;
    return all;
}

/// Whether its blocks may tell each other of what they did.
bool works_across(const Entry& entry) {
    std::string name = entry.name;
    return entry.cluster > 1 || files_with_flags().count(name.substr(0, name.find('/'))) > 0;
}

void check_arguments(const Entry& entry, const char* kinds, const int* offsets, const int* sizes) {
    if (strcmp(kinds, entry.signature) != 0) {
        fail("takes arguments of kinds %s, the launch gives %s", entry.signature, kinds);
    }
    for (int i = 0; i < entry.arguments; ++i) {
        if (sizes[i] != entry.sizes[i] || offsets[i] + sizes[i] > kMaxArgumentBytes) {
            fail("argument %d has %d bytes, the launch gives %d", i, entry.sizes[i], sizes[i]);
        }
        if (kinds[i] == 't' && offsets[i] % kMapAlignment != 0) {
            fail("argument %d is a TensorMap at byte %d of the parameters, no multiple of %d", i,
                 offsets[i], kMapAlignment);
        }
    }
}

void check_block(const Entry& entry, Index grid, Index block) {
    unsigned threads = block.x * block.y * block.z;
    if (threads == 0 || threads > static_cast<unsigned>(entry.maxThreads)) {
        fail("takes 1 to %d threads in a block, the launch gives %u", entry.maxThreads, threads);
    }
    if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 || grid.z > 65535) {
        fail("a grid of %u x %u x %u blocks cannot be launched", grid.x, grid.y, grid.z);
    }
    if (grid.x % entry.cluster != 0) {
        fail("a grid of %u blocks along x, in clusters of %d", grid.x, entry.cluster);
    }
}

void run(const Entry& entry, Index grid, Index block, size_t shared, const void* arguments,
         const int* offsets) {
    void* pointers[kMaxArguments];
    for (int i = 0; i < entry.arguments; ++i) {
        pointers[i] = values + offsets[i];
        memcpy(pointers[i], static_cast<const char*>(arguments) + offsets[i], entry.sizes[i]);
    }
    bool across = works_across(entry);
    set_launch(grid, block, shared, across);
    global_races_begin_launch(across);
    flags_begin_launch();
    shared_grant(granted()[&entry]);
    run_grid(entry, grid, pointers);
}

}  // namespace

bool is_parameter(const void* address) {
    return address >= values && address < values + kMaxArgumentBytes;
}

void add_entry(const Entry& entry) { entries()[entry.name] = entry; }
void add_constant(const char* name, int value) { constants()[name] = value; }
void add_file_with_flags(const char* file) { files_with_flags().insert(file); }

}  // namespace emulator

using namespace emulator;

int64_t emulator_function(const char* name) {
    auto found = entries().find(name);
    return found == entries().end() ? 0 : reinterpret_cast<int64_t>(&found->second);
}

int emulator_max_threads(int64_t function) {
    return reinterpret_cast<const Entry*>(function)->maxThreads;
}

int emulator_is_for_hopper(int64_t function) {
    return reinterpret_cast<const Entry*>(function)->hopper ? 1 : 0;
}

void emulator_allow_shared(int64_t function, int bytes) {
    int& most = granted()[reinterpret_cast<const Entry*>(function)];
    most = std::max(most, bytes);
}

int emulator_constant(const char* name, int* value) {
    auto found = constants().find(name);
    if (found == constants().end()) {
        return 1;
    }
    *value = found->second;
    return 0;
}

int emulator_launch(int64_t function, int gridX, int gridY, int gridZ, int blockX, int blockY,
                    int blockZ, int dynamicSharedBytes, const char* kinds, const void* arguments,
                    const int* offsets, const int* sizes) {
    const Entry& entry = *reinterpret_cast<const Entry*>(function);
    Index grid{static_cast<unsigned>(gridX), static_cast<unsigned>(gridY),
               static_cast<unsigned>(gridZ)};
    Index block{static_cast<unsigned>(blockX), static_cast<unsigned>(blockY),
                static_cast<unsigned>(blockZ)};
    clear_failure();
    set_kernel_name(entry.name);
    slot = 0;
    set_block({0, 0, 0});
    try {
        check_arguments(entry, kinds, offsets, sizes);
        check_block(entry, grid, block);
        run(entry, grid, block, dynamicSharedBytes, arguments, offsets);
    } catch (const char*) {
        // the words are kept by fail()
    }
    return has_failed() ? 1 : 0;
}

const char* emulator_error() { return failure(); }
