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

#include "cache.h"
#include "registry.h"
#include "thread.h"

#define FOUND_MOST 16u

void *blocks[64];

const struct scenario *const *const explore_scenarios[] = {scenarios_slab, scenarios_shelf,
                                                           scenarios_arena, scenarios_large,
                                                           scenarios_thread, scenarios_doors,
                                                           scenarios_budget, scenarios_configure,
                                                           scenarios_reset, scenarios_origin, scenarios_region,
                                                           scenarios_guard, scenarios_upkeep, 0};

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

void make_caches(void) {
    struct cache *made[THREADS_MOST];
    for (unsigned i = 0; i < THREADS_MOST; i++) {
        made[i] = corral_thread_borrow();
    }
    for (unsigned i = 0; i < THREADS_MOST; i++) {
        corral_thread_return(made[i]);
    }
}

void pair(void) {
    void *block = take(BLOCK, 0);
    EXPECT(block != NULL);
    leave(block, 0);
}

/* Nobody has a cache by now, so each is found among the orphans. */
static void expect_orphans(void) {
    struct cache *found[FOUND_MOST];
    unsigned count = 0;
    while (count < FOUND_MOST && (found[count] = corral_cache_take_orphan()) != NULL) {
        count++;
    }
    EXPECT(count + 1 == corral_cache_count());
    while (count > 0) {
        corral_cache_orphan(found[--count]);
    }
}

/* Each entry is found in its category's chain. */
static void expect_chains(void) {
    for (uint32_t number = 1; number < corral_registry_count(); number++) {
        const struct registry_entry *entry = corral_registry_entry(number);
        const struct registry_entry *at = corral_registry_first(entry->category);
        while (at != NULL && at != entry) {
            at = at->next;
        }
        EXPECT(at == entry);
    }
}

void expect_found(unsigned count) {
    uint64_t before = slabs_in_use();
    void *taken[FOUND_MOST];
    for (unsigned i = 0; i < count; i++) {
        taken[i] = take(BLOCK, 0);
    }
    EXPECT(slabs_in_use() == before);
    for (unsigned i = 0; i < count; i++) {
        leave(taken[i], 0);
    }
}

uint64_t slabs_in_use(void) {
    corral_stats stats;
    EXPECT(corral_total_stats(&stats, sizeof stats) == CORRAL_OK);
    return stats.slabs;
}

void expect_empty(void) {
    expect_left(0, 0);
}

void expect_left(uint64_t live_blocks, uint64_t slabs) {
    corral_thread_detach();
    expect_orphans();
    expect_chains();
    corral_stats stats;
    EXPECT(corral_total_stats(&stats, sizeof stats) == CORRAL_OK);
    EXPECT(stats.live_blocks == live_blocks);
    EXPECT((stats.live_bytes == 0) == (live_blocks == 0));
    EXPECT(stats.slabs == slabs);
    EXPECT(stats.shelved_slabs + stats.held_slabs == slabs);
}
