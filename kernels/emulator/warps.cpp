// Operations of the lanes of a warp.
#include <algorithm>

#include "clocks.h"
#include "scheduler.h"

namespace emulator {

void collective(Site site, unsigned mask, void* args, void (*exec)(void**, unsigned)) {
    Warp& warp = block->warps[current / kWarp];
    unsigned self = 1u << current % kWarp;
    if ((mask & self) == 0) {
        fail("%s:%d: lane %d is not in its own mask %08x", base_name(site.file), site.line,
             current % kWarp, mask);
    }
    if (warp.arrived == 0) {
        warp.site = site;
        warp.mask = mask;
        warp.exec = exec;
    } else if (warp.mask != mask || warp.exec != exec || warp.site.line != site.line) {
        fail("lanes of a warp diverge: some are at %s:%d, lane %d is at %s:%d",
             base_name(warp.site.file), warp.site.line, current % kWarp, base_name(site.file),
             site.line);
    }
    warp.arrived |= self;
    warp.args[current % kWarp] = args;
    if (warp.arrived == mask) {
        warp.arrived = 0;
        warp.ready |= mask;
        exec(warp.args, mask);
    } else {
        warp.ready &= ~self;
        yield();
    }
}

void warp_barrier(Site site, unsigned mask) {
    collective(site, mask, nullptr, [](void**, unsigned) {
        ++block->warps[current / kWarp].epoch;
        int first = current / kWarp * kWarp;
        clocks_meet(first, std::min(first + kWarp, threads));
    });
}

uint64_t shuffle(Site site, unsigned mask, uint64_t value, int sourceLane) {
    struct Args {
        uint64_t value;
        int source;
        uint64_t result;
    } args{value, sourceLane, 0};
    collective(site, mask, &args, [](void** lanes, unsigned all) {
        for (unsigned left = all; left != 0; left &= left - 1) {
            int lane = __builtin_ctz(left);
            auto* own = static_cast<Args*>(lanes[lane]);
            if ((all >> own->source & 1) == 0) {
                fail("shuffle: lane %d reads lane %d, which is not in the mask %08x", lane,
                     own->source, all);
            }
            own->result = static_cast<Args*>(lanes[own->source])->value;
        }
    });
    return args.result;
}

}  // namespace emulator
