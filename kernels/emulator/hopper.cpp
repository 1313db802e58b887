// What the parts of Hopper do together at the ends of blocks, and the fences between proxies.
#include "hopper.h"

#include "barriers.h"

namespace emulator {

void fence_proxy_async() {
    expect_hopper("fence.proxy.async");
    clocks_fence(current_thread());
    mbarrier_init_fence();
}

void fence_proxy_async_global() {
    expect_hopper("fence.proxy.async");
    clocks_fence_globally(current_thread());
}

void hopper_begin_block(int newThreads, int maxThreads) {
    barriers_begin_block();
    named_barriers_begin_block(newThreads);
    warpgroups_begin_block(newThreads, maxThreads);
    bulk_begin_block();
    wgmma_begin_block();
}

void hopper_end_thread(int thread) {
    bulk_end_thread(thread);
    wgmma_end_thread(thread);
}

void hopper_end_block() {
    bulk_end_block();
    cluster_end_block();
}

bool hopper_go_on() { return bulk_copy_oldest() || barriers_refuse(); }

}  // namespace emulator
