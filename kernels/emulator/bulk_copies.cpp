// cp.async.bulk as late as the rules allow: the bytes of a load are poison until no thread can go on
// without them, those of a store are read when its group is waited for.
#include "clusters.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <vector>

#include "blocks.h"
#include "global_races.h"
#include "hopper.h"
#include "tensor_maps.h"

namespace emulator {
namespace {

/// Bytes of a copy that lie next to each other on both sides; global is null for zeros.
struct Piece {
    uint32_t shared;
    const uint8_t* global;
    uint16_t bytes;
};

struct Load {
    int barrier;
    int bytes;
    std::vector<Piece> pieces;
};

struct Store {
    int group;
    std::vector<Piece> pieces;
};

struct Stores {
    std::vector<Store> open;
    std::vector<Store> read;  // whose reads were waited for, where global memory is traced
    int group = 0;  // groups committed so far
};

constexpr int kChunk = 16;  // what a swizzle moves
constexpr unsigned kSwizzleBytes = 1024;
constexpr unsigned kTileAlignment = 128;
constexpr const char* kStore = "a bulk store";

struct Copies {
    std::vector<Load> loads;
    Stores stores[kMaxThreads];
};
PerBlock<Copies> copies;

int self() { return current_thread(); }

/// The tensor of a map, which has to be a parameter: a copy in a thread's memory is no map to a GPU.
const TensorTiles& tiles_of(const TensorMap& map, int rank) {
    if (!is_parameter(&map)) {
        fail("a tensor map has to be a parameter of the kernel, declared by TENSOR_MAP");
    }
    const auto& tiles = *reinterpret_cast<const TensorTiles*>(&map);
    if (tiles.mark != kTensorMark) {
        fail("a tensor map that Driver.tensorMap has not made");
    }
    if (rank > 0 && tiles.rank != rank) {
        fail("a copy with %d coordinates of a tensor of %d dimensions", rank, tiles.rank);
    }
    return tiles;
}

/// Where the bytes of a box are, chunk by chunk.
std::vector<Piece> pieces_of(const TensorTiles& tiles, const int* at, unsigned shared) {
    std::vector<Piece> pieces;
    int counts[kMaxTensorRank] = {1, 1, 1, 1, 1};
    std::copy(tiles.box, tiles.box + tiles.rank, counts);
    int rowBytes = counts[0] * tiles.elementBytes;
    int64_t tensorRowBytes = static_cast<int64_t>(tiles.sizes[0]) * tiles.elementBytes;
    int index[kMaxTensorRank] = {};
    int rows = counts[1] * counts[2] * counts[3] * counts[4];
    for (int row = 0; row < rows; ++row) {
        int rest = row;
        bool inside = true;
        int64_t begin = static_cast<int64_t>(at[0]) * tiles.elementBytes;
        int64_t offset = begin;
        for (int i = 1; i < tiles.rank; ++i) {
            index[i] = at[i] + rest % counts[i];
            rest /= counts[i];
            inside &= index[i] >= 0 && static_cast<uint32_t>(index[i]) < tiles.sizes[i];
            offset += index[i] * static_cast<int64_t>(tiles.strides[i - 1]);
        }
        for (int byte = 0; byte < rowBytes; byte += kChunk) {
            unsigned to = shared + row * rowBytes + byte;
            to = tiles.swizzled ? swizzled_128(to) : to;
            int64_t first = begin + byte;
            // the part of a chunk that lies inside, between zeros
            int64_t low = inside ? std::clamp<int64_t>(-first, 0, kChunk) : kChunk;
            int64_t high =
                inside ? std::clamp<int64_t>(tensorRowBytes - first, low, kChunk) : kChunk;
            auto* global = reinterpret_cast<const uint8_t*>(tiles.address + offset + byte);
            auto add = [&](int64_t from, int64_t end, const uint8_t* source) {
                if (end > from) {
                    pieces.push_back({static_cast<uint32_t>(to + from), source,
                                      static_cast<uint16_t>(end - from)});
                }
            };
            add(0, low, nullptr);
            add(low, high, global + low);
            add(high, kChunk, nullptr);
        }
    }
    return pieces;
}

unsigned checked_target(Site site, const TensorTiles& tiles, const void* shared) {
    unsigned at = shared_address(shared);
    unsigned multiple = tiles.swizzled ? kSwizzleBytes : kTileAlignment;
    if (at % multiple != 0) {
        fail("%s:%d: a tile in shared memory at byte %u, which is not a multiple of %u",
             base_name(site.file), site.line, at, multiple);
    }
    return at;
}

/// Outside of allocations, access() finds the words.
void check_global(const Piece& piece, bool write) {
    if (heap_contains(piece.global)) {
        heap_check(piece.global, piece.bytes, write);
    } else {
        access(piece.global, piece.bytes, write);
    }
}

/// What a copy reads, by the current thread.
void check_sources(const std::vector<Piece>& pieces) {
    for (const Piece& piece : pieces) {
        if (piece.global != nullptr) {
            check_global(piece, false);
            if (globalRacesKept) {
                global_check_async_read(heap_offset(piece.global), piece.bytes, knowledge(self()));
            }
        }
    }
}

/// A copy to the block whose turn it is, by somebody who knows what `by` does of it.
void begin_load(std::vector<Piece> pieces, int bytes, int number, const Knowledge& by) {
    if (!barrier_is_shown_to_copies(number)) {
        fail("a bulk copy to a barrier that was made without barrier_init_fence after it");
    }
    for (const Piece& piece : pieces) {
        shared_async_write("a bulk copy overwrites", piece.shared, piece.bytes, by);
    }
    int who = who_copies_to(number);
    uint32_t clock = barrier_phase(number) + 1;
    for (const Piece& piece : pieces) {
        shared_expect(piece.shared, piece.bytes, who, clock);
        if (globalRacesKept && piece.global != nullptr) {
            global_async_read(heap_offset(piece.global), piece.bytes, who, clock);
        }
    }
    barrier_copy_begins(number);
    copies->loads.push_back({number, bytes, std::move(pieces)});
    may_go_on();
}

/// A copy of the current thread to its own block.
void begin_load(std::vector<Piece> pieces, int bytes, Barrier* barrier) {
    int number = barrier_number(barrier);
    check_sources(pieces);
    begin_load(std::move(pieces), bytes, number, knowledge(self()));
}

int box_bytes(const TensorTiles& tiles) {
    int bytes = tiles.elementBytes;
    for (int i = 0; i < tiles.rank; ++i) {
        bytes *= tiles.box[i];
    }
    return bytes;
}

void end_load(const Load& load) {
    for (const Piece& piece : load.pieces) {
        shared_arrive(piece.shared, piece.bytes);
        if (piece.global == nullptr) {
            memset(shared_at(piece.shared), 0, piece.bytes);
        } else {
            memcpy(shared_at(piece.shared), piece.global, piece.bytes);
        }
    }
    barrier_copy_ends(load.barrier, load.bytes);
}

void end_store(const Store& store, int thread) {
    for (const Piece& piece : store.pieces) {
        shared_unpin(piece.shared, piece.bytes, thread, clock_now(thread));
        if (piece.global != nullptr) {
            check_global(piece, true);
            memcpy(const_cast<uint8_t*>(piece.global), shared_at(piece.shared), piece.bytes);
        }
    }
}

/// What groups before one have written can be told of.
void tell_written(Stores& own, int before) {
    size_t done = 0;
    while (done < own.read.size() && own.read[done].group < before) {
        for (const Piece& piece : own.read[done++].pieces) {
            if (piece.global != nullptr) {
                global_async_written(heap_offset(piece.global), piece.bytes, self());
            }
        }
    }
    own.read.erase(own.read.begin(), own.read.begin() + done);
}

}  // namespace

void bulk_begin_block() {
    copies->loads.clear();
    for (Stores& own : copies->stores) {
        own.open.clear();
        own.read.clear();
        own.group = 0;
    }
}

bool bulk_copy_oldest() {
    for (auto load = copies->loads.begin(); load != copies->loads.end(); ++load) {
        if (barrier_is_waited_for(load->barrier)) {
            Load ended = std::move(*load);
            copies->loads.erase(load);
            end_load(ended);
            return true;
        }
    }
    return false;
}

void bulk_end_thread(int thread) {
    if (!copies->stores[thread].open.empty()) {
        fail("ends while its bulk stores may still read shared memory; bulk_store_wait_read is "
             "missing");
    }
}

void bulk_end_block() {
    if (!copies->loads.empty()) {
        fail("the block ends while bulk copies to its shared memory are under way");
    }
}

void bulk_copy(Site site, void* shared, const void* global, int bytes, Barrier* barrier) {
    expect_hopper("cp.async.bulk");
    unsigned at = shared_address(shared);
    if (bytes < kChunk || bytes % kChunk != 0 || at % kChunk != 0 ||
        reinterpret_cast<uintptr_t>(global) % kChunk != 0) {
        fail("%s:%d: a bulk copy of %d bytes from %p to byte %u of shared memory; all three have "
             "to be multiples of 16",
             base_name(site.file), site.line, bytes, global, at);
    }
    std::vector<Piece> pieces;
    for (int i = 0; i < bytes; i += kChunk) {
        pieces.push_back({at + i, static_cast<const uint8_t*>(global) + i, kChunk});
    }
    begin_load(std::move(pieces), bytes, barrier);
}

void bulk_tile(Site site, void* shared, const TensorMap& map, int rank, const int* at,
               Barrier* barrier) {
    expect_hopper("cp.async.bulk.tensor");
    const TensorTiles& tiles = tiles_of(map, rank);
    unsigned to = checked_target(site, tiles, shared);
    begin_load(pieces_of(tiles, at, to), box_bytes(tiles), barrier);
}

void bulk_tile_all(Site site, void* shared, const TensorMap& map, int rank, const int* at,
                   Barrier* barrier, unsigned blocks) {
    expect_hopper("cp.async.bulk.tensor");
    const TensorTiles& tiles = tiles_of(map, rank);
    std::vector<Piece> pieces = pieces_of(tiles, at, checked_target(site, tiles, shared));
    size_t barrierAt = shared_offset(barrier);
    if (blocks == 0 || blocks >> cluster_size() != 0) {
        fail("%s:%d: brings a tile to the blocks %x of a cluster of %d", base_name(site.file),
             site.line, blocks, cluster_size());
    }
    check_sources(pieces);
    for (int block = 0; block < cluster_size(); ++block) {
        if ((blocks >> block & 1) != 0) {
            Knowledge by = cluster_knowledge_of(block);
            Turn turn(cluster_slot(site, block));
            begin_load(pieces, box_bytes(tiles), barrier_number(barrierAt, by, "cluster_sync"), by);
        }
    }
}

void bulk_store(Site site, const TensorMap& map, int rank, const int* at, const void* shared) {
    expect_hopper("cp.async.bulk.tensor");
    const TensorTiles& tiles = tiles_of(map, rank);
    std::vector<Piece> pieces = pieces_of(tiles, at, checked_target(site, tiles, shared));
    const Knowledge& own = knowledge(self());
    for (const Piece& piece : pieces) {
        shared_async_read("a bulk store reads", piece.shared, piece.bytes, own);
        shared_pin(piece.shared, piece.bytes, kStore);
        if (globalRacesKept && piece.global != nullptr) {
            global_async_write(heap_offset(piece.global), piece.bytes, self(), own);
        }
    }
    copies->stores[self()].open.push_back({copies->stores[self()].group, std::move(pieces)});
}

void bulk_store_commit() { ++copies->stores[self()].group; }

void bulk_store_wait(int newestGroupsLeft, bool readOnly) {
    Stores& own = copies->stores[self()];
    size_t done = 0;
    while (done < own.open.size() && own.open[done].group < own.group - newestGroupsLeft) {
        end_store(own.open[done++], self());
    }
    if (globalRacesKept) {
        std::move(own.open.begin(), own.open.begin() + done, std::back_inserter(own.read));
        if (!readOnly) {
            tell_written(own, own.group - newestGroupsLeft);
        }
    }
    own.open.erase(own.open.begin(), own.open.begin() + done);
}

void prefetch_map(const TensorMap& map) {
    expect_hopper("prefetch.tensormap");
    tiles_of(map, 0);
}

}  // namespace emulator
