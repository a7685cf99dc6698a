/* SPDX-License-Identifier: MIT
 *
 * Scenarios of arenas: birth, claims, the end, ranges, purging, large blocks.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: use shelves on purpose.
 */
#include "scenarios.h"

#include "decay.h"
#include "options.h"

#define LARGE (MEDIUM_MAX + 1)

static void first_pair(void) {
    pair();
}
static void leave_0(void) {
    leave_blocks(0, 1);
}
static void make_empty_arena(void) {
    take_blocks(0, 1);
    leave_blocks(0, 1);
}
static void make_arena_with_one(void) {
    take_blocks(0, 1);
}
/* An empty arena of category 0, and no more memory. */
static void exhaust(void) {
    make_empty_arena();
    corral_thread_detach();
    world_set_reservations(0);
}
static void try_other_category(void) {
    leave(take(BLOCK, 7), 7);
}
static void try_pair(void) {
    leave(take(BLOCK, 0), 0);
}
/* Caches for both threads, an arena of category 0 with one slab outside, no more memory. */
static void exhaust_but_one(void) {
    make_arena_with_one();
    corral_thread_detach();
    world_set_reservations(2);
}
static void age(void) {
    make_empty_arena();
    corral_thread_detach();
    world_add_milliseconds(CORRAL_DECAY_MS * 2 + 1000);
}
static void decay(void) {
    corral_decay_step();
}
static void decay_and_pair(void) {
    corral_decay_step();
    pair();
}
static void large_pair(void) {
    leave(take(LARGE, 0), 0);
}
static void large_kept(void) {
    blocks[0] = take(LARGE, 0);
    blocks[1] = take(LARGE, 0);
    leave_blocks(0, 1);
}
static void leave_1(void) {
    leave_blocks(1, 2);
}
/* A unit of two slabs, which grows into the ones behind. */
static void make_unit(void) {
    blocks[0] = take(SLAB_BYTES * 2, 0);
}
static void grow_unit(void) {
    void *moved = corral_realloc(explore_leave(blocks[0]), SLAB_BYTES * 3, 0);
    leave(explore_take(moved, SLAB_BYTES * 3), 0);
}

static const struct scenario birth = {
    .name = "birth",
    .what = "two threads make the first arena",
    .threads = {first_pair, first_pair},
    .check = expect_empty,
};
static const struct scenario claim = {
    .name = "claim",
    .what = "two threads claim slabs of an arena",
    .setup = make_empty_arena,
    .threads = {pair, pair},
    .check = expect_empty,
};
static const struct scenario give = {
    .name = "give",
    .what = "a slab is given back while two threads claim",
    .setup = make_arena_with_one,
    .threads = {leave_0, pair, pair},
    .check = expect_empty,
};
static const struct scenario end = {
    .name = "end",
    .what = "memory is exhausted: an empty arena ends for another category while it is claimed",
    .setup = exhaust,
    .threads = {try_pair, try_other_category},
    .check = expect_empty,
};
static const struct scenario end_given = {
    .name = "end_given",
    .what = "an arena's last slab is given back while another category needs the memory",
    .setup = exhaust_but_one,
    .threads = {leave_0, try_other_category},
    .check = expect_empty,
};
static const struct scenario end_two = {
    .name = "end_two",
    .what = "two other categories and its own want an empty arena's memory",
    .setup = exhaust_but_one,
    .threads = {leave_0, try_other_category, try_pair},
    .check = expect_empty,
};
static const struct scenario purge = {
    .name = "purge",
    .what = "kept slabs are purged while they are claimed",
    .setup = age,
    .threads = {decay, pair},
    .check = expect_empty,
};
static const struct scenario purge_two = {
    .name = "purge_two",
    .what = "two threads purge, and claim what is purged",
    .setup = age,
    .threads = {decay_and_pair, decay_and_pair},
    .check = expect_empty,
};
static const struct scenario large = {
    .name = "large",
    .what = "two threads want the large block that is kept, and one is freed",
    .setup = large_kept,
    .threads = {large_pair, large_pair, leave_1},
    .check = expect_empty,
};
static const struct scenario extend = {
    .name = "extend",
    .what = "a unit grows into slabs that another claims",
    .setup = make_unit,
    .threads = {grow_unit, pair},
    .check = expect_empty,
};

const struct scenario *const scenarios_arena[] = {&birth, &claim,     &give,  &end,    &end_given,
                                                  &end_two, &purge, &purge_two, &large, &extend, 0};
