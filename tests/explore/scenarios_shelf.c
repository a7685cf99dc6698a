/* SPDX-License-Identifier: MIT
 *
 * Scenarios of a shelf: putting slabs there, taking them, emptying them, finding their arena.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: end arenas, but where the last slab's end leads to it.
 */
#include "scenarios.h"

#include "options.h"

#define FILLERS 32u

/* The set-up's exit puts the slab on its shelf: blocks 2 and 3 are outside. */
static void shelve(void) {
    make_caches();
    take_blocks(0, PER_SLAB);
    leave_blocks(0, 2);
}

/* The arena is on the stack and has no slab of the class. */
static void leave_stale_link(void) {
    take_blocks(0, PER_SLAB);
    leave_blocks(0, 2);
    corral_thread_detach();
    leave_blocks(2, 4);
}

/* The same, and a thread goes on that has a slab with one block outside. */
static void stale_link_and_owner(void) {
    leave_stale_link();
    corral_thread_detach();
    take_blocks(0, 1);
}

static void exit_now(void) {
    corral_thread_detach();
}
static void leave_0(void) {
    leave_blocks(0, 1);
}
static void leave_2(void) {
    leave_blocks(2, 3);
}
static void leave_3(void) {
    leave_blocks(3, 4);
}
static void leave_23(void) {
    leave_blocks(2, 4);
}
/* Of the slab of block 0 the others are found. */
static void check_0(void) {
    corral_thread_detach();
    expect_found(PER_SLAB - 1);
    leave_0();
    expect_empty();
}
static void check_23(void) {
    corral_thread_detach();
    expect_found(2);
    leave_23();
    expect_empty();
}
/* Units that fill what is left of the first arena. */
static void *fillers[FILLERS];

static unsigned long arena_number(const void *block) {
    return (unsigned long)((uintptr_t)block / ARENA_BYTES);
}

/* Blocks 0 to 3 are a slab of one arena, blocks 4 to 7 of another; 2, 3, 6 and 7 stay outside. */
static void fill_two_arenas(void) {
    take_blocks(0, PER_SLAB);
    for (unsigned i = 0; i < FILLERS; i++) {
        fillers[i] = take(MEDIUM_MAX, 0);
        if (arena_number(fillers[i]) != arena_number(blocks[0])) {
            leave(fillers[i], 0);
            fillers[i] = NULL;
            break;
        }
    }
    for (unsigned i = 0; i < FILLERS && fillers[i] != NULL; i++) {
        EXPECT(arena_number(fillers[i]) == arena_number(blocks[0]));
    }
    take_blocks(PER_SLAB, 2 * PER_SLAB);
    EXPECT(arena_number(blocks[PER_SLAB]) != arena_number(blocks[0]));
}

/* The first arena is on the stack with a slab; the second one's slab is FULL. */
static void stack_of_one(void) {
    fill_two_arenas();
    corral_thread_detach();
    leave_blocks(0, 2);
    corral_thread_detach();
}

static void wake_second(void) {
    leave_blocks(PER_SLAB, PER_SLAB + 2);
}

/* Both arenas are on the stack, the upper one without a slab. */
static void stack_of_two(void) {
    fill_two_arenas();
    leave_blocks(0, 2);
    corral_thread_detach();
    leave_blocks(PER_SLAB, PER_SLAB + 2);
    corral_thread_detach();
    leave_blocks(PER_SLAB + 2, 2 * PER_SLAB);
    corral_thread_detach();
}

/* The first arena has one block, the second another: a category with free slabs enough. */
static void spare_arena(void) {
    fill_two_arenas();
    leave_blocks(0, PER_SLAB);
    leave_blocks(PER_SLAB + 1, 2 * PER_SLAB);
    for (unsigned i = 1; i < FILLERS; i++) {
        leave(fillers[i], 0);
    }
    corral_thread_detach();
}

static void leave_filler(void) {
    leave(fillers[0], 0);
}

static void check_spare(void) {
    leave_blocks(PER_SLAB, PER_SLAB + 1);
    expect_empty();
}

static void take_three(void) {
    void *taken[3];
    for (unsigned i = 0; i < 3; i++) {
        taken[i] = take(BLOCK, 0);
    }
    for (unsigned i = 0; i < 3; i++) {
        leave(taken[i], 0);
    }
}

static void expect_fillers(void) {
    unsigned count = 0;
    for (unsigned i = 0; i < FILLERS; i++) {
        count += fillers[i] != NULL;
    }
    expect_left(count, (uint64_t)count * MEDIUM_MAX / SLAB_BYTES);
}

static void check_stack(void) {
    corral_thread_detach();
    expect_found(2 * 2);
    leave_23();
    leave_blocks(PER_SLAB + 2, 2 * PER_SLAB);
    expect_fillers();
}
static void check_stack_of_two(void) {
    corral_thread_detach();
    expect_found(2);
    leave_23();
    expect_fillers();
}

/* Another class has slabs of the same arena. */
static void pair_of_halves(void) {
    leave(take(BLOCK / 2, 0), 0);
}

static const struct scenario last = {
    .name = "last",
    .what = "the last blocks of a shelved slab come home while a thread takes it",
    .setup = shelve,
    .threads = {leave_23, pair},
    .check = expect_empty,
};
static const struct scenario last_two = {
    .name = "last_two",
    .what = "two threads bring the last blocks of a shelved slab",
    .setup = shelve,
    .threads = {leave_2, leave_3},
    .check = expect_empty,
};
static const struct scenario last_apart = {
    .name = "last_apart",
    .what = "two threads bring a shelved slab's last blocks, between which it is taken and shelved",
    .setup = shelve,
    .threads = {leave_2, pair, leave_3},
    .check = expect_empty,
};
static const struct scenario takers = {
    .name = "takers",
    .what = "two threads want the slab on a shelf",
    .setup = shelve,
    .threads = {pair, pair},
    .check = check_23,
};
static const struct scenario takers_last = {
    .name = "takers_last",
    .what = "two threads want the slab on a shelf while its last blocks come home",
    .setup = shelve,
    .threads = {pair, pair, leave_23},
    .check = expect_empty,
};
static const struct scenario put = {
    .name = "put",
    .what = "a thread puts its slab on the shelf while the last block comes home",
    .setup = stale_link_and_owner,
    .threads = {exit_now, leave_0},
    .check = expect_empty,
    .inherits = true,
};
static const struct scenario drop = {
    .name = "drop",
    .what = "an arena without a slab is dropped from the stack while a slab of it is put there",
    .setup = stale_link_and_owner,
    .threads = {exit_now, pair},
    .check = check_0,
    .inherits = true,
};
static const struct scenario drop_two = {
    .name = "drop_two",
    .what = "two threads drop an arena while a slab of it is put on the shelf",
    .setup = stale_link_and_owner,
    .threads = {exit_now, pair, pair},
    .check = check_0,
    .inherits = true,
};
static const struct scenario other_class = {
    .name = "other_class",
    .what = "a slab becomes empty on its shelf and serves another class at once",
    .setup = shelve,
    .threads = {leave_23, pair_of_halves, pair},
    .check = expect_empty,
};
static const struct scenario queue = {
    .name = "queue",
    .what = "a former owner wakes its own slab while another sends to it",
    .setup = shelve,
    .threads = {leave_2, pair, leave_3},
    .check = expect_empty,
    .inherits = true,
};

static const struct scenario spare = {
    .name = "spare",
    .what = "an arena becomes empty of which its category has no need, and is claimed from",
    .setup = spare_arena,
    .threads = {leave_filler, pair},
    .check = check_spare,
};
static const struct scenario stack = {
    .name = "stack",
    .what = "an arena comes on the stack above another, and is dropped when its slab was taken",
    .setup = stack_of_one,
    .threads = {wake_second, take_three, pair},
    .check = check_stack,
};
static const struct scenario stack_two = {
    .name = "stack_two",
    .what = "the same with nobody else",
    .setup = stack_of_one,
    .threads = {wake_second, take_three},
    .check = check_stack,
};
static const struct scenario stack_drop = {
    .name = "stack_drop",
    .what = "three threads drop the upper of two arenas and want the lower one's slab",
    .setup = stack_of_two,
    .threads = {take_three, pair, pair},
    .check = check_stack_of_two,
};

const struct scenario *const scenarios_shelf[] = {
    &last, &last_two,    &takers, &takers_last, &put,        &drop,
    &drop_two, &other_class, &queue,  &stack,       &spare,      &stack_two,
    &stack_drop, &last_apart, 0};
