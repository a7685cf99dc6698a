/* SPDX-License-Identifier: MIT
 *
 * scenarios: see scenarios.h.
 *
 * Owns:     blocks, and the list of scenarios.
 * Callers:  main; scenarios.
 * Promises: as scenarios.h.
 * Does not: run anything by itself.
 */
#include "scenarios.h"

void *blocks[64];

const struct scenario *const *const explore_scenarios[] = {scenarios_slab, scenarios_shelf,
                                                           scenarios_arena, scenarios_thread, 0};

void *take(size_t size, uint32_t id) {
    void *block = explore_take(corral_alloc(size, id), size);
    explore_done();
    return block;
}

void leave(void *block, uint32_t id) {
    if (block != NULL) {
        corral_free(explore_leave(block), id);
        explore_done();
    }
}

void take_blocks(unsigned first, unsigned end) {
    for (unsigned i = first; i < end; i++) {
        blocks[i] = take(BLOCK, 0);
        EXPECT(blocks[i] != NULL);
    }
}

void leave_blocks(unsigned first, unsigned end) {
    for (unsigned i = first; i < end; i++) {
        leave(blocks[i], 0);
    }
}

void pair(void) {
    void *block = take(BLOCK, 0);
    EXPECT(block != NULL);
    leave(block, 0);
}

void expect_empty(void) {
    corral_thread_detach();
    corral_stats stats;
    EXPECT(corral_total_stats(&stats, sizeof stats) == CORRAL_OK);
    EXPECT(stats.live_blocks == 0);
    EXPECT(stats.live_bytes == 0);
    EXPECT(stats.slabs == 0);
}
