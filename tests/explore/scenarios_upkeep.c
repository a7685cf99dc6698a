/* SPDX-License-Identifier: MIT
 *
 * Scenarios of ticks, trims, reserves and memory that is made ready.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: in the end a tick with time for all of it leaves nothing that is due.
 * Does not: let a tick run out of time: that is one more place where it ends.
 */
#include "scenarios.h"

#include <corral/configure.h>
#include <corral/upkeep.h>

#include "arena.h"
#include "category.h"
#include "control.h"
#include "large.h"
#include "large_due.h"
#include "large_kept.h"
#include "large_map.h"
#include "options.h"
#include "thread.h"

/* More than a step of a tick unmaps. Two are kept, those that threads have among them. */
#define LARGE (1024 * KIB)
#define WHOLE UINT64_MAX
#define TWO_ARENAS (ARENA_USABLE * SLAB_BYTES + 1)

static void tick(void) {
    corral_tick(WHOLE);
    explore_done();
}

static void tick_without_time(void) {
    corral_tick(0);
    explore_done();
}

/* Blocks of slabs and large ones, of a program that ticks. */
static void ticked(void) {
    make_caches();
    corral_tick(0);
    take_blocks(0, 2 * PER_SLAB);
    for (unsigned i = 0; i < 3; i++) {
        blocks[10 + i] = take(LARGE, 0);
    }
}

static void leave_all(void) {
    leave_blocks(0, 2 * PER_SLAB);
    for (unsigned i = 0; i < 3; i++) {
        leave(blocks[10 + i], 0);
    }
}

/* The same, all of it freed: there is something to do. */
static void due(void) {
    ticked();
    leave_all();
    corral_thread_detach();
    world_add_milliseconds(CORRAL_DECAY_MS);
}

static void leave_and_end(void) {
    leave_all();
    corral_thread_detach();
}

static void large_pair(void) {
    leave(take(LARGE, 0), 0);
}

static void check_ticked(void) {
    corral_thread_detach();
    corral_tick(WHOLE);
    EXPECT(corral_tick(WHOLE) == 0);
    expect_empty();
}

static const struct scenario tick_free = {
    .name = "tick_free",
    .what = "a thread frees, and leaves to another's tick what is not kept",
    .setup = ticked,
    .threads = {leave_and_end, tick},
    .check = check_ticked,
};
static const struct scenario tick_two = {
    .name = "tick_two",
    .what = "two threads tick at once, one of them without time, while large blocks come and go",
    .setup = due,
    .threads = {tick, tick_without_time, large_pair},
    .check = check_ticked,
};
/* What an allocation does that finds no memory. */
static void release_kept(void) {
    corral_large_release_kept();
    explore_done();
}

static const struct scenario tick_late = {
    .name = "tick_late",
    .what = "what waits for a tick is unmapped by who finds no memory, while a tick comes",
    .setup = due,
    .threads = {tick, release_kept, large_pair},
    .check = check_ticked,
    .most = 1,
};

/* Seven large blocks: of those that a thread frees, it has the last one, and one is kept. */
static void take_seven(void) {
    for (unsigned i = 0; i < 7; i++) {
        blocks[10 + i] = take(LARGE, 0);
    }
}

static void leave_large(unsigned from, unsigned to) {
    for (unsigned i = from; i < to; i++) {
        leave(blocks[10 + i], 0);
    }
}

/* Four of them are left: there is no room to keep another, but each thread's last. */
static void due_four(void) {
    make_caches();
    corral_tick(0);
    take_seven();
    leave_large(4, 7);
    corral_thread_detach();
}

static void leave_two(void) {
    leave_large(0, 2);
}

static void leave_other_two(void) {
    leave_large(2, 4);
}

static void expect_unmapped(void *block, struct large_entry *entry, void *unused) {
    (void)block, (void)unused;
    EXPECT(load_relaxed(&entry->word) == 0);
}

/* What is due then is counted as if nothing had been before. */
static void check_unmapped(void) {
    check_ticked();
    corral_large_release_kept();
    take_seven();
    leave_large(0, 7);
    EXPECT(corral_large_due_bytes() == 5 * LARGE);
    check_ticked();
    corral_large_release_kept();
    corral_large_map_visit(expect_unmapped, NULL);
}

static const struct scenario due_two = {
    .name = "due_two",
    .what = "two threads leave large blocks to ticks, while a third ticks",
    .setup = due_four,
    .threads = {leave_two, leave_other_two, tick},
    .check = check_unmapped,
    .most = 1,
};

/* The first large blocks that there ever were: the second is kept for anyone. */
static void first_large(void) {
    blocks[20] = take(LARGE, 0);
    void *second = take(LARGE, 0);
    leave(blocks[20], 0);
    leave(second, 0);
}

static const struct scenario tick_first = {
    .name = "tick_first",
    .what = "a tick looks for large blocks that were kept for long while the first is",
    .setup = make_caches,
    .threads = {first_large, tick},
    .check = check_ticked,
};

/* With blocks at hand. */
static void trim_0(void) {
    pair();
    corral_trim(0, 0);
}

static void trim_all(void) {
    corral_trim_all(SLAB_BYTES);
    explore_done();
}

static void used(void) {
    make_caches();
    take_blocks(0, PER_SLAB + 1);
    leave_blocks(0, 1);
}

static void leave_rest(void) {
    leave_blocks(1, PER_SLAB + 1);
    corral_thread_detach();
}

static void check_trimmed(void) {
    corral_stats stats;
    corral_trim_all(0);
    expect_empty();
    EXPECT(corral_category_stats(0, &stats, sizeof stats) == CORRAL_OK);
    EXPECT(stats.slabs == 0 && stats.kept_bytes == 0 && stats.arenas == 0);
}

static const struct scenario trim = {
    .name = "trim",
    .what = "two threads trim while one frees, and one takes new blocks",
    .setup = used,
    .threads = {trim_0, leave_rest, trim_all},
    .check = check_trimmed,
};

/* Two caches have pools of a category that a trim asked for; the one that a reset comes to first, the first thread's, has
 * blocks at hand. */
static void asked(void) {
    leave(take(BLOCK, 7), 7);
    corral_thread_detach();
    struct cache *first = corral_cache_take_orphan();
    leave(take(BLOCK, 7), 7);
    corral_thread_detach();
    corral_thread_return(first);
    blocks[0] = take(BLOCK, 7);
    blocks[1] = take(BLOCK, 7);
    leave(blocks[0], 7);
    explore_leave(blocks[1]); /* the reset's, from here on */
    control_recall(corral_category_of_id(7));
}
static void pair_and_tick(void) {
    pair();
    corral_tick(WHOLE);
}
static void reset_7(void) {
    corral_status status = corral_category_reset(7);
    EXPECT(status == CORRAL_OK || status == CORRAL_EBUSY);
    explore_done();
}
/* Where nothing was reset, all of it is home or held. */
static void check_asked(void) {
    corral_stats stats;
    EXPECT(corral_category_stats(7, &stats, sizeof stats) == CORRAL_OK);
    if (stats.live_blocks != 0) {
        EXPECT(stats.live_blocks == 1);
        corral_free(blocks[1], 7);
    }
    corral_trim_all(0); /* an orphan may hold what a thread left that ended in the reset */
    check_ticked();
}

static const struct scenario tick_reset = {
    .name = "tick_reset",
    .what = "two threads tick that are asked for what they have of a category, while that is reset",
    .setup = asked,
    .threads = {tick, pair_and_tick, reset_7},
    .check = check_asked,
    .inherits = true,
};

static void reserve_two(void) {
    corral_category_options options = {.reserve = TWO_ARENAS};
    EXPECT(corral_category_configure(0, &options, sizeof options) == CORRAL_OK);
    explore_done();
}

static void end_empty(void) {
    corral_arena_end_empty();
    explore_done();
}

static uint64_t arenas(void) {
    corral_stats stats;
    EXPECT(corral_category_stats(0, &stats, sizeof stats) == CORRAL_OK);
    return stats.arenas;
}

static void empty_arena(void) {
    make_caches();
    leave(take(BLOCK, 0), 0);
    corral_thread_detach();
}

static void check_reserve(void) {
    corral_arena_end_empty();
    EXPECT(arenas() == 2);
    reserve_two();
    EXPECT(arenas() == 2);
    corral_trim_all(0);
    EXPECT(arenas() == 2);
    expect_empty();
    corral_category_options none = {.reserve = 0};
    EXPECT(corral_category_configure(0, &none, sizeof none) == CORRAL_OK);
    corral_trim_all(0);
    EXPECT(arenas() == 0);
}

static const struct scenario reserve = {
    .name = "reserve",
    .what = "a category's reserve is set while another thread ends empty arenas, and another needs one",
    .setup = empty_arena,
    .threads = {reserve_two, end_empty, pair},
    .check = check_reserve,
    .figures = true,
    .most = 1,
};

static void three_empty(void) {
    corral_category_options options = {.reserve = 2 * TWO_ARENAS};
    make_caches();
    EXPECT(corral_category_configure(0, &options, sizeof options) == CORRAL_OK);
    reserve_two();
}

static const struct scenario reserve_end = {
    .name = "reserve_end",
    .what = "two threads end empty arenas of a category that reserves some of them",
    .setup = three_empty,
    .threads = {end_empty, end_empty},
    .check = check_reserve,
    .figures = true,
};

static void prewarm(void) {
    corral_prewarm(0, BLOCK, 2 * PER_SLAB);
    explore_done();
}

static void prewarm_large(void) {
    corral_prewarm(0, LARGE, 1);
    explore_done();
}

static void check_warm(void) {
    take_blocks(0, 2 * PER_SLAB);
    leave_blocks(0, 2 * PER_SLAB);
    large_pair();
    expect_empty();
}

static const struct scenario warm = {
    .name = "prewarm",
    .what = "memory is made ready by two threads, while another needs some",
    .setup = make_caches,
    .threads = {prewarm, prewarm_large, pair},
    .check = check_warm,
    .most = 1,
};

const struct scenario *const scenarios_upkeep[] = {&tick_free, &tick_two, &tick_late, &due_two, &tick_first, &tick_reset, &trim,
                                                   &reserve,   &reserve_end, &warm, 0};
