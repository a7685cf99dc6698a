/* SPDX-License-Identifier: MIT
 *
 * Budgets, and what another thread has at hand that goes on living.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: the other thread is the same at each call, and waits in between.
 * Does not: let the two race (../stress/limit.c).
 */
#include "filling.h"

#include "support/pattern.h"
#include "support/process.h"

enum { SIZE = 256 };

struct part {
    size_t begin, end; /* of blocks */
    uint32_t id;
};

static void free_part(void *argument) {
    const struct part *part = argument;
    for (size_t i = part->begin; i < part->end; i++) {
        corral_free(blocks[i], part->id);
    }
}

static void free_by_other(size_t begin, size_t end) {
    struct part part = {.begin = begin, .end = end, .id = ID};
    thread_call_kept(free_part, &part);
}

/* In the exact mode it has nothing at hand. */
Test(budget_shared, is_had_again_at_once_in_the_exact_mode) {
    uint64_t each = bytes_of(SIZE);
    configure(ID, (corral_category_options){.hard_budget = 1000 * each, .exact = 1});
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(fill(ID, SIZE), 1000);
        free_by_other(0, 1000);
    }
    figures_expect_nothing();
}

/* Else it keeps some, until it was asked and frees more than it has room for. */
Test(budget_shared, is_had_again_from_a_thread_that_only_frees) {
    uint64_t each = bytes_of(SIZE);
    configure(ID, (corral_category_options){.hard_budget = 2000 * each});
    cr_assert_eq(fill(ID, SIZE), 2000);
    free_by_other(0, 1000);
    size_t again = 0;
    for (; again < 1000 && (blocks[again] = corral_alloc(SIZE, ID)) != NULL; again++) {
    }
    cr_assert_geq(again + CORRAL_FRONT_BLOCKS + 2 * 64, 1000, "%zu", again);
    free_by_other(1000, 1999);
    size_t total = again;
    for (; total < 1999 && (blocks[total] = corral_alloc(SIZE, ID)) != NULL; total++) {
    }
    cr_assert_geq(total + CORRAL_FRONT_BLOCKS + 2 * 64, 1999, "what it had at first went home: %zu", total);
    free_by_other(0, total);
    free_by_other(1999, 2000);
    figures_expect_nothing();
}

/* What it keeps from before the exact mode goes home after some more frees, and it keeps none then. */
Test(budget_shared, goes_home_from_a_thread_that_only_frees) {
    uint64_t each = bytes_of(SIZE);
    for (size_t i = 0; i < 1000; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
    }
    free_by_other(0, 20);
    configure(ID, (corral_category_options){.hard_budget = 1000 * each, .exact = 1});
    free_by_other(20, 100);
    cr_assert_eq(fill(ID, SIZE), 100);
    empty(ID, 100);
}

static void keep_large(void *argument) {
    (void)argument;
    for (int i = 0; i < 2; i++) {
        void *block = corral_alloc(6 * BUILD_MIB, ID);
        corral_free(block, ID);
    }
}

static void fill_small(void *argument) {
    *(size_t *)argument = fill(ID, 64 * BUILD_KIB);
}

/* Its own large block, from before there was a budget, makes room for small ones. */
Test(budget_shared, sends_its_own_large_block_home_for_small_ones) {
    size_t count = 0;
    thread_call_kept(keep_large, NULL);
    configure(ID, (corral_category_options){.hard_budget = 7 * BUILD_MIB});
    thread_call_kept(fill_small, &count);
    cr_assert_eq(count, 7 * 16);
    empty(ID, count);
}

enum { LISTED = 16 }; /* what a front list of such blocks begins with */

static void take_and_free(void *argument) {
    (void)argument;
    for (size_t i = 0; i < LISTED; i++) {
        blocks[i] = corral_alloc(64, ID);
    }
    empty(ID, LISTED);
}

static void free_again(void *argument) {
    corral_free(blocks[*(size_t *)argument], ID);
}

/* Its list is full from before blocks are zeroed, and each of it is freed again. */
Test(budget_shared, loses_nothing_when_what_is_zeroed_was_free) {
    if (BUILD_HAS_ASAN) {
        return; /* which ends the process at such a free */
    }
    for (size_t i = 0; i < LISTED; i++) {
        configure(ID, (corral_category_options){.misuse = CORRAL_MISUSE_IGNORE});
        thread_call_kept(take_and_free, NULL);
        configure(ID, (corral_category_options){.misuse = CORRAL_MISUSE_IGNORE, .zero_on_free = 1});
        thread_call_kept(free_again, &i);
        figures_count_faults(1);
        figures_expect_nothing();
    }
}
