/* SPDX-License-Identifier: MIT
 *
 * Scenarios of threads that come and go, and of ids that are met first.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: end a thread in any other way than by its exit hook, but where it says so.
 */
#include "scenarios.h"

#include "category.h"
#include "thread.h"

static void one_block(void) {
    take_blocks(0, 1);
}
static void leave_0(void) {
    leave_blocks(0, 1);
}
static void exit_now(void) {
    corral_thread_detach();
}
static void detach_and_pair(void) {
    corral_thread_detach();
    pair();
}
static void take_and_vanish(void) {
    take_blocks(1, 3);
    leave_blocks(1, 2);
}
static void same_id(void) {
    leave(take(BLOCK, 77), 77);
}
/* What a thread gets for an id, and what it finds for it from then on, is the same. */
static uint32_t category_of(uint32_t id) {
    bool known;
    uint32_t category = corral_category_of_id(id);
    EXPECT(corral_category_find(id, &known) == category && known);
    EXPECT(category == CATEGORY_OVERFLOW || corral_category_id(category) == id);
    explore_done();
    return category;
}
static uint32_t given[3];
static void first_77(void) {
    given[0] = category_of(77);
}
static void then_78(void) {
    given[1] = category_of(78);
}
static void second_77(void) {
    given[2] = category_of(77);
}
static void check_categories(void) {
    EXPECT(given[0] == given[2]);
    EXPECT(given[0] != given[1]);
}
/* All but one of the categories that ids can get. */
static void nearly_all_categories(void) {
    for (uint32_t id = 100; id < 103; id++) {
        leave(take(BLOCK, id), id);
    }
}
static void look_at_class(const corral_class_stats *stats, size_t size, void *argument) {
    (void)argument;
    EXPECT(size == sizeof *stats && stats->live_blocks <= 2 * PER_SLAB);
}
static void read_figures(void) {
    for (unsigned i = 0; i < 2; i++) {
        corral_stats stats;
        EXPECT(corral_total_stats(&stats, sizeof stats) == CORRAL_OK);
        /* Each thread may be in the middle of taking a slab's blocks. */
        EXPECT(stats.live_blocks <= 2 * PER_SLAB);
        corral_status status = corral_category_stats(0, &stats, sizeof stats);
        EXPECT(status == CORRAL_OK || status == CORRAL_EUNUSED);
        EXPECT(corral_visit_classes(0, look_at_class, NULL) == status || status == CORRAL_EUNUSED);
        explore_done();
    }
}
/* A thread that vanished holds what it held: at most a slab of each pool that it used. */
static void check_vanished(void) {
    leave_blocks(0, 1);
    leave_blocks(2, 3);
    corral_thread_detach();
    corral_stats stats;
    EXPECT(corral_total_stats(&stats, sizeof stats) == CORRAL_OK);
    EXPECT(stats.live_blocks == 0);
    EXPECT(stats.slabs <= 1);
}

/* As the library in malloc's place does at its start. */
static void ask_calls(void) {
    store_relaxed(&corral_thread_asks, true);
    explore_done();
}
/* Where malloc looks is the thread's own front lists, or none; in a scope, its own. */
static void attach_and_scope(void) {
    corral_thread_detach();
    pair();
    EXPECT(corral_thread.scoped == corral_thread.fronts || corral_thread.scoped == corral_cache_empty.fronts);
    uint32_t before = corral_thread_set_scope(3u << CORRAL_ROW_SHIFT);
    EXPECT(corral_thread.scoped == &corral_thread.fronts[3u << CLASS_STRIDE_LOG]);
    corral_thread_set_scope(before);
    explore_done();
}
static void check_asks(void) {
    corral_thread_set_scope(CORRAL_SCOPE_NONE);
    EXPECT(corral_thread.scoped == corral_cache_empty.fronts);
    expect_empty();
}

static const struct scenario asks = {
    .name = "asks",
    .what = "malloc's calls are to be asked while two threads begin",
    .setup = pair,
    .threads = {ask_calls, attach_and_scope, attach_and_scope},
    .check = check_asks,
};
static const struct scenario adopt = {
    .name = "adopt",
    .what = "two threads want the orphan that a third makes",
    .setup = pair,
    .threads = {exit_now, pair, pair},
    .check = expect_empty,
    .inherits = true,
};
static const struct scenario orphan = {
    .name = "orphan",
    .what = "two threads begin, end and begin again beside one orphan",
    .setup = pair,
    .threads = {detach_and_pair, detach_and_pair},
    .check = expect_empty,
};
static const struct scenario exits = {
    .name = "exits",
    .what = "an owner ends while its block is freed and its cache adopted",
    .setup = one_block,
    .threads = {exit_now, leave_0, pair},
    .check = expect_empty,
    .inherits = true,
};
static const struct scenario vanish = {
    .name = "vanish",
    .what = "a thread vanishes; two others need caches",
    .setup = one_block,
    .threads = {take_and_vanish, pair, pair},
    .check = check_vanished,
    .vanishes = true,
};
static const struct scenario category = {
    .name = "category",
    .what = "two threads meet the same id first",
    .setup = pair,
    .threads = {same_id, same_id},
    .check = expect_empty,
};
static const struct scenario categories = {
    .name = "categories",
    .what = "two threads meet different ids first, a third one of them too",
    .threads = {first_77, then_78, second_77},
    .check = check_categories,
};
static const struct scenario last_category = {
    .name = "last_category",
    .what = "two ids want the last category",
    .setup = nearly_all_categories,
    .threads = {first_77, then_78, second_77},
    .check = check_categories,
};
static const struct scenario figures = {
    .name = "figures",
    .what = "a reader sums while two threads begin and end",
    .threads = {pair, read_figures, pair},
    .check = expect_empty,
    .figures = true,
    .most = 1,
};

const struct scenario *const scenarios_thread[] = {
    &adopt, &asks, &orphan, &exits, &vanish, &category, &categories, &last_category, &figures, 0};
