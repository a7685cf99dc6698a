/* SPDX-License-Identifier: MIT
 *
 * budget: what a thread notes for itself, and what a category keeps.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: when an allocation or resize is over, nothing of it is noted: a note that is left makes the thread
 *           pass over what its slabs have, the next time.
 * Does not: look at what fits (../contract/budget.c).
 */
#include "budget.h"

#include "support/build.h"

#include <criterion/criterion.h>

enum { ID = 0, SIZE = 64, COUNT = 100 };

static void set_hard(uint64_t bytes) {
    corral_category_options options = {.hard_budget = bytes};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
}

static void expect_no_note(void) {
    cr_assert_eq(corral_budget_mine.refused, 0);
    cr_assert_eq(corral_budget_mine.soft_category, 0);
    cr_assert_not(corral_budget_mine.soft_process);
}

/* A run that does not fit, of which a block does. */
Test(budget, notes_nothing_of_what_was_had) {
    void *blocks[COUNT + 1];
    set_hard(COUNT * SIZE);
    for (int i = 0; i < COUNT; i++) {
        cr_assert_not_null(blocks[i] = corral_alloc(SIZE, ID));
        expect_no_note();
    }
    cr_assert_null(corral_alloc(SIZE, ID));
    expect_no_note();
    for (int i = 0; i < COUNT; i++) {
        corral_free(blocks[i], ID);
    }
}

/* One that does not fit in place, and is not moved either; and one that the OS does not have in place. */
Test(budget, notes_nothing_of_a_resize) {
    set_hard(40 * BUILD_MIB);
    void *block = corral_alloc(16 * BUILD_MIB, ID);
    cr_assert_null(corral_realloc(block, 64 * BUILD_MIB, ID));
    expect_no_note();
    corral_category_options options = {.soft_budget = 20 * BUILD_MIB};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    void *grown = corral_realloc(block, 40 * BUILD_MIB, ID);
    cr_assert_not_null(grown);
    expect_no_note();
    corral_free(grown, ID);
}

/* While it had no budget, what is taken would not be counted. */
Test(budget, is_counted_for_ever) {
    set_hard(BUILD_MIB);
    set_hard(0);
    int64_t before = load_relaxed(&corral_controls[ID].charged);
    corral_free(corral_alloc(SIZE, ID), ID);
    cr_assert_gt(load_relaxed(&corral_controls[ID].charged), before);
}
