#include "readers.h"

namespace emulator {

size_t ReaderSets::Hash::operator()(const Step& step) const {
    return ((step.from * 0x9e3779b97f4a7c15u + step.who) * 0x9e3779b97f4a7c15u + step.clock) *
               0x9e3779b97f4a7c15u >>
           16;
}

void ReaderSets::clear() {
    sets.assign(1, {});
    steps.clear();
    last = Step{};
    lastNumber = 0;
}

uint32_t ReaderSets::with(uint32_t from, uint32_t who, uint32_t clock) {
    Step step{from, who, clock};
    if (step == last) {
        return lastNumber;
    }
    last = step;
    auto found = steps.find(step);
    if (found != steps.end()) {
        return lastNumber = found->second;
    }
    std::vector<Read> all = sets[from];
    bool known = false;
    for (Read& read : all) {
        if (read.who == who) {
            read.clock = clock;
            known = true;
        }
    }
    if (!known) {
        all.push_back({who, clock});
    }
    sets.push_back(std::move(all));
    lastNumber = static_cast<uint32_t>(sets.size() - 1);
    steps[step] = lastNumber;
    return lastNumber;
}

}  // namespace emulator
