// What is known of other blocks. A block tells of itself by releases: at flags, and at the barriers of
// other blocks of its cluster. What it has told is shared by all who heard it, and never changes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace emulator {

/// Of one block: how much of each who in it is known, as in Knowledge.
struct Told {
    std::vector<uint32_t> seen, fenced, fencedGlobally;
};

/// By the number of the block in the grid.
using Abroad = std::map<uint32_t, std::shared_ptr<const Told>>;
using AbroadPtr = std::shared_ptr<const Abroad>;  // null: nothing is known

/// What both say together; one of them if that says it all.
AbroadPtr merged(const AbroadPtr& one, const AbroadPtr& other);
AbroadPtr without(const AbroadPtr& all, uint32_t block);

/// Null if nothing is known of the block.
const Told* told_of(const AbroadPtr& all, uint32_t block);

}  // namespace emulator
