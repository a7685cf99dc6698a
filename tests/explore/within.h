/* SPDX-License-Identifier: MIT
 *
 * What scenarios of budgets share: blocks are taken within what may be held.
 *
 * Owns:     how much the threads hold.
 * Callers:  scenarios_budget.c, scenarios_configure.c.
 * Promises: whenever a thread got a block, the threads hold no more than the budget. What they count for
 *           that orders nothing.
 * Does not: add what threads have at hand: where that is nothing (exact), what is refused is checked too.
 */
#ifndef EXPLORE_WITHIN_H
#define EXPLORE_WITHIN_H

#include "scenarios.h"

#include "atomic.h"
#include "category.h"
#include "control.h"
#include "options.h"

static _Atomic uint64_t held; /* bytes */
static uint64_t most;         /* that may be held; set by the set-up */

/* Of as many operations whether or not there is a block. */
static inline void *take_within(size_t size, uint32_t id) {
    void *block = explore_take(corral_alloc(size, id), size);
    explore_done();
    if (block != NULL) {
        EXPECT(fetch_add_relaxed(&held, size) + size <= most);
    }
    return block;
}
static inline void leave_within(void *block, size_t size, uint32_t id) {
    if (block != NULL) {
        fetch_sub_relaxed(&held, size);
        corral_free(explore_leave(block), id);
    }
    explore_done();
}
static inline void pair_within(size_t size, uint32_t id) {
    leave_within(take_within(size, id), size, id);
}
static inline void pair_0(void) {
    pair_within(BLOCK, 0);
}
static inline void leave_0(void) {
    leave_within(blocks[0], BLOCK, 0);
}
/* Two blocks at once, if they are to be had. */
static inline void two_blocks(void) {
    void *first = take_within(BLOCK, 0);
    void *second = take_within(BLOCK, 0);
    leave_within(first, BLOCK, 0);
    leave_within(second, BLOCK, 0);
}

static inline void configure(uint32_t id, const corral_category_options *options) {
    EXPECT(corral_category_configure(id, options, sizeof *options) == CORRAL_OK);
    explore_done();
}
static inline void set_exact(uint32_t id, size_t hard) {
    configure(id, &(corral_category_options){.hard_budget = hard, .exact = 1});
}

/* Nobody else allocates: so many blocks are to be had, and no more. */
static inline void expect_room(unsigned count, size_t size, uint32_t id) {
    for (unsigned i = 0; i <= count; i++) {
        blocks[i] = take_within(size, id);
        EXPECT((blocks[i] != NULL) == (i < count));
    }
    for (unsigned i = 0; i < count; i++) {
        leave_within(blocks[i], size, id);
    }
}
static inline void check_one(void) {
    expect_room(1, BLOCK, 0);
    expect_empty();
}
static inline void hold_one(void) {
    blocks[0] = take_within(BLOCK, 0);
    corral_thread_detach();
}
static inline void one_exact(void) {
    make_caches();
    set_exact(0, BLOCK);
    most = BLOCK;
}
static inline void one_exact_held(void) {
    one_exact();
    hold_one();
}

#endif
