// What the emulator's own files share. Kernels include cuda_builtins.h, which needs the first half.
//
// One launch at a time, on one thread of the host: blocks run one after the other, or in turns where
// one waits for another; the threads of a block are fibers. Kernel files are compiled with
// -fsanitize=thread and without its runtime: the compiler then calls __tsan_read4(address) and the like
// before every access to memory that it did not prove private to the thread, and those functions are
// ours (accesses.cpp). So kernels keep their plain pointers, and no access of theirs goes unchecked.
// -fsanitize=alignment likewise calls a function of ours where a pointer is not aligned for its type.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emulator {

struct Index {
    unsigned x, y, z;
};

/// A place in a kernel's source.
struct Site {
    const char* file;
    int line;
};

// A default argument names the place of the call.
#define EMULATOR_CALLER const char *file = __builtin_FILE(), int line = __builtin_LINE()

// A thread sees the same values throughout its life, so the compiler may keep them in registers.
__attribute__((const)) Index thread_index();
__attribute__((const)) Index block_index();
__attribute__((const)) Index block_size();
__attribute__((const)) Index grid_size();

/// __syncthreads: every thread of the block has to come to the same place.
void barrier(Site site);

/// An operation of the lanes of a warp named by mask: the last to come runs it for all of them.
/// Each lane brings its own args; exec gets them indexed by lane.
void collective(Site site, unsigned mask, void* args, void (*exec)(void** lanes, unsigned mask));

/// __syncwarp: a collective that also orders memory within the warp.
void warp_barrier(Site site, unsigned mask);

/// A value of another lane; sourceLane may be the own one.
uint64_t shuffle(Site site, unsigned mask, uint64_t value, int sourceLane);

/// The address of a shared array of the current block. All threads that name the same key get the
/// same array; its first content is poison.
void* shared_array(const void* key, size_t bytes, size_t alignment);

/// The shared memory given at launch.
void* dynamic_shared();

/// Where something lies in the window of shared memory, as instructions name it.
unsigned shared_address(const void* address);

/// Declares an access that the compiler does not see.
void access(const void* address, size_t bytes, bool write);

/// Declares an atomic access, which takes no part in races.
void atomic_access(const void* address, size_t bytes);

// cp.async: the bytes arrive when the group is waited for, and are poison until then.
void async_copy(void* shared, const void* global, int bytes, int validBytes);
void async_commit();
void async_wait(int newestGroupsLeft);

/// Ends the launch with a complaint.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// A kernel with the way to call it.
struct Entry {
    const char* name;
    int maxThreads;
    bool hopper;            // whether it is compiled for sm_90a and nothing else
    int cluster;            // blocks of a cluster, along x
    const char* signature;  // one letter for each argument: p i l f, s for a struct, t a TensorMap
    const int* sizes;       // bytes of each argument
    int arguments;
    void (*call)(void** arguments);
};

void add_entry(const Entry& entry);
void add_constant(const char* name, int value);
void add_file_with_flags(const char* file);

// ---- between the emulator's own files ----

constexpr int kWarp = 32;
constexpr int kMaxThreads = 1024;
constexpr size_t kSharedLimit = 101376;  // the least of the supported architectures (sm_89)
constexpr size_t kHopperSharedLimit = 232448;
constexpr size_t kReservedShared = 1024;  // of each block, on Hopper
constexpr size_t kFreeShared = 49152;     // what a block may have without asking

/// Where the current thread is, for race detection.
struct Position {
    uint16_t thread;
    uint16_t warp;
    uint32_t blockEpoch;  // grows at every barrier and block
    uint32_t warpEpoch;   // grows at every __syncwarp of the warp
};
Position position();

extern int current __attribute__((visibility("hidden")));
inline int current_thread() { return current; }  // -1 if none runs

/// Whether a thread of a kernel is running (and not the loader of the library).
bool is_running();

/// The number of the current block in the grid.
uint32_t block_number();

/// Whether an address is that of a parameter of the launch.
bool is_parameter(const void* address);

/// Runs all blocks of a grid, as many together as there are multiprocessors.
void run_grid(const Entry& entry, Index grid, void** arguments);
void set_multiprocessors(int count);

/// The block whose turn it is begins.
void begin_block(const Entry& entry, void** arguments);

/// It runs until it ends or waits for other blocks, or has failed. Whether it has ended.
bool go_on();

/// Another block has brought something that the one whose turn it is may wait for.
void may_go_on();

/// Whether the block of a slot can go on.
bool is_ready(int slot);

/// What the threads of the block whose turn it is wait for; how long the text is.
size_t describe_block(char* text, size_t size);
void set_launch(Index grid, Index block, size_t dynamicSharedBytes, bool acrossBlocks);
void set_block(Index block);
void* all_stacks();
void* stack_begin();  // of the block whose turn it is
void* stack_end();

/// Most dynamic shared memory that the host has asked for on behalf of the kernel.
void shared_grant(size_t bytes);
void shared_begin_block(size_t dynamicBytes, bool hopper);
void async_begin_block();
void flags_begin_launch();

/// Suspends the current thread until another wakes it. describe says what it waits for; others tells
/// whether other blocks may bring it, so that the block can be put aside.
void suspend(void (*describe)(int thread, char* text, size_t size), bool others = false);
void wake(int thread);

const char* base_name(const char* path);

bool heap_contains(const void* address);
bool shared_contains(const void* address);
size_t heap_offset(const void* address);
void heap_access(const void* address, size_t bytes, bool write);

/// The same without part in races between blocks.
void heap_check(const void* address, size_t bytes, bool write);
void shared_access(const void* address, size_t bytes, bool write, bool atomic);
void shared_undefine(const void* address, size_t bytes);

/// Where the current thread is, in words.
size_t describe_place(char* text, size_t size);

/// A thread that has failed goes no further; returns if no thread runs.
void yield_failed();
bool has_failed();
void clear_failure();
const char* failure();
void set_kernel_name(const char* name);

}  // namespace emulator
