/* SPDX-License-Identifier: MIT
 *
 * Budgets: what is refused, when, who is told, and what callbacks may do.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: calls the public interface alone. A bound is tested from both sides: what fits is given, what
 *           does not is refused, and nothing else is disturbed.
 * Does not: have threads race at the limit (../stress/limit.c).
 */
#include <corral/configure.h>

#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ID = 5, OTHER = 6, LETTERS = 0x6e657477, MANY = 4096 };

static void *blocks[MANY];

static void configure(uint32_t id, corral_category_options options) {
    cr_assert_eq(corral_category_configure(id, &options, sizeof options), CORRAL_OK);
}

/* Allocates until it is refused. Returns how many blocks there are. */
static size_t fill(uint32_t id, size_t size) {
    size_t count = 0;
    for (; count < MANY; count++) {
        errno = 0;
        blocks[count] = corral_alloc(size, id);
        if (blocks[count] == NULL) {
            CHECK(errno == ENOMEM, "errno %d", errno);
            return count;
        }
        memset(blocks[count], (int)count & 0xff, size);
    }
    return count;
}

static void empty(uint32_t id, size_t count) {
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], id);
    }
}

static uint64_t bytes_of(size_t size) {
    void *block = corral_alloc(size, OTHER);
    uint64_t bytes = corral_usable_size(block);
    corral_free(block, OTHER);
    return bytes;
}

/* One thread that has all to itself gets to the last block, of every kind. */
static void is_kept_to_the_block(bool exact, uint32_t id, size_t size) {
    uint64_t each = bytes_of(size);
    uint64_t fits = size > BUILD_MIB ? 4 : 100;
    configure(id, (corral_category_options){.hard_budget = fits * each + each / 2, .exact = exact});
    for (int round = 0; round < 3; round++) {
        size_t count = fill(id, size);
        CHECK(count == fits, "%zu blocks of %zu bytes, not %zu", count, size, (size_t)fits);
        figures_expect(id, fits, fits * each);
        corral_free(blocks[--count], id);
        blocks[count] = corral_alloc(size, id);
        cr_assert_not_null(blocks[count], "what was freed is to be had again");
        cr_assert_null(corral_alloc(size, id));
        void *other = corral_alloc(size, OTHER);
        cr_assert_not_null(other, "others are not disturbed");
        corral_free(other, OTHER);
        empty(id, count + 1);
        figures_expect(id, 0, 0);
    }
}

static const size_t sizes[] = {16, 100, 1000, 5000, 40000, 300000, 3 * BUILD_MIB};

Test(budget, is_kept_to_the_block) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        is_kept_to_the_block(false, ID, sizes[i]);
    }
}

Test(budget, is_kept_in_the_exact_mode) {
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        is_kept_to_the_block(true, ID, sizes[i]);
    }
}

Test(budget, is_kept_of_an_id_of_four_letters) {
    is_kept_to_the_block(false, LETTERS, 64);
    is_kept_to_the_block(true, LETTERS, 64);
}

Test(budget, bounds_all_sizes_together) {
    uint64_t most = 256 * BUILD_KIB;
    configure(ID, (corral_category_options){.hard_budget = most});
    corral_stats stats;
    size_t count = 0;
    for (; count < MANY; count++) {
        blocks[count] = corral_alloc(16 + count % 50 * 20, ID);
        if (blocks[count] == NULL) {
            break;
        }
        stats = figures_of(ID);
        CHECK(stats.live_bytes <= most, "%llu bytes live", (unsigned long long)stats.live_bytes);
    }
    stats = figures_of(ID);
    cr_assert_gt(stats.live_bytes, most - 2048, "what this thread has at hand does not count");
    cr_assert_eq(stats.failed, 1);
    empty(ID, count);
}

Test(budget, bounds_what_grows) {
    size_t large = 4 * BUILD_MIB;
    configure(ID, (corral_category_options){.hard_budget = 3 * large});
    char *block = corral_alloc(large, ID);
    cr_assert_not_null(block);
    memset(block, 7, large);
    errno = 0;
    cr_assert_null(corral_realloc(block, 4 * large, ID));
    cr_assert_eq(errno, ENOMEM);
    cr_assert_eq(corral_usable_size(block), large, "it is as it was");
    cr_assert_eq(block[large - 1], 7);
    for (size_t size = 300000; size < 500000; size += 50000) {
        void *unit = corral_alloc(size, ID);
        void *grown = corral_realloc(unit, size + 200000, ID);
        cr_assert_not_null(grown, "there is room");
        corral_free(grown, ID);
    }
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(budget, bounds_every_door) {
    uint64_t each = bytes_of(64);
    configure(ID, (corral_category_options){.hard_budget = 10 * each});
    void *got[12];
    cr_assert_eq(corral_alloc_batch(64, ID, 12, got), 10);
    errno = 0;
    cr_assert_null(corral_calloc(4, 16, ID));
    cr_assert_eq(errno, ENOMEM);
    errno = 0;
    cr_assert_null(corral_aligned_alloc(64, 64, ID));
    cr_assert_eq(errno, ENOMEM);
    errno = 0;
    cr_assert_null(corral_realloc(NULL, 64, ID));
    cr_assert_eq(errno, ENOMEM);
    corral_free_batch(got, 10, ID);
    figures_expect_nothing();
}

/* What is live before there is a budget counts, too. */
Test(budget, counts_what_was_live_before) {
    uint64_t each = bytes_of(64);
    for (size_t i = 0; i < 1000; i++) {
        blocks[i] = corral_alloc(64, ID);
    }
    configure(ID, (corral_category_options){.hard_budget = 1010 * each});
    size_t more = 0;
    void *got[64];
    while (more < 64 && (got[more] = corral_alloc(64, ID)) != NULL) {
        more++;
    }
    cr_assert_eq(more, 10);
    configure(ID, (corral_category_options){.hard_budget = 500 * each});
    empty(ID, 600);
    cr_assert_not_null(got[10] = corral_alloc(64, ID), "410 are live");
    configure(ID, (corral_category_options){.hard_budget = 0});
    cr_assert_eq(fill(ID, 64), MANY, "there is no budget any more");
}

/* Freed by another thread, which has some of it at hand, but for what it was asked for. */
static void free_all(void *argument) {
    empty(ID, *(size_t *)argument);
}

Test(budget, has_again_what_another_thread_freed) {
    uint64_t each = bytes_of(256);
    for (uint32_t exact = 0; exact <= 1; exact++) {
        configure(ID, (corral_category_options){.hard_budget = 1000 * each, .exact = exact});
        for (int round = 0; round < 5; round++) {
            size_t count = fill(ID, 256);
            cr_assert_eq(count, 1000);
            thread_call(free_all, &count);
        }
    }
    figures_expect_nothing();
}

/* What the thread has at hand when a budget is set is not handed out beyond it. */
Test(budget, begins_with_what_is_live) {
    uint64_t each = bytes_of(4000);
    corral_category_options two = {.hard_budget = 2 * each}, none = {0};
    for (int process = 0; process <= 1; process++) {
        for (size_t i = 0; i < 64; i++) {
            blocks[i] = corral_alloc(4000, ID);
        }
        empty(ID, 64);
        cr_assert_eq(process ? corral_process_configure(&two, sizeof two)
                             : corral_category_configure(ID, &two, sizeof two), CORRAL_OK);
        cr_assert_eq(fill(ID, 4000), 2);
        empty(ID, 2);
        cr_assert_eq(process ? corral_process_configure(&none, sizeof none)
                             : corral_category_configure(ID, &none, sizeof none), CORRAL_OK);
        corral_free(corral_alloc(2 * BUILD_MIB, ID), ID);
        void *large = corral_alloc(2 * BUILD_MIB, ID);
        corral_free(large, ID);
        cr_assert_eq(process ? corral_process_configure(&two, sizeof two)
                             : corral_category_configure(ID, &two, sizeof two), CORRAL_OK);
        cr_assert_null(corral_alloc(2 * BUILD_MIB, ID), "nor is the large block that it freed last");
        cr_assert_eq(process ? corral_process_configure(&none, sizeof none)
                             : corral_category_configure(ID, &none, sizeof none), CORRAL_OK);
    }
}

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

Test(budget, asks_before_it_refuses) {
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

/* One that always wants another try is asked again and again, until it does not. */
static int hear_thrice(const corral_budget_event *event, void *argument) {
    cr_assert_eq(event->attempt, *(uint32_t *)argument);
    return ++*(uint32_t *)argument < 3;
}

Test(budget, asks_as_often_as_it_is_told_to) {
    uint32_t times = 0;
    configure(ID, (corral_category_options){
                      .hard_budget = 1, .callback = hear_thrice, .argument = &times});
    cr_assert_null(corral_alloc(1, ID));
    cr_assert_eq(times, 3);
    times = 0;
    cr_assert_null(corral_alloc(3 * BUILD_MIB, ID));
    cr_assert_eq(times, 3);
}

Test(budget, tells_of_the_soft_one_once_for_each_crossing) {
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

Test(budget, of_the_process_bounds_categories_together) {
    uint64_t each = bytes_of(128);
    struct told told = {0};
    corral_category_options options = {
        .hard_budget = 100 * each, .callback = hear, .argument = &told};
    cr_assert_eq(corral_process_configure(&options, sizeof options), CORRAL_OK);
    for (size_t i = 0; i < 60; i++) {
        blocks[MANY - 1 - i] = corral_alloc(128, OTHER);
        cr_assert_not_null(blocks[MANY - 1 - i]);
    }
    size_t count = fill(ID, 128);
    cr_assert_eq(count, 40);
    cr_assert_eq(told.last.id, CORRAL_MEMORY_TYPE_NONE);
    cr_assert_eq(told.last.live_bytes, 100 * each);
    empty(ID, count);
    for (size_t i = 0; i < 60; i++) {
        corral_free(blocks[MANY - 1 - i], OTHER);
    }
    figures_expect_nothing();
}

/* What the thread has at hand in other categories is called back, and its own large block. */
Test(budget, of_the_process_has_again_what_other_categories_have_at_hand) {
    for (uint32_t id = 10; id < 30; id++) {
        cr_assert_eq(fill(id, 100), MANY);
        empty(id, MANY);
    }
    corral_category_options small = {.hard_budget = 8192};
    cr_assert_eq(corral_process_configure(&small, sizeof small), CORRAL_OK);
    for (int i = 0; i < 100; i++) {
        for (uint32_t id = 10; id < 30; id++) {
            void *block = corral_alloc(900, id);
            cr_assert_not_null(block);
            corral_free(block, id);
        }
    }
}

Test(budget, has_again_a_large_block_that_was_freed) {
    for (int i = 0; i < 2; i++) {
        void *first = corral_alloc(6 * BUILD_MIB, ID);
        corral_free(first, ID);
    }
    configure(ID, (corral_category_options){.hard_budget = 7 * BUILD_MIB});
    for (int i = 0; i < 10; i++) {
        void *block = corral_alloc(2 * BUILD_MIB, ID);
        cr_assert_not_null(block);
        void *more = corral_alloc(5 * BUILD_MIB, ID);
        cr_assert_not_null(more);
        cr_assert_null(corral_alloc(2 * BUILD_MIB, ID));
        corral_free(block, ID);
        corral_free(more, ID);
    }
}

Test(budget, tells_of_each_crossing_by_one_block) {
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

Test(budget, tells_of_both_that_one_block_passes) {
    struct told category = {0}, process = {0};
    corral_category_options of_all = {.soft_budget = 1, .callback = hear, .argument = &process};
    cr_assert_eq(corral_process_configure(&of_all, sizeof of_all), CORRAL_OK);
    configure(ID, (corral_category_options){.soft_budget = 1, .callback = hear, .argument = &category});
    void *block = corral_alloc(5000, ID);
    cr_assert_eq(category.times, 1);
    cr_assert_eq(process.times, 1);
    corral_free(block, ID);
}

Test(budget, tells_not_of_what_is_refused) {
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

Test(budget, keeps_errno) {
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

Test(budget, may_be_as_large_as_sizes_are) {
    configure(ID, (corral_category_options){.hard_budget = PTRDIFF_MAX, .soft_budget = PTRDIFF_MAX});
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(fill(ID, 1000), MANY);
        empty(ID, MANY);
    }
    cr_assert_null(corral_alloc(hidden(PTRDIFF_MAX), ID));
    figures_expect_nothing();
}

/* One that grows where it is, is told of, and refused in place. */
Test(budget, grows_to_the_byte) {
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
