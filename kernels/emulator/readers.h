// Who has read something, each with the clock of the last time. Places share what they know: what was
// read by the same ones in the same order has the same number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace emulator {

struct Read {
    uint32_t who;
    uint32_t clock;
};

class ReaderSets {
  public:
    void clear();

    /// The set of a number; 0 is nobody.
    const std::vector<Read>& operator[](uint32_t number) const { return sets[number]; }

    /// The number of the set after somebody has read too.
    uint32_t with(uint32_t from, uint32_t who, uint32_t clock);

  private:
    struct Step {
        uint32_t from;
        uint32_t who;
        uint32_t clock;
        bool operator==(const Step& other) const {
            return from == other.from && who == other.who && clock == other.clock;
        }
    };
    struct Hash {
        size_t operator()(const Step& step) const;
    };

    std::vector<std::vector<Read>> sets;
    std::unordered_map<Step, uint32_t, Hash> steps;
    Step last{};
    uint32_t lastNumber = 0;
};

}  // namespace emulator
