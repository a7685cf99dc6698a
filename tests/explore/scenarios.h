/* SPDX-License-Identifier: MIT
 *
 * What scenarios share: blocks of a class of which few fit into a slab.
 *
 * Owns:     the set-up's blocks.
 * Callers:  scenarios.
 * Promises: with the explorer's options (meson.build) a slab of 32 KiB holds 4 blocks of 8 KiB, wakes
 *           when 2 came back, a front list holds one block and an open word two.
 * Does not: know what a scenario tests.
 */
#ifndef CORRAL_EXPLORE_SCENARIOS_H
#define CORRAL_EXPLORE_SCENARIOS_H

#include "explore.h"

#include <corral/corral.h>

#define BLOCK    ((size_t)8192)
#define PER_SLAB 4u

/* Blocks that the set-up made and the threads or the check free. */
extern void *blocks[64];

void *take(size_t size, uint32_t id);
void leave(void *block, uint32_t id);
/* blocks[first] to blocks[end - 1], of category 0. */
void take_blocks(unsigned first, unsigned end);
void leave_blocks(unsigned first, unsigned end);
/* Makes a cache for each thread, so that none is made in the schedules. The set-up calls it first. */
void make_caches(void);
/* One block of category 0, there and back. */
void pair(void);
uint64_t slabs_in_use(void);
/* So many blocks of category 0 come from the slabs that are in use: none is lost. */
void expect_found(unsigned count);
/* All blocks are home, no slab is in use, nothing is counted as live, each cache and each arena's entry
 * is found. */
void expect_empty(void);
/* The same but for so many blocks that are held, in so many slabs. */
void expect_left(uint64_t live_blocks, uint64_t slabs);

/* Each ends with NULL. */
extern const struct scenario *const scenarios_slab[], *const scenarios_shelf[],
    *const scenarios_arena[], *const scenarios_large[], *const scenarios_thread[],
    *const scenarios_doors[], *const scenarios_budget[],
    *const scenarios_configure[], *const scenarios_origin[], *const scenarios_region[], *const scenarios_reset[],
    *const scenarios_guard[], *const scenarios_upkeep[];

#endif
