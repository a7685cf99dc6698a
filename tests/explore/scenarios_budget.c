/* SPDX-License-Identifier: MIT
 *
 * Scenarios of hard budgets.
 *
 * Owns:     nothing but what within.h has.
 * Callers:  main, through scenarios.h.
 * Promises: as within.h; and at the end there is room for what the budget is for, and no more.
 * Does not: set anything while others allocate, but for the budget of all categories.
 */
#include "within.h"

#include "thread.h"

#define LARGE (MEDIUM_MAX + 4096)

static void pair_7(void) {
    pair_within(BLOCK, 7);
}
static void pair_large(void) {
    pair_within(LARGE, 0);
}
static void check_two(void) {
    expect_room(2, BLOCK, 0);
    expect_empty();
}
static void check_three(void) {
    expect_room(3, BLOCK, 0);
    expect_empty();
}
/* One is held, and there is room for another, of which nobody needs to look for more. */
static void two_exact(void) {
    make_caches();
    set_exact(0, 2 * BLOCK);
    most = 2 * BLOCK;
    hold_one();
}
static void three(void) {
    make_caches();
    configure(0, &(corral_category_options){.hard_budget = 3 * BLOCK});
    most = 3 * BLOCK;
}
static void three_exact(void) {
    make_caches();
    set_exact(0, 3 * BLOCK);
    most = 3 * BLOCK;
}
static const struct scenario budget = {
    .name = "budget",
    .what = "two threads want the last block of a budget, and one that is held is freed",
    .setup = two_exact,
    .threads = {pair_0, pair_0, leave_0},
    .check = check_two,
    .most = 2,
    .budgets = true,
};
static const struct scenario budget_two = {
    .name = "budget_two",
    .what = "two threads take two blocks each of a budget of three",
    .setup = three_exact,
    .threads = {two_blocks, two_blocks},
    .check = check_three,
    .budgets = true,
};
static const struct scenario budget_runs = {
    .name = "budget_runs",
    .what = "two threads take several blocks at once of a budget of three",
    .setup = three,
    .threads = {two_blocks, two_blocks},
    .check = check_three,
    .budgets = true,
};

/* As a destructor that runs after corral's: the block is counted in no pool's name. */
static void end_then_leave(void) {
    world_exit_thread();
    leave_0();
    pair_0();
}

static const struct scenario budget_late = {
    .name = "budget_late",
    .what = "a thread frees and allocates when its exit hook has run, while another needs what it frees",
    .setup = one_exact_held,
    .threads = {end_then_leave, pair_0},
    .check = check_one,
    .budgets = true,
};

static void one_large(void) {
    make_caches();
    set_exact(0, LARGE);
    most = LARGE;
}
static void check_large(void) {
    expect_room(1, LARGE, 0);
    expect_empty();
}

static const struct scenario budget_large = {
    .name = "budget_large",
    .what = "two threads want a large block, and the budget is for one",
    .setup = one_large,
    .threads = {pair_large, pair_large},
    .check = check_large,
    .budgets = true,
};

static void process_of(size_t hard) {
    make_caches();
    set_exact(0, 0);
    set_exact(7, 0);
    corral_category_options options = {.hard_budget = hard};
    EXPECT(corral_process_configure(&options, sizeof options) == CORRAL_OK);
    most = hard;
}
static void process_two(void) {
    process_of(2 * BLOCK);
    hold_one();
}
static void process_one(void) {
    process_of(BLOCK);
    pair_0();
    corral_thread_detach();
}
static void check_process_two(void) {
    expect_room(2, BLOCK, 0);
    expect_room(2, BLOCK, 7);
    expect_empty();
}
static void hold_7(void) {
    blocks[1] = take_within(BLOCK, 7);
}
static void check_process_one(void) {
    leave_within(blocks[1], BLOCK, 7);
    expect_room(1, BLOCK, 0);
    expect_room(1, BLOCK, 7);
    expect_empty();
}

static const struct scenario budget_process = {
    .name = "budget_process",
    .what = "two categories want the last block of all, and one that is held is freed",
    .setup = process_two,
    .threads = {pair_0, pair_7, leave_0},
    .check = check_process_two,
    .most = 2,
    .budgets = true,
};
/* Room for one block more, or for none but that which is held. */
static void set_process(void) {
    corral_category_options options = {.hard_budget = 2 * BLOCK};
    EXPECT(corral_process_configure(&options, sizeof options) == CORRAL_OK);
    explore_done();
}
static void process_smaller(void) {
    process_two();
    corral_category_options options = {.hard_budget = BLOCK};
    EXPECT(corral_process_configure(&options, sizeof options) == CORRAL_OK);
}
static void check_process_set(void) {
    leave_0();
    expect_room(2, BLOCK, 7);
    expect_empty();
}

static const struct scenario budget_process_set = {
    .name = "budget_process_set",
    .what = "the budget of all categories is set, while another thread allocates",
    .setup = process_smaller,
    .threads = {set_process, pair_7},
    .check = check_process_set,
    .budgets = true,
};
/* As a thread's first allocation begins, of which no more happens for a while. */
static void use_7(void) {
    bool known;
    category_use(corral_category_find(7, &known));
    explore_done();
}

static const struct scenario budget_begin = {
    .name = "budget_begin",
    .what = "a category that is used for the first time and another want the one block of all",
    .setup = process_one,
    .threads = {use_7, hold_7, pair_0},
    .check = check_process_one,
    .budgets = true,
};

/* A block of category 0 that one cache took and another brought home. */
static void process_with_traffic(void) {
    process_of(2 * BLOCK);
    struct cache *other = corral_thread_borrow();
    blocks[0] = take_within(BLOCK, 0);
    corral_thread_detach();
    corral_thread_return(other);
    leave_0();
    corral_thread_detach();
}
static void reset_0(void) {
    corral_status status = corral_category_reset(0);
    EXPECT(status == CORRAL_OK || status == CORRAL_EBUSY);
    explore_done();
}
/* More than there is room for. */
static void three_of_7(void) {
    void *mine[3];
    for (unsigned i = 0; i < 3; i++) {
        mine[i] = take_within(BLOCK, 7);
    }
    for (unsigned i = 0; i < 3; i++) {
        leave_within(mine[i], BLOCK, 7);
    }
}
static void check_after_reset(void) {
    reset_0();
    expect_room(2, BLOCK, 7);
    expect_room(2, BLOCK, 0);
    expect_empty();
}

static const struct scenario budget_reset = {
    .name = "budget_reset",
    .what = "a category is reset whose counts cancel out, while another wants more than the budget of all",
    .setup = process_with_traffic,
    .threads = {three_of_7, reset_0},
    .check = check_after_reset,
    .budgets = true,
};

const struct scenario *const scenarios_budget[] = {
    &budget, &budget_two, &budget_runs, &budget_late, &budget_large, &budget_process, &budget_process_set,
    &budget_begin, &budget_reset, 0};
