/* SPDX-License-Identifier: MIT
 *
 * Budgets: who is told, when, and what callbacks may do.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: calls the public interface alone. How often is counted, and what was told compared.
 * Does not: look at what is refused but for that (budget.c).
 */
#include "filling.h"

struct told {
    size_t times;
    corral_budget_event last;
    char name[CORRAL_NAME_MAX + 1];
    size_t to_free; /* of blocks, from the end */
    size_t *count;
    bool allocates;
};

static int hear(const corral_budget_event *event, void *argument) {
    struct told *told = argument;
    told->times++;
    told->last = *event;
    strcpy(told->name, event->name == NULL ? "" : event->name);
    if (told->allocates) {
        /* What is refused here does not come here again. */
        cr_assert_null(corral_alloc(event->size, ID));
        void *other = corral_alloc(1000, OTHER);
        cr_assert_not_null(other);
        corral_free(other, OTHER);
    }
    bool some = told->to_free > 0;
    for (; told->to_free > 0; told->to_free--) {
        corral_free(blocks[--*told->count], ID);
    }
    return some;
}

Test(budget_told, asks_before_it_refuses) {
    uint64_t each = bytes_of(100);
    struct told told = {.allocates = true};
    configure(ID, (corral_category_options){
                      .name = "net", .hard_budget = 20 * each, .callback = hear, .argument = &told});
    size_t count = fill(ID, 100);
    cr_assert_eq(count, 20);
    cr_assert_eq(told.times, 1);
    cr_assert_eq(told.last.kind, CORRAL_BUDGET_HARD);
    cr_assert_eq(told.last.id, ID);
    cr_assert_str_eq(told.name, "net");
    cr_assert_eq(told.last.live_bytes, 20 * each);
    cr_assert_eq(told.last.budget_bytes, 20 * each);
    cr_assert_eq(told.last.size, each);
    cr_assert_eq(told.last.attempt, 0);
    told = (struct told){.to_free = 3, .count = &count};
    void *block = corral_alloc(100, ID);
    cr_assert_not_null(block, "the callback made room");
    cr_assert_eq(told.times, 1);
    corral_free(block, ID);
    empty(ID, count);
}

/* A small block that is to grow asks as one that is allocated. */
Test(budget_told, asks_once_for_a_block_that_is_to_grow) {
    struct told told = {0};
    configure(ID, (corral_category_options){.hard_budget = bytes_of(100), .callback = hear, .argument = &told});
    unsigned char *block = corral_alloc(100, ID);
    cr_assert_not_null(block);
    block[99] = 7;
    cr_assert_null(corral_realloc(block, 300, ID));
    cr_assert_eq(told.times, 1);
    cr_assert_eq(told.last.size, bytes_of(300));
    cr_assert_eq(block[99], 7);
    corral_free(block, ID);
}

/* One that always wants another try is asked again and again, until it does not. */
static int hear_thrice(const corral_budget_event *event, void *argument) {
    cr_assert_eq(event->attempt, *(uint32_t *)argument);
    return ++*(uint32_t *)argument < 3;
}

Test(budget_told, asks_as_often_as_it_is_told_to) {
    uint32_t times = 0;
    configure(ID, (corral_category_options){
                      .hard_budget = 1, .callback = hear_thrice, .argument = &times});
    cr_assert_null(corral_alloc(1, ID));
    cr_assert_eq(times, 3);
    times = 0;
    cr_assert_null(corral_alloc(3 * BUILD_MIB, ID));
    cr_assert_eq(times, 3);
}

Test(budget_told, of_the_soft_one_once_for_each_crossing) {
    uint64_t each = bytes_of(64);
    for (uint32_t exact = 0; exact <= 1; exact++) {
        struct told told = {0};
        configure(ID, (corral_category_options){.name = "soft", .soft_budget = 1000 * each,
                                                .callback = hear, .argument = &told, .exact = exact});
        size_t at = 0;
        for (size_t i = 0; i < 3000; i++) {
            blocks[i] = corral_alloc(64, ID);
            at = at == 0 && told.times > 0 ? i + 1 : at;
        }
        cr_assert_eq(told.times, 1);
        cr_assert_eq(told.last.kind, CORRAL_BUDGET_SOFT);
        cr_assert_eq(told.last.budget_bytes, 1000 * each);
        cr_assert_str_eq(told.name, "soft");
        cr_assert_geq(at, 1001, "no earlier than it is passed");
        cr_assert_leq(at, exact ? 1001 : 1001 + 64 + 1000 / 16 + 64, "late: %zu", at);
        cr_assert_eq(told.last.live_bytes, at * each);
        empty(ID, 3000);
        for (size_t i = 0; i < 3000; i++) {
            blocks[i] = corral_alloc(64, ID);
        }
        cr_assert_eq(told.times, 2, "%zu", told.times);
        empty(ID, 3000);
    }
}

Test(budget_told, of_the_process) {
    uint64_t each = bytes_of(128);
    struct told told = {0};
    corral_category_options options = {.hard_budget = 100 * each, .callback = hear, .argument = &told};
    cr_assert_eq(corral_process_configure(&options, sizeof options), CORRAL_OK);
    cr_assert_eq(fill(ID, 128), 100);
    cr_assert_eq(told.times, 1);
    cr_assert_eq(told.last.id, CORRAL_MEMORY_TYPE_NONE);
    cr_assert_null(told.last.name);
    cr_assert_eq(told.last.live_bytes, 100 * each);
    empty(ID, 100);
}

Test(budget_told, of_each_crossing_by_one_block) {
    struct told told = {0};
    configure(ID, (corral_category_options){
                      .soft_budget = BUILD_MIB, .callback = hear, .argument = &told, .exact = 1});
    for (size_t i = 1; i <= 5; i++) {
        void *block = corral_alloc(2 * BUILD_MIB, ID);
        cr_assert_eq(told.times, i);
        corral_free(block, ID);
    }
    configure(ID, (corral_category_options){
                      .soft_budget = 2 * BUILD_MIB, .callback = hear, .argument = &told, .exact = 1});
    void *block = corral_alloc(3 * BUILD_MIB, ID);
    cr_assert_eq(told.times, 6, "a new budget is passed anew");
    corral_free(block, ID);
}

Test(budget_told, of_both_that_one_block_passes) {
    struct told category = {0}, process = {0};
    corral_category_options of_all = {.soft_budget = 1, .callback = hear, .argument = &process};
    cr_assert_eq(corral_process_configure(&of_all, sizeof of_all), CORRAL_OK);
    configure(ID, (corral_category_options){.soft_budget = 1, .callback = hear, .argument = &category});
    void *block = corral_alloc(5000, ID);
    cr_assert_eq(category.times, 1);
    cr_assert_eq(process.times, 1);
    corral_free(block, ID);
}

Test(budget_told, not_of_what_is_refused) {
    struct told told = {0};
    configure(ID, (corral_category_options){.soft_budget = 1, .hard_budget = 60, .callback = hear,
                                            .argument = &told, .exact = 1});
    cr_assert_null(corral_alloc(64, ID));
    cr_assert_eq(told.times, 1);
    cr_assert_eq(told.last.kind, CORRAL_BUDGET_HARD);
}

static int spoil_errno(const corral_budget_event *event, void *argument) {
    (void)event, (void)argument;
    errno = 77;
    return 0;
}

Test(budget_told, keeps_errno) {
    configure(ID, (corral_category_options){
                      .soft_budget = 100, .hard_budget = 10000, .callback = spoil_errno});
    errno = 3;
    void *block = corral_alloc(5000, ID);
    cr_assert_not_null(block);
    cr_assert_eq(errno, 3);
    cr_assert_null(corral_alloc(9000, ID));
    cr_assert_eq(errno, ENOMEM);
    corral_free(block, ID);
}

/* More is live than a new budget allows, of which nobody was told. */
Test(budget_told, of_a_new_budget_that_is_passed_already) {
    uint64_t each = bytes_of(64);
    struct told told = {0};
    for (uint64_t soft = 1000; soft >= 250; soft /= 2) {
        configure(ID, (corral_category_options){
                          .soft_budget = soft * each, .callback = hear, .argument = &told});
        cr_assert_eq(fill(ID, 64), MANY);
        empty(ID, MANY / 2);
        memmove(blocks, blocks + MANY / 2, MANY / 2 * sizeof blocks[0]);
        configure(ID, (corral_category_options){
                          .soft_budget = soft / 2 * each, .callback = hear, .argument = &told});
        size_t before = told.times;
        cr_assert_gt(before, 0);
        for (size_t i = MANY / 2; i < MANY; i++) {
            blocks[i] = corral_alloc(64, ID);
        }
        cr_assert_eq(told.times, before + 1);
        empty(ID, MANY);
    }
}

/* One that grows where it is, is told of, and refused in place. */
Test(budget_told, grows_to_the_byte) {
    struct told told = {0};
    configure(ID, (corral_category_options){.hard_budget = 16 * BUILD_MIB, .soft_budget = 6 * BUILD_MIB,
                                            .callback = hear, .argument = &told});
    char *block = corral_alloc(4 * BUILD_MIB, ID);
    char *grown = corral_realloc(block, 8 * BUILD_MIB, ID);
    cr_assert_not_null(grown);
    cr_assert_eq(told.times, 1, "of the soft budget: %zu", told.times);
    cr_assert_null(corral_realloc(grown, 16 * BUILD_MIB + 1, ID));
    figures_expect(ID, 1, 8 * BUILD_MIB);
    grown = corral_realloc(grown, 4 * BUILD_MIB, ID);
    figures_expect(ID, 1, 4 * BUILD_MIB);
    void *rest = corral_alloc(12 * BUILD_MIB, ID);
    cr_assert_not_null(rest, "what was given back is to be had");
    corral_free(rest, ID);
    corral_free(grown, ID);
}

/* Into what is mapped behind it. */
Test(budget_told, of_a_block_that_grows_in_place) {
    struct told told = {0};
    void *first = corral_alloc(16 * BUILD_MIB, ID);
    corral_free(first, ID);
    configure(ID, (corral_category_options){
                      .soft_budget = 12 * BUILD_MIB, .callback = hear, .argument = &told, .exact = 1});
    void *block = corral_alloc(10 * BUILD_MIB, ID);
    cr_assert_eq(told.times, 0);
    void *grown = corral_realloc(block, 16 * BUILD_MIB, ID);
    cr_assert_eq(told.times, 1);
    cr_assert_eq(told.last.size, grown == block ? 6 * BUILD_MIB : 16 * BUILD_MIB);
    if (CORRAL_LARGE_KEEP_KIB * BUILD_KIB >= 32 * BUILD_MIB) {
        cr_assert_eq(grown, block, "it is mapped so");
    }
    corral_free(grown, ID);
}
