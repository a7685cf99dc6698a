/* SPDX-License-Identifier: MIT
 *
 * Scenarios of what is set for a category while others allocate, of callbacks, and of faults on purpose.
 *
 * Owns:     what callbacks heard.
 * Callers:  main, through scenarios.h.
 * Promises: as within.h; each option that is read is as somebody set it.
 * Does not: compare the order in which two set the same.
 */
#include "within.h"

#include <string.h>

static void check_0_one(void) {
    leave_0();
    check_one();
}

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
/* As strcmp, whose reads the explorer does not see. */
static bool is_same(const char *name, const char *other) {
    while (*name != 0 && *name == *other) {
        name++;
        other++;
    }
    return *name == *other;
}
/* Each option is as somebody set it. */
static void read_options(void) {
    corral_category_options options;
    EXPECT(corral_category_options_of(0, &options, sizeof options) == CORRAL_OK);
    explore_done();
    EXPECT(options.callback == NULL || options.argument == &arguments[options.callback == other_note]);
    const char *name = corral_category_name(0);
    explore_done();
    EXPECT(name == NULL || is_same(name, names[0]) || is_same(name, names[1]));
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

const struct scenario *const scenarios_configure[] = {
    &budget_set, &budget_set_two, &budget_set_same, &budget_callback,
    &budget_ask, &budget_soft, &fail_every, 0};
