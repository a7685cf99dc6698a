/* SPDX-License-Identifier: MIT
 *
 * Scenarios of budgets, and of what else is set for a category.
 *
 * Owns:     how much the threads hold.
 * Callers:  main, through scenarios.h.
 * Promises: whenever a thread got a block, the threads hold no more than the budget. What they count for
 *           that orders nothing.
 * Does not: add what threads have at hand: where that is nothing (exact), what is refused is checked too.
 */
#include "scenarios.h"

#include "atomic.h"
#include "category.h"
#include "control.h"
#include "options.h"

#include <string.h>

#define LARGE (MEDIUM_MAX + 4096)

static _Atomic uint64_t held; /* bytes */
static uint64_t most;         /* that may be held; set by the set-up */

/* Of as many operations whether or not there is a block. */
static void *take_within(size_t size, uint32_t id) {
    void *block = explore_take(corral_alloc(size, id), size);
    explore_done();
    if (block != NULL) {
        EXPECT(fetch_add_relaxed(&held, size) + size <= most);
    }
    return block;
}
static void leave_within(void *block, size_t size, uint32_t id) {
    if (block != NULL) {
        fetch_sub_relaxed(&held, size);
        corral_free(explore_leave(block), id);
    }
    explore_done();
}
static void pair_within(size_t size, uint32_t id) {
    leave_within(take_within(size, id), size, id);
}
static void pair_0(void) {
    pair_within(BLOCK, 0);
}
static void pair_7(void) {
    pair_within(BLOCK, 7);
}
static void pair_large(void) {
    pair_within(LARGE, 0);
}
static void leave_0(void) {
    leave_within(blocks[0], BLOCK, 0);
}
/* Two blocks at once, if they are to be had. */
static void two_blocks(void) {
    void *first = take_within(BLOCK, 0);
    void *second = take_within(BLOCK, 0);
    leave_within(first, BLOCK, 0);
    leave_within(second, BLOCK, 0);
}

static void configure(uint32_t id, const corral_category_options *options) {
    EXPECT(corral_category_configure(id, options, sizeof *options) == CORRAL_OK);
    explore_done();
}
static void set_exact(uint32_t id, size_t hard) {
    configure(id, &(corral_category_options){.hard_budget = hard, .exact = 1});
}

/* Nobody else allocates: so many blocks are to be had, and no more. */
static void expect_room(unsigned count, size_t size, uint32_t id) {
    for (unsigned i = 0; i <= count; i++) {
        blocks[i] = take_within(size, id);
        EXPECT((blocks[i] != NULL) == (i < count));
    }
    for (unsigned i = 0; i < count; i++) {
        leave_within(blocks[i], size, id);
    }
}
static void check_one(void) {
    expect_room(1, BLOCK, 0);
    expect_empty();
}
static void check_two(void) {
    expect_room(2, BLOCK, 0);
    expect_empty();
}
static void check_three(void) {
    expect_room(3, BLOCK, 0);
    expect_empty();
}
static void check_0_one(void) {
    leave_0();
    check_one();
}

static void hold_one(void) {
    blocks[0] = take_within(BLOCK, 0);
    corral_thread_detach();
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
static void one_exact(void) {
    make_caches();
    set_exact(0, BLOCK);
    most = BLOCK;
}
static void one_exact_held(void) {
    one_exact();
    hold_one();
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

/* The number of a setter's options is their callback's argument. */
static char arguments[2];
static const char *const names[2] = {"first", "second"};
static _Atomic uint32_t called;

static int note(const corral_budget_event *event, void *argument) {
    unsigned which = argument == &arguments[1];
    EXPECT(argument == &arguments[which]);
    EXPECT(event->id == 0 && event->budget_bytes == BLOCK && event->size == BLOCK);
    EXPECT(event->name != NULL && strcmp(event->name, names[which]) == 0);
    fetch_add_relaxed(&called, 1);
    return 0;
}
static int other_note(const corral_budget_event *event, void *argument) {
    return note(event, argument);
}
static corral_category_options options_first(void) {
    return (corral_category_options){.name = names[0],
                                     .hard_budget = BLOCK,
                                     .exact = 1,
                                     .callback = note,
                                     .argument = &arguments[0]};
}
static void set_first(void) {
    corral_category_options options = options_first();
    configure(0, &options);
}
static void set_second(void) {
    configure(0, &(corral_category_options){.name = names[1],
                                            .exact = 1,
                                            .callback = other_note,
                                            .argument = &arguments[1]});
}
/* Each option is as somebody set it. */
static void read_options(void) {
    corral_category_options options;
    EXPECT(corral_category_options_of(0, &options, sizeof options) == CORRAL_OK);
    explore_done();
    EXPECT(options.callback == NULL || options.argument == &arguments[options.callback == other_note]);
    const char *name = corral_category_name(0);
    explore_done();
    EXPECT(name == NULL || strcmp(name, names[0]) == 0 || strcmp(name, names[1]) == 0);
    EXPECT(options.name == NULL || name != NULL);
}
/* What it takes is counted, and then refused; or it is not, since there is no budget yet. */
static void take_counted(void) {
    void *block = take_within(BLOCK, 0);
    bool counted = load_relaxed(&corral_controls[0].charged) != 0;
    EXPECT((block == NULL) == counted);
    leave_within(block, BLOCK, 0);
}
static void hold_uncounted(void) {
    make_caches();
    most = 2 * BLOCK;
    blocks[0] = take_within(BLOCK, 0);
}
static void check_set(void) {
    most = BLOCK;
    check_0_one();
}
/* Of two who set the budget one sets none, and it is counted all the same. */
static void check_set_two(void) {
    EXPECT((control_flags(0) & CONTROL_COUNTED) != 0);
    set_first();
    check_set();
}

static const struct scenario budget_set = {
    .name = "budget_set",
    .what = "a name, a callback and a budget are set while one thread reads them and one allocates",
    .setup = hold_uncounted,
    .threads = {set_first, read_options, take_counted},
    .check = check_set,
    .inherits = true,
    .budgets = true,
};
static const struct scenario budget_set_two = {
    .name = "budget_set_two",
    .what = "two threads set the same category, and a third reads what they set",
    .setup = hold_uncounted,
    .threads = {set_first, set_second, read_options},
    .check = check_set_two,
    .inherits = true,
    .budgets = true,
};
static const struct scenario budget_set_same = {
    .name = "budget_set_same",
    .what = "two threads set the same options",
    .setup = hold_uncounted,
    .threads = {set_first, set_first},
    .check = check_set,
    .inherits = true,
    .budgets = true,
};

/* Nothing is free, whatever is set meanwhile. */
static void take_none(void) {
    EXPECT(take_within(BLOCK, 0) == NULL);
}

static const struct scenario budget_callback = {
    .name = "budget_callback",
    .what = "a name and a callback are set while another thread is refused",
    .setup = one_exact_held,
    .threads = {set_first, take_none},
    .check = check_0_one,
    .budgets = true,
};

/* Frees the block that is held, if it still is. */
static int free_held(const corral_budget_event *event, void *argument) {
    uint32_t none = 0;
    EXPECT(event->kind == CORRAL_BUDGET_HARD && argument == NULL);
    if (!cas_relaxed(&called, &none, 1)) {
        return 0;
    }
    fetch_sub_relaxed(&held, BLOCK);
    corral_free(explore_leave(blocks[0]), 0);
    return 1;
}
static void one_asks(void) {
    make_caches();
    configure(0, &(corral_category_options){.hard_budget = BLOCK, .exact = 1, .callback = free_held});
    most = BLOCK;
    hold_one();
}
static void check_asked(void) {
    EXPECT(load_relaxed(&called) == 1);
    check_one();
}

static const struct scenario budget_ask = {
    .name = "budget_ask",
    .what = "two threads are refused, and the callback of one frees a block",
    .setup = one_asks,
    .threads = {pair_0, pair_0},
    .check = check_asked,
    .budgets = true,
};

static int count_told(const corral_budget_event *event, void *argument) {
    EXPECT(event->kind == CORRAL_BUDGET_SOFT && argument == NULL && event->budget_bytes == BLOCK);
    fetch_add_relaxed(&called, 1);
    return 0;
}
static void one_soft(void) {
    make_caches();
    configure(0, &(corral_category_options){.soft_budget = BLOCK, .exact = 1, .callback = count_told});
    most = UINT64_MAX;
    hold_one();
}
/* Once by then, or by each in turn; and once more when it is passed again. */
static void check_told(void) {
    uint64_t before = load_relaxed(&called);
    EXPECT(before == 1 || before == 2);
    leave_0();
    pair_0();
    EXPECT(load_relaxed(&called) == before);
    two_blocks();
    EXPECT(load_relaxed(&called) == before + 1);
    expect_empty();
}

static const struct scenario budget_soft = {
    .name = "budget_soft",
    .what = "two threads pass a soft budget, which one of them is told, or each in turn",
    .setup = one_soft,
    .threads = {pair_0, pair_0},
    .check = check_told,
    .budgets = true,
};

static void every_second(void) {
    make_caches();
    configure(0, &(corral_category_options){.fail_every = 2});
    most = BLOCK;
}
static void check_failed(void) {
    EXPECT(load_relaxed(&corral_controls[0].fail_number) == 2);
    EXPECT(load_relaxed(&corral_controls[0].failed) == 1);
    expect_empty();
}

static const struct scenario fail_every = {
    .name = "fail_every",
    .what = "each second allocation is to fail, and two threads want one each",
    .setup = every_second,
    .threads = {pair_0, pair_0},
    .check = check_failed,
};

const struct scenario *const scenarios_budget[] = {
    &budget, &budget_two, &budget_runs, &budget_late, &budget_large, &budget_process,
    &budget_process_set, &budget_begin,
    &budget_set, &budget_set_two, &budget_set_same, &budget_callback,
    &budget_ask, &budget_soft, &fail_every, 0};
