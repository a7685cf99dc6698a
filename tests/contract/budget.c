/* SPDX-License-Identifier: MIT
 *
 * Hard budgets: what is refused, and what is not.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: calls the public interface alone. A bound is tested from both sides: what fits is given, what
 *           does not is refused, and nothing else is disturbed.
 * Does not: hear who is told (budget_told.c), or have threads race at the limit (../stress/limit.c).
 */
#include "filling.h"

#include "support/classes.h"
#include "support/process.h"

enum { LETTERS = 0x6e657477 };

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
    configure(ID, (corral_category_options){.hard_budget = 450000});
    void *unit = corral_alloc(300000, ID);
    cr_assert_not_null(unit);
    cr_assert_null(corral_realloc(unit, 500000, ID), "nor does it where there is room behind it");
    corral_free(unit, ID);
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

Test(budget, of_the_process_bounds_categories_together) {
    uint64_t each = bytes_of(128);
    corral_category_options options = {.hard_budget = 100 * each};
    cr_assert_eq(corral_process_configure(&options, sizeof options), CORRAL_OK);
    for (size_t i = 0; i < 60; i++) {
        blocks[MANY - 1 - i] = corral_alloc(128, OTHER);
        cr_assert_not_null(blocks[MANY - 1 - i]);
    }
    size_t count = fill(ID, 128);
    cr_assert_eq(count, 40);
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

Test(budget, may_be_as_large_as_sizes_are) {
    configure(ID, (corral_category_options){.hard_budget = PTRDIFF_MAX, .soft_budget = PTRDIFF_MAX});
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(fill(ID, 1000), MANY);
        empty(ID, MANY);
    }
    cr_assert_null(corral_alloc(hidden(PTRDIFF_MAX), ID));
    figures_expect_nothing();
}
