#include "abroad.h"

#include <algorithm>

namespace emulator {
namespace {

bool covers(const std::vector<uint32_t>& large, const std::vector<uint32_t>& small) {
    for (size_t i = 0; i < small.size(); ++i) {
        if ((i < large.size() ? large[i] : 0) < small[i]) {
            return false;
        }
    }
    return true;
}

bool covers(const Told& large, const Told& small) {
    return covers(large.seen, small.seen) && covers(large.fenced, small.fenced) &&
           covers(large.fencedGlobally, small.fencedGlobally);
}

void grow(std::vector<uint32_t>& into, const std::vector<uint32_t>& from) {
    into.resize(std::max(into.size(), from.size()));
    for (size_t i = 0; i < from.size(); ++i) {
        into[i] = std::max(into[i], from[i]);
    }
}

// Where both say the same, everybody takes the same one, so that later comparisons are of pointers.
std::shared_ptr<const Told> merged(const std::shared_ptr<const Told>& one,
                                   const std::shared_ptr<const Told>& other) {
    if (one == other) {
        return one;
    }
    bool first = covers(*one, *other), second = covers(*other, *one);
    if (first && second) {
        return std::min(one, other);
    }
    if (first || second) {
        return first ? one : other;
    }
    auto both = std::make_shared<Told>(*one);
    grow(both->seen, other->seen);
    grow(both->fenced, other->fenced);
    grow(both->fencedGlobally, other->fencedGlobally);
    return both;
}

}  // namespace

AbroadPtr merged(const AbroadPtr& one, const AbroadPtr& other) {
    if (one == other || other == nullptr) {
        return one;
    }
    if (one == nullptr) {
        return other;
    }
    if (*one == *other) {
        return std::min(one, other);
    }
    auto both = std::make_shared<Abroad>(*one);
    for (const auto& told : *other) {
        auto& own = (*both)[told.first];
        own = own == nullptr ? told.second : merged(own, told.second);
    }
    return *both == *one ? one : *both == *other ? other : AbroadPtr(both);
}

AbroadPtr without(const AbroadPtr& all, uint32_t block) {
    if (told_of(all, block) == nullptr) {
        return all;
    }
    auto rest = std::make_shared<Abroad>(*all);
    rest->erase(block);
    return rest->empty() ? nullptr : AbroadPtr(rest);
}

const Told* told_of(const AbroadPtr& all, uint32_t block) {
    if (all == nullptr) {
        return nullptr;
    }
    auto found = all->find(block);
    return found == all->end() ? nullptr : found->second.get();
}

}  // namespace emulator
