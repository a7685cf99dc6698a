/* SPDX-License-Identifier: MIT
 *
 * Scenarios of large blocks: kept ones that are taken, evicted and unmapped, those that threads have for
 * their own, and what is behind a block.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: use arenas.
 */
#include "scenarios.h"

#include <corral/configure.h>

#include "arena.h"
#include "large.h"
#include "large_kept.h"
#include "options.h"

#define LARGE  (MEDIUM_MAX + 1)
#define DOUBLE (2 * LARGE)
#define PAGE   ((size_t)4096)

static void large_pair(void) {
    leave(take(LARGE, 0), 0);
}
static void large_kept(void) {
    blocks[0] = take(LARGE, 0);
    blocks[1] = take(LARGE, 0);
    leave_blocks(0, 1);
}
static void leave_0(void) {
    leave_blocks(0, 1);
}
static void leave_1(void) {
    leave_blocks(1, 2);
}
static void hold_large(void) {
    blocks[0] = take(LARGE, 0);
    blocks[1] = take(LARGE, 0);
    corral_thread_detach();
}
/* Both blocks were kept: they are found when there is no other memory. */
static void check_kept(void) {
    world_set_reservations(0);
    blocks[0] = take(LARGE, 0);
    blocks[1] = take(LARGE, 0);
    EXPECT(blocks[0] != NULL && blocks[1] != NULL);
    leave_blocks(0, 2);
    expect_empty();
}
/* Large blocks of which one may be kept. */
#define HALF (LARGE_KEEP_BYTES / 2 + PAGE)
static void large_halves(void) {
    make_caches();
    for (unsigned i = 0; i < 3; i++) {
        blocks[i] = take(HALF, 0);
    }
    corral_thread_detach();
}
static void leave_2(void) {
    leave_blocks(2, 3);
}
static void check_2(void) {
    leave_2();
    expect_empty();
}
static void check_12(void) {
    leave_1();
    check_2();
}
static void half_pair(void) {
    leave(take(HALF, 0), 0);
}
static void leave_0_pair(void) {
    leave_blocks(0, 1);
    half_pair();
}
static void leave_1_other_pair(void) {
    leave_blocks(1, 2);
    leave(take(HALF, 7), 7);
}
/* More than half of what threads may have for their own. */
#define ROOM (LARGE_KEEP_BYTES / 8 + PAGE)
static void room_pairs(void) {
    leave(take(ROOM, 0), 0);
    leave(take(ROOM, 0), 0);
}
static void large_pairs(void) {
    large_pair();
    large_pair();
}
/* As much is kept for anyone as may be. */
static void keep_most(void) {
    make_caches();
    blocks[0] = take(HALF, 0);
    blocks[1] = take(LARGE_KEEP_BYTES - HALF, 0);
    leave_blocks(0, 2);
    corral_thread_detach();
}
/* Nothing is reserved, and nothing is kept. */
static void check_room(void) {
    corral_thread_detach();
    corral_large_release_kept();
    EXPECT(corral_large_reserve(LARGE_KEEP_BYTES / 4));
    EXPECT(!corral_large_reserve(PAGE));
    corral_large_unreserve(LARGE_KEEP_BYTES / 4);
    expect_empty();
}
static void release_kept(void) {
    corral_large_release_kept();
}

static const struct scenario large_keep = {
    .name = "large_keep",
    .what = "two threads free large blocks, which are kept",
    .setup = hold_large,
    .threads = {leave_0, leave_1},
    .check = check_kept,
};
static const struct scenario large_first = {
    .name = "large_first",
    .what = "two threads make the first large blocks",
    .setup = make_caches,
    .threads = {large_pair, large_pair},
    .check = expect_empty,
};
static const struct scenario large_own = {
    .name = "large_own",
    .what = "two threads free large blocks and take their own again, then leave them to anyone",
    .setup = make_caches,
    .threads = {large_pairs, large_pairs},
    .check = check_room,
};
static const struct scenario large_room = {
    .name = "large_room",
    .what = "two threads want room for a block of their own, and there is room for one",
    .setup = make_caches,
    .threads = {room_pairs, room_pairs},
    .check = check_room,
};
static const struct scenario large_full = {
    .name = "large_full",
    .what = "two threads want room for a block of their own, and all of it is kept for anyone",
    .setup = keep_most,
    .threads = {large_pair, large_pair},
    .check = check_room,
};
static const struct scenario large_evict = {
    .name = "large_evict",
    .what = "two large blocks are freed of which one may be kept, while a third is needed",
    .setup = large_halves,
    .threads = {leave_0, leave_1, half_pair},
    .check = check_2,
};
static const struct scenario large_release = {
    .name = "large_release",
    .what = "kept large blocks are unmapped while one is freed and one needed",
    .setup = large_halves,
    .threads = {leave_0, release_kept, half_pair},
    .check = check_12,
};
static const struct scenario large_again = {
    .name = "large_again",
    .what = "kept large blocks are unmapped, and others come to stand there, while one is taken",
    .setup = large_halves,
    .threads = {leave_0_pair, leave_1_other_pair, half_pair},
    .check = check_2,
};
static const struct scenario large = {
    .name = "large",
    .what = "two threads want the large block that is kept, and one is freed",
    .setup = large_kept,
    .threads = {large_pair, large_pair, leave_1},
    .check = expect_empty,
};

static void hold_double(void) {
    blocks[0] = take(DOUBLE, 0);
    corral_thread_detach();
}
static void shrink(void) {
    void *block = corral_realloc(explore_leave(blocks[0]), DOUBLE - 4 * PAGE, 0);
    leave(explore_take(block, DOUBLE - 4 * PAGE), 0);
}
static void double_pair(void) {
    leave(take(DOUBLE, 0), 0);
}

static const struct scenario resize = {
    .name = "resize",
    .what = "a large block is made shorter while another is made and kept",
    .setup = hold_double,
    .threads = {shrink, double_pair},
    .check = expect_empty,
};

/* A kept block of twice the size. */
static void keep_double(void) {
    make_caches();
    leave(take(DOUBLE, 0), 0);
}
/* Takes it, unless the other does, and grows it into what is behind it, if there is something. */
static void take_part_and_grow(void) {
    void *block = take(LARGE, 0);
    corral_large_resize(block, LARGE + PAGE);
    leave(block, 0);
}

static const struct scenario behind = {
    .name = "behind",
    .what = "a kept block serves one of half its size, which grows, while another needs it whole",
    .setup = keep_double,
    .threads = {take_part_and_grow, double_pair},
    .check = expect_empty,
};

/* Freed blocks of an isolated category, whose addresses stay its own. */
static void isolated_level(void) {
    corral_category_options options = {.isolated = 1};
    EXPECT(corral_category_configure(0, &options, sizeof options) == CORRAL_OK);
    make_caches();
    leave(take(BLOCK, 0), 0);
    blocks[0] = take(LARGE, 0);
    blocks[1] = take(LARGE, 0);
    leave_blocks(0, 1);
    corral_thread_detach();
    corral_large_release_kept();
    world_set_reservations(0);
}
/* Neither the block nor the empty arena goes. */
static void leave_1_and_release(void) {
    leave_1();
    corral_thread_detach();
    corral_large_release_kept();
    EXPECT(!corral_arena_end_empty());
}
static void pair_if_there(void) {
    leave(take(LARGE, 0), 0);
}
static void check_parked(void) {
    leave(take(BLOCK, 0), 0);
    check_kept();
}
/* Each has an arena of its own. */
static void isolate_7(void) {
    corral_category_options options = {.isolated = 1};
    EXPECT(corral_category_configure(7, &options, sizeof options) == CORRAL_OK);
    explore_done();
}
static void pair_of_7(void) {
    leave(take(BLOCK, 7), 7);
}
static void isolated_level_7(void) {
    make_caches();
    isolate_7();
}
static void used_7(void) {
    make_caches();
    pair_of_7();
    corral_thread_detach();
}
static void check_isolated(void) {
    corral_category_options options;
    EXPECT(corral_category_options_of(7, &options, sizeof options) == CORRAL_OK && options.isolated == 1);
    corral_thread_detach();
    EXPECT(!corral_arena_end_empty() || slabs_in_use() == 0);
    pair_of_7();
    expect_empty();
}

static const struct scenario isolate = {
    .name = "isolate",
    .what = "a category is isolated while one thread needs an arena and another allocates in it",
    .setup = used_7,
    .threads = {isolate_7, pair, pair_of_7},
    .check = check_isolated,
};
static const struct scenario isolate_new = {
    .name = "isolate_new",
    .what = "an isolated category needs an arena while another does",
    .setup = isolated_level_7,
    .threads = {pair, pair_of_7},
    .check = check_isolated,
};

static const struct scenario parked = {
    .name = "parked",
    .what = "two threads want the one freed block of an isolated category, and another is freed",
    .setup = isolated_level,
    .threads = {leave_1_and_release, pair_if_there, pair_if_there},
    .check = check_parked,
    .most = 1,
};

const struct scenario *const scenarios_large[] = {
    &large_keep, &large_first, &large_evict, &large_release,
    &large_own, &large_room, &large_full, &large_again, &large, &resize, &behind, &parked, &isolate, &isolate_new, 0};
