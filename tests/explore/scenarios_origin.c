/* SPDX-License-Identifier: MIT
 *
 * Scenarios of blocks that remember where they were asked for, and of walks over them.
 *
 * Owns:     what walks were told.
 * Callers:  main, through scenarios.h.
 * Promises: what a walk is told of a block is what was given with it. Who holds a block fills all that he asked for:
 *           a walk that read there, or read a record that is being written, would race.
 * Does not: look for blocks that come or go while the walk is on.
 */
#include "within.h"

#include "mark.h"
#include "record.h"
#include "thread.h"

#include <corral/origin.h>

#include <string.h>

#define ASKED (BLOCK - RECORD_BYTES)
#define MORE  (ASKED - 64)
#define LARGE ((size_t)MEDIUM_MAX + 1)

static const char file[] = "scenario";

static void *take_at(size_t size, uint32_t line) {
    void *block = explore_take(corral_alloc_at(size, 0, file, line), size);
    explore_done();
    return block;
}
static void leave_one(void) {
    corral_free(explore_leave(blocks[0]), 0);
    explore_done();
}
static void pair_at(void) {
    void *block = take_at(ASKED, 2);
    corral_free(explore_leave(block), 0);
    explore_done();
}

/* The line says how much was asked for: 1 and 2 ASKED, 3 MORE, 4 LARGE. */
static void judge(const corral_origin *origin, size_t size, void *argument) {
    static const size_t asked[] = {0, ASKED, ASKED, MORE, LARGE};
    EXPECT(size == sizeof *origin && origin->file == file && origin->line >= 1 && origin->line <= 4);
    EXPECT(origin->size == asked[origin->line] && origin->large == (origin->line == 4));
    ++*(unsigned *)argument;
}
static unsigned told(void) {
    unsigned count = 0;
    EXPECT(corral_visit_origins(0, judge, &count) == CORRAL_OK);
    explore_done();
    return count;
}
static void walk(void) {
    EXPECT(told() <= 2);
}
/* The one that is held is found, whatever else is. */
static void walk_past_held(void) {
    unsigned count = told();
    EXPECT(count >= 1 && count <= 3);
}
static void check_none(void) {
    EXPECT(told() == 0);
    expect_empty();
}
static void check_held(void) {
    EXPECT(told() == 1);
    leave_one();
    check_none();
}

/* Memory that was a block's says nothing of it when it is another's, whoever brought it home. */
static void check_forgotten(void) {
    EXPECT(told() == 0);
    for (unsigned i = 0; i < 2 * PER_SLAB; i++) {
        blocks[i] = corral_alloc(BLOCK, 0);
        EXPECT(corral_origin_of(blocks[i], NULL, NULL) == 0);
        explore_take(blocks[i], BLOCK);
    }
    leave_blocks(0, 2 * PER_SLAB);
    check_none();
}

static void keep(void) {
    make_caches();
    configure(0, &(corral_category_options){.origins = 1});
}
static void hold_one_at(void) {
    keep();
    blocks[0] = take_at(ASKED, 1);
    corral_thread_detach();
}

static const struct scenario walk_free = {
    .name = "walk_free",
    .what = "a block is freed while a walk reads it, and another is allocated",
    .setup = hold_one_at,
    .threads = {walk, leave_one, pair_at},
    .check = check_forgotten,
    .most = 2,
};
static const struct scenario walk_two = {
    .name = "walk_two",
    .what = "a block is freed while two walks read it",
    .setup = hold_one_at,
    .threads = {walk, leave_one, walk},
    .check = check_forgotten,
};
static const struct scenario walk_held = {
    .name = "walk_held",
    .what = "a walk finds the block that is held, beside two threads that allocate and free",
    .setup = hold_one_at,
    .threads = {walk_past_held, pair_at, pair_at},
    .check = check_held,
    .most = 2,
};

static void resize_one(void) {
    explore_leave(blocks[0]);
    blocks[0] = explore_take(corral_realloc_at(blocks[0], MORE, 0, file, 3), MORE);
    explore_done();
}
static const struct scenario walk_resize = {
    .name = "walk_resize",
    .what = "a block is resized while a walk reads it",
    .setup = hold_one_at,
    .threads = {walk, resize_one},
    .check = check_held,
};

static void hold_large_at(void) {
    keep();
    blocks[0] = take_at(LARGE, 4);
    corral_thread_detach();
}
static void large_pair_at(void) {
    void *block = take_at(LARGE, 4);
    corral_free(explore_leave(block), 0);
    explore_done();
}
static const struct scenario walk_large = {
    .name = "walk_large",
    .what = "a large block is freed while a walk reads it, and another one is allocated",
    .setup = hold_large_at,
    .threads = {walk, leave_one, large_pair_at},
    .check = check_none,
    .most = 2,
};

/* Neither an arena's marks nor large blocks' are there. */
static void keep_two(unsigned first) {
    blocks[first] = take_at(ASKED, 2);
    blocks[first + 1] = take_at(LARGE, 4);
}
static void first_two(void) {
    keep_two(0);
}
static void second_two(void) {
    keep_two(2);
}
static void check_four(void) {
    EXPECT(told() == 4);
    leave_blocks(0, 4);
    check_none();
}
static const struct scenario walk_marks = {
    .name = "walk_marks",
    .what = "two threads make the marks that the first blocks with an origin need",
    .setup = keep,
    .threads = {first_two, second_two},
    .check = check_four,
    .most = 2,
};

/* The walk may have the first free's block. */
static void leave_it_twice(void) {
    corral_free(explore_leave(blocks[0]), 0);
    corral_free(blocks[0], 0);
    explore_done();
}
static const struct scenario walk_twice = {
    .name = "walk_twice",
    .what = "a block is freed twice while a walk reads it",
    .setup = hold_one_at,
    .threads = {walk, leave_it_twice},
    .check = check_none,
    .misuses = true,
};

/* Of a category that nobody used so far, another thread is the first to use it, or finds that origins are kept. */
static void keep_if_unused(void) {
    corral_category_options options = {.origins = 1};
    corral_status status = corral_category_configure(0, &options, sizeof options);
    explore_done();
    EXPECT(status == CORRAL_OK || status == CORRAL_EINVAL);
    bool kept = (control_flags(0) & CONTROL_ORIGINS) != 0;
    EXPECT(kept == (status == CORRAL_OK));
}
/* Where origins are kept, no free of the thread's is a hit. */
static void expect_no_lists(void) {
    const struct corral_front *fronts = thread_cache()->fronts;
    bool kept = (control_flags(0) & CONTROL_ORIGINS) != 0;
    for (unsigned i = 0; i < CLASS_COUNT && kept; i++) {
        EXPECT(load_relaxed(&fronts[i].limit) == 0);
    }
}
static void use_two(void) {
    two_blocks();
    expect_no_lists();
}
static void walk_and_use(void) {
    walk();
    pair_at();
    expect_no_lists();
}
static void unused(void) {
    most = UINT64_MAX;
}
/* That it is used is not forgotten. */
static void check_used(void) {
    EXPECT((control_flags(0) & CONTROL_USED) != 0);
    check_none();
}
static const struct scenario origins_first = {
    .name = "origins_first",
    .what = "a category's origins are to be kept while another thread is the first to use it",
    .setup = unused,
    .threads = {keep_if_unused, use_two, walk_and_use},
    .check = check_used,
    .most = 1,
};

static void keep_only(void) {
    corral_category_options options = {.origins = 1};
    EXPECT(corral_category_configure(0, &options, sizeof options) == CORRAL_OK);
    explore_done();
}
static void keep_second(void) {
    make_caches();
    configure(0, &(corral_category_options){.origins = 2});
}
static void first_one(void) {
    blocks[0] = take_at(ASKED, 1);
}
static void second_one(void) {
    blocks[1] = take_at(ASKED, 2);
}
static void check_second(void) {
    EXPECT(told() == 1);
    leave_blocks(0, 2);
    check_none();
}
static const struct scenario origins_second = {
    .name = "origins_second",
    .what = "each second origin is to be kept, and two threads give one each",
    .setup = keep_second,
    .threads = {first_one, second_one},
    .check = check_second,
};

static void large_pair_unmarked(void) {
    blocks[0] = take_at(LARGE, 4);
    corral_free(explore_leave(blocks[0]), 0);
    explore_done();
}
static void check_unmarked(void) {
    struct mark *mark = corral_mark_find(blocks[0]);
    EXPECT(mark == NULL || !mark_is_set(mark));
    check_none();
}
/* Nothing was set before: who sees that origins are kept sees that something is set, when he frees the block. */
static const struct scenario origins_large = {
    .name = "origins_large",
    .what = "a category's origins are to be kept while another thread allocates a large block and frees it",
    .setup = make_caches,
    .threads = {keep_only, large_pair_unmarked},
    .check = check_unmarked,
};

const struct scenario *const scenarios_origin[] = {&walk_free, &walk_two, &walk_held, &walk_resize, &walk_large,
                                                   &walk_marks, &walk_twice, &origins_first,
                                                   &origins_large, &origins_second, 0};
