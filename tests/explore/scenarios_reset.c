/* SPDX-License-Identifier: MIT
 *
 * Scenarios of a category that is reset while threads use others, or end.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: what happened in the category before the reset is the set-up's. A reset that finds a thread in the way
 *           has done nothing, and succeeds later.
 * Does not: use the category meanwhile.
 */
#include "scenarios.h"

#include <corral/configure.h>
#include <corral/origin.h>
#include <corral/upkeep.h>

#include "arena.h"
#include "thread.h"

/* Of other classes than BLOCK: few fit into what a thread's pools may hold. */
static const size_t others[] = {1024, 4096};

static void reset_0(void) {
    corral_status status = corral_category_reset(0);
    EXPECT(status == CORRAL_OK || status == CORRAL_EBUSY);
    explore_done();
}

/* Blocks at hand, in slabs, on their way home, and held ones, which the test gives up. */
static void use_level(void) {
    take_blocks(0, PER_SLAB + 2);
    leave_blocks(0, 3);
    EXPECT(corral_alloc(MEDIUM_MAX + 4096, 0) != NULL);
    for (unsigned i = 3; i < PER_SLAB + 2; i++) {
        explore_leave(blocks[i]);
    }
}
static void level(void) {
    make_caches();
    use_level();
}

/* The hand looks at pools that are idle, those of the level too. */
static void use_others(void) {
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        leave(take(others[i], 7), 7);
    }
}

/* What a thread left that ended in a reset goes home when another had its cache. */
static void take_left(void) {
    struct cache *taken[THREADS_MOST + 1];
    unsigned count = 0;
    while ((taken[count] = corral_cache_take_orphan()) != NULL) {
        count++;
    }
    while (count > 0) {
        corral_thread_return(taken[--count]);
    }
}
static void check_reset(void) {
    corral_stats stats;
    take_left();
    EXPECT(corral_category_reset(0) == CORRAL_OK);
    EXPECT(corral_category_stats(0, &stats, sizeof stats) == CORRAL_OK);
    EXPECT(stats.live_blocks == 0 && stats.slabs == 0 && stats.large_blocks == 0);
    expect_found(0);
    take_blocks(0, 2 * PER_SLAB);
    leave_blocks(0, 2 * PER_SLAB);
    expect_empty();
}
static void purge_all(void) {
    corral_trim_all(0);
    corral_arena_end_empty();
    explore_done();
}
/* A slab of the level's arena is free, and its memory is kept. */
static void level_with_kept(void) {
    make_caches();
    leave(take(1024, 0), 0);
    corral_thread_detach();
    use_level();
}

/* Walks find what the set-up holds, until it is gone. */
static void level_with_origins(void) {
    corral_category_options options = {.origins = 1};
    make_caches();
    EXPECT(corral_category_configure(0, &options, sizeof options) == CORRAL_OK);
    EXPECT(CORRAL_ALLOC_HERE(1024, 0) != NULL);
    EXPECT(CORRAL_ALLOC_HERE(MEDIUM_MAX + 4096, 0) != NULL);
}
static void count_origin(const corral_origin *origin, size_t size, void *argument) {
    (void)origin;
    (void)size;
    ++*(unsigned *)argument;
}
static void check_origins(void) {
    unsigned count = 0;
    take_left();
    EXPECT(corral_category_reset(0) == CORRAL_OK);
    EXPECT(corral_visit_origins(0, count_origin, &count) == CORRAL_OK && count == 0);
    expect_empty();
}

static const struct scenario reset_origins = {
    .name = "reset_origins",
    .what = "a category is reset of whose blocks walks knew, while a thread ends that has pools of it",
    .setup = level_with_origins,
    .threads = {corral_thread_detach, reset_0},
    .check = check_origins,
    .inherits = true,
};
static const struct scenario reset_hand = {
    .name = "reset_hand",
    .what = "a thread's hand comes to pools of a category that is reset",
    .setup = level,
    .threads = {use_others, reset_0},
    .check = check_reset,
    .inherits = true,
};
static const struct scenario reset_end = {
    .name = "reset_end",
    .what = "a thread ends that has pools of a category that is reset",
    .setup = level,
    .threads = {corral_thread_detach, reset_0},
    .check = check_reset,
    .inherits = true,
};
static const struct scenario reset_purge = {
    .name = "reset_purge",
    .what = "free slabs of a category that is reset are purged, and empty arenas end",
    .setup = level_with_kept,
    .threads = {purge_all, reset_0},
    .check = check_reset,
    .inherits = true,
};
static const struct scenario reset_two = {
    .name = "reset_two",
    .what = "two threads reset a category, and a third has pools of it and ends",
    .setup = level,
    .threads = {corral_thread_detach, reset_0, reset_0},
    .check = check_reset,
    .most = 2,
    .inherits = true,
};

const struct scenario *const scenarios_reset[] = {&reset_hand, &reset_end, &reset_purge, &reset_two,
                                                      &reset_origins, 0};
