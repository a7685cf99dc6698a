/* SPDX-License-Identifier: MIT
 *
 * Scenarios of arenas: birth, claims, the end, ranges, purging.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: use shelves on purpose.
 */
#include "scenarios.h"

#include "arena.h"
#include "decay.h"
#include "options.h"
#include "thread.h"


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
static void make_caches_and_arena(void) {
    make_caches();
    make_empty_arena();
}
static void make_arena_with_one(void) {
    take_blocks(0, 1);
}
/* Caches for both threads, an empty arena of category 0, and no more memory. */
static void exhaust(void) {
    struct cache *other = corral_thread_borrow();
    make_empty_arena();
    corral_thread_detach();
    corral_thread_return(other);
    world_set_reservations(0);
}
/* One block there and back, or an answer that there is none: either is two operations. */
static void try_id(uint32_t id) {
    void *block = take(BLOCK, id);
    if (block != NULL) {
        leave(block, id);
    } else {
        explore_done();
    }
}
static void try_other_category(void) {
    try_id(7);
}
static void try_pair(void) {
    try_id(0);
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
/* As much as may be kept, long ago. */
static void age_two(void) {
    make_caches();
    take_blocks(0, 2 * PER_SLAB);
    leave_blocks(0, 2 * PER_SLAB);
    corral_thread_detach();
    world_add_milliseconds(CORRAL_DECAY_MS * 2 + 1000);
}
static void give_other(void) {
    leave(take(BLOCK, 7), 7);
    corral_thread_detach();
}
static void decay(void) {
    corral_decay_step();
}
static void decay_and_pair(void) {
    corral_decay_step();
    pair();
}
/* A unit of two slabs, which grows into the ones behind. */
static void make_unit(void) {
    blocks[0] = take(SLAB_BYTES * 2, 0);
}
static void grow_unit(void) {
    void *moved = corral_realloc(explore_leave(blocks[0]), SLAB_BYTES * 3, 0);
    leave(explore_take(moved, SLAB_BYTES * 3), 0);
}

static void end_empty(void) {
    corral_arena_end_empty();
}
/* The thread gets no memory while it tries one pair. */
static void fail_pair(void) {
    world_refuse_reservations(true);
    try_id(0);
    world_refuse_reservations(false);
}
/* Empty arenas of three categories, the last of which is the first of two ranges of a reservation. */
static void make_reservations(void) {
    make_caches();
    blocks[0] = take(BLOCK, 0);
    blocks[1] = take(BLOCK, 7);
    blocks[2] = take(BLOCK, 8);
    leave(blocks[0], 0);
    leave(blocks[1], 7);
    leave(blocks[2], 8);
    corral_thread_detach();
}
static void end_and_other(void) {
    corral_arena_end_empty();
    try_id(7);
}
static void end_refused(void) {
    world_refuse_releases(true);
    corral_arena_end_empty();
    world_refuse_releases(false);
}
/* An empty arena that is a reservation of its own, and three that are in use, so that the next
 * reservation is of another size and comes to stand elsewhere. */
static void make_reservation(void) {
    make_caches();
    blocks[0] = take(BLOCK, 0);
    for (uint32_t i = 1; i < 4; i++) {
        blocks[i] = take(BLOCK, 10 + i);
    }
    leave(blocks[0], 0);
    corral_thread_detach();
}
/* Three reservations of one range each, of which one is for an empty arena. The next has two. */
static void make_single_ranges(void) {
    make_caches();
    world_set_largest(ARENA_BYTES);
    blocks[0] = take(BLOCK, 0);
    blocks[1] = take(BLOCK, 11);
    blocks[2] = take(BLOCK, 12);
    world_set_largest(SIZE_MAX);
    leave(blocks[0], 0);
    corral_thread_detach();
}
static void end_with(void *block, uint32_t id) {
    leave(block, id);
    corral_thread_detach();
    corral_arena_end_empty();
}
/* Takes the range that is free and ends it again with its reservation; has a larger one in the entry,
 * of whose ranges the first is free in the end, and the second is not. */
static void use_entry_again(void) {
    end_with(take(BLOCK, 7), 7);
    void *first = take(BLOCK, 7);
    blocks[3] = take(BLOCK, 13);
    end_with(first, 7);
    pair();
}
static void check_larger(void) {
    leave(blocks[1], 11);
    leave(blocks[2], 12);
    leave(blocks[3], 13);
    expect_empty();
}
static void try_refused(void) {
    world_refuse_reservations(true);
    try_id(7);
    world_refuse_reservations(false);
}
static void try_8(void) {
    try_id(8);
}
static void check_three(void) {
    for (uint32_t i = 1; i < 4; i++) {
        leave(blocks[i], 10 + i);
    }
    expect_empty();
}
/* Two arenas are in use, so the next reservation has two ranges. */
static void hold_two(void) {
    blocks[0] = take(BLOCK, 0);
    blocks[1] = take(BLOCK, 7);
    corral_thread_detach();
}
static void hold_8(void) {
    blocks[2] = take(BLOCK, 8);
}
static void hold_9(void) {
    blocks[3] = take(BLOCK, 9);
}
static void check_held(void) {
    leave(blocks[0], 0);
    leave(blocks[1], 7);
    leave(blocks[2], 8);
    leave(blocks[3], 9);
    expect_empty();
}

static const struct scenario end_again = {
    .name = "end_again",
    .what = "an empty arena ends while two threads claim from it, or make it anew",
    .setup = make_empty_arena,
    .threads = {end_empty, pair, pair},
    .check = expect_empty,
};
static const struct scenario end_failed = {
    .name = "end_failed",
    .what = "an arena ends, its entry is taken for one that gets no memory, then for one that does",
    .setup = make_caches_and_arena,
    .threads = {end_empty, fail_pair, pair},
    .check = expect_empty,
};
static const struct scenario ranges = {
    .name = "ranges",
    .what = "two threads end the arenas of several reservations while a third needs one",
    .setup = make_reservations,
    .threads = {end_empty, end_and_other, pair},
    .check = expect_empty,
};
static const struct scenario ranges_refused = {
    .name = "ranges_refused",
    .what = "the OS does not take a reservation back while its ranges are wanted",
    .setup = make_reservations,
    .threads = {end_refused, try_other_category, pair},
    .check = expect_empty,
};
static const struct scenario ranges_failed = {
    .name = "ranges_failed",
    .what = "a reservation ends, and its entry serves one that is refused, then one that is not",
    .setup = make_reservation,
    .threads = {end_empty, try_refused, try_8},
    .check = check_three,
};
static const struct scenario ranges_larger = {
    .name = "ranges_larger",
    .what = "a reservation's entry serves a larger one before who wants to end the first looks",
    .setup = make_single_ranges,
    .threads = {end_empty, use_entry_again},
    .check = check_larger,
};
static const struct scenario ranges_grow = {
    .name = "ranges_grow",
    .what = "two threads need ranges, of which one reservation has two",
    .setup = hold_two,
    .threads = {hold_8, hold_9},
    .check = check_held,
};
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
static const struct scenario make_room = {
    .name = "make_room",
    .what = "a slab is given back in the place of a kept one, while one is claimed",
    .setup = age_two,
    .threads = {give_other, pair},
    .check = expect_empty,
};
static const struct scenario make_room_two = {
    .name = "make_room_two",
    .what = "two slabs are given back in the place of kept ones",
    .setup = age_two,
    .threads = {give_other, give_other},
    .check = expect_empty,
};
static const struct scenario extend = {
    .name = "extend",
    .what = "a unit grows into slabs that another claims",
    .setup = make_unit,
    .threads = {grow_unit, pair},
    .check = expect_empty,
};

const struct scenario *const scenarios_arena[] = {
    &birth, &claim, &give, &end, &end_given, &end_two, &purge, &purge_two, &make_room,
    &make_room_two, &extend, &end_again, &end_failed, &ranges, &ranges_refused, &ranges_grow,
    &ranges_failed, &ranges_larger, 0};
