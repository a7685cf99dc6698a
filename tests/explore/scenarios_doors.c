/* SPDX-License-Identifier: MIT
 *
 * Scenarios of the other doors: a thread whose exit hook has run, LPM callbacks, misuse, runs.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: repeat what goes on behind the doors.
 */
#include "scenarios.h"

#include "misuse.h"
#include "options.h"

#include <corral/hit.h>
#include <corral/lpm.h>

#define SMALL ((size_t)64)

static void hold_one(void) {
    blocks[0] = take(BLOCK, 0);
    corral_thread_detach();
}

/* As a destructor that runs after corral's: a free without a cache, and a borrowed one. */
static void end_then_use(void) {
    pair();
    world_exit_thread();
    leave_blocks(0, 1);
    pair();
}

static const struct scenario late = {
    .name = "late",
    .what = "a thread frees and allocates when its exit hook has run, while another needs a cache",
    .setup = hold_one,
    .threads = {end_then_use, pair},
    .check = expect_empty,
};

static void lpm_pair(void) {
    void *block = explore_take(corral_lpm_alloc(BLOCK), BLOCK);
    explore_done();
    corral_lpm_free(explore_leave(block));
    explore_done();
}
/* Whether or not the choice is fixed by now, what was chosen stays. */
static void choose_type(void) {
    corral_status status = corral_lpm_set_memory_type(7);
    explore_done();
    EXPECT((status == CORRAL_OK) == (corral_lpm_memory_type() == 7));
    lpm_pair();
}

static const struct scenario lpm = {
    .name = "lpm",
    .what = "the LPM callbacks' memory type is set while another thread's allocation fixes it",
    .setup = pair,
    .threads = {choose_type, lpm_pair},
    .check = expect_empty,
};

static void wrong_id(void) {
    corral_free(explore_leave(blocks[0]), 7);
    explore_done();
}
static void foreign(void) {
    static uint64_t not_ours[2];
    corral_free(not_ours, 0);
    EXPECT(corral_misuse_count(MISUSE_FOREIGN) == 1);
    explore_done();
}
static void check_misuse(void) {
    EXPECT(corral_misuse_count(MISUSE_WRONG_ID) == 1);
    EXPECT(corral_misuse_count(MISUSE_FOREIGN) == 1);
    expect_empty();
}

static const struct scenario misuse = {
    .name = "misuse",
    .what = "a block is freed with a wrong id, and an address that is none; both are counted",
    .setup = hold_one,
    .threads = {wrong_id, foreign, pair},
    .check = check_misuse,
    .misuses = true,
};

static void hold_large(void) {
    blocks[0] = take(MEDIUM_MAX + 1, 0);
    corral_thread_detach();
}
static void leave_twice(void) {
    leave_blocks(0, 1);
    corral_free(blocks[0], 0);
    explore_done();
}
static void check_twice(void) {
    EXPECT(corral_misuse_count(MISUSE_DOUBLE_FREE) == 1);
    expect_empty();
}

static const struct scenario misuse_large = {
    .name = "misuse_large",
    .what = "a large block is freed twice, which is counted, beside a thread that uses none",
    .setup = hold_large,
    .threads = {leave_twice, pair},
    .check = check_twice,
    .misuses = true,
};

/* As an allocation whose front list is empty, where figures are of level 1: the explorer's are of 2. */
static void *take_next(void) {
    struct corral_front *front = corral_hit_front(corral_thread.fronts, corral_hit_class_place(SMALL));
    void *block = front->head != NULL ? corral_alloc(SMALL, 0) : corral_alloc_empty(front);
    explore_done();
    return explore_take(block, SMALL);
}
static void small_pairs(void) {
    void *first = take(SMALL, 0);
    void *second = take_next();
    leave(first, 0);
    leave(second, 0);
}

static const struct scenario run = {
    .name = "run",
    .what = "two threads take several blocks out of a word of their slabs",
    .setup = pair,
    .threads = {small_pairs, small_pairs},
    .check = expect_empty,
};

/* The run of the first pool goes on after one of another began. */
static void pairs_by_turns(void) {
    void *first = take(SMALL, 0);
    void *other = take(SMALL / 2, 0);
    void *second = take_next();
    leave(first, 0);
    leave(other, 0);
    leave(second, 0);
}

static const struct scenario runs = {
    .name = "runs",
    .what = "two threads take blocks out of words of two pools' slabs by turns",
    .setup = pair,
    .threads = {pairs_by_turns, pairs_by_turns},
    .check = expect_empty,
};

const struct scenario *const scenarios_doors[] = {&late, &lpm, &misuse, &misuse_large, &run, &runs, 0};
