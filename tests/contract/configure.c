/* SPDX-License-Identifier: MIT
 *
 * Options of categories: read as they were set, refused when they are not legal, and faults on purpose.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: calls the public interface alone.
 * Does not: look at budgets (budget.c).
 */
#include <corral/configure.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/pattern.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ID = 3, LETTERS = 0x41424344, MANY = 1000 };

static int ignore(const corral_budget_event *event, void *argument) {
    (void)event, (void)argument;
    return 0;
}

static corral_status configure(uint32_t id, corral_category_options options) {
    return corral_category_configure(id, &options, sizeof options);
}

static void reads_what_was_set(uint32_t id) {
    char name[] = "a name of a category";
    int argument;
    corral_category_options set = {.name = name,
                                   .soft_budget = 1234567,
                                   .hard_budget = (uint64_t)5 << 40,
                                   .callback = ignore,
                                   .argument = &argument,
                                   .exact = 1,
                                   .zero_on_free = 1,
                                   .misuse = CORRAL_MISUSE_IGNORE,
                                   .fail_per_million = 0,
                                   .fail_at = 1000000,
                                   .fail_every = 2000000,
                                   .fail_seed = 77,
                                   .origins = 5};
    corral_category_options got;
    cr_assert_eq(configure(id, set), CORRAL_OK);
    name[0] = 'A'; /* it was copied */
    cr_assert_eq(corral_category_options_of(id, &got, sizeof got), CORRAL_OK);
    const char *kept = got.name;
    cr_assert_str_eq(kept, "a name of a category");
    cr_assert_str_eq(corral_category_name(id), kept);
    got.name = set.name;
    cr_assert_eq(memcmp(&got, &set, sizeof got), 0);
    cr_assert_eq(configure(id, (corral_category_options){0}), CORRAL_OK);
    cr_assert_null(corral_category_name(id));
    cr_assert_str_eq(kept, "a name of a category", "it stays");
    cr_assert_eq(corral_category_options_of(id, &got, sizeof got), CORRAL_OK);
    cr_assert_eq(memcmp(&got, &(corral_category_options){0}, sizeof got), 0);
}

Test(configure, reads_what_was_set) {
    reads_what_was_set(ID);
    reads_what_was_set(LETTERS);
}

Test(configure, reads_what_was_set_for_all_together) {
    int argument;
    corral_category_options set = {.name = "unused", .soft_budget = 5, .hard_budget = (uint64_t)1 << 50,
                                   .callback = ignore, .argument = &argument, .exact = 1};
    corral_category_options got;
    cr_assert_eq(corral_process_options_of(&got, sizeof got), CORRAL_OK);
    cr_assert_eq(memcmp(&got, &(corral_category_options){0}, sizeof got), 0);
    cr_assert_eq(corral_process_configure(&set, sizeof set), CORRAL_OK);
    cr_assert_eq(corral_process_options_of(&got, sizeof got), CORRAL_OK);
    set.name = NULL;
    set.exact = 0;
    cr_assert_eq(memcmp(&got, &set, sizeof got), 0);
    cr_assert_eq(corral_process_options_of(NULL, sizeof got), CORRAL_EINVAL);
    cr_assert_eq(corral_process_options_of(&got, 0), CORRAL_EINVAL);
}

Test(configure, refuses_what_is_not_legal) {
    char longest[CORRAL_NAME_MAX + 2];
    memset(longest, 'x', sizeof longest);
    longest[CORRAL_NAME_MAX + 1] = '\0';
    const corral_category_options wrong[] = {
        {.name = longest},
        {.soft_budget = (uint64_t)PTRDIFF_MAX + 1},
        {.hard_budget = UINT64_MAX},
        {.exact = 2},
        {.zero_on_free = 2},
        {.misuse = (corral_misuse_policy)4},
        {.fail_per_million = 1000001},
    };
    cr_assert_eq(configure(ID, (corral_category_options){.name = "kept", .hard_budget = 99}), CORRAL_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(configure(ID, wrong[i]), CORRAL_EINVAL, "%zu", i);
        cr_assert_eq(corral_process_configure(&wrong[i], sizeof wrong[i]), CORRAL_EINVAL, "%zu", i);
    }
    cr_assert_eq(corral_category_configure(ID, NULL, 8), CORRAL_EINVAL);
    cr_assert_eq(corral_category_configure(ID, wrong, 0), CORRAL_EINVAL);
    corral_category_options got;
    cr_assert_eq(corral_category_options_of(ID, NULL, 8), CORRAL_EINVAL);
    cr_assert_eq(corral_category_options_of(ID, &got, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_category_options_of(ID, &got, sizeof got), CORRAL_OK);
    cr_assert_str_eq(got.name, "kept", "nothing was changed");
    cr_assert_eq(got.hard_budget, 99);
    longest[CORRAL_NAME_MAX] = '\0';
    cr_assert_eq(configure(ID, (corral_category_options){.name = longest}), CORRAL_OK);
    cr_assert_str_eq(corral_category_name(ID), longest);
}

/* Of a caller that was compiled when the struct was shorter, and of one that it is longer for. */
Test(configure, takes_structs_of_other_lengths) {
    struct {
        corral_category_options known;
        uint64_t more;
    } longer = {.known = {.name = "net", .fail_seed = 5}, .more = 9};
    cr_assert_eq(corral_category_configure(ID, &longer.known, sizeof longer), CORRAL_OK);
    const char *name = NULL;
    cr_assert_eq(corral_category_options_of(ID, (corral_category_options *)&name, sizeof name), CORRAL_OK);
    cr_assert_str_eq(name, "net");
    name = "short";
    cr_assert_eq(corral_category_configure(ID, (corral_category_options *)&name, sizeof name), CORRAL_OK);
    corral_category_options got;
    cr_assert_eq(corral_category_options_of(ID, &got, sizeof got), CORRAL_OK);
    cr_assert_str_eq(got.name, "short");
    cr_assert_eq(got.fail_seed, 0, "what lies beyond is 0");
}

Test(configure, knows_which_ids_have_a_category) {
    corral_category_options got;
    cr_assert_eq(corral_category_options_of(LETTERS, &got, sizeof got), CORRAL_EUNUSED);
    cr_assert_null(corral_category_name(LETTERS));
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT; i++) {
        corral_free(corral_alloc(1, LETTERS + 1 + i), LETTERS + 1 + i);
    }
    cr_assert_eq(configure(LETTERS, (corral_category_options){.name = "late"}), CORRAL_ENOMEM,
                 "all categories are used up");
}

static void fails(const char *what, corral_category_options options, const size_t *numbers,
                  size_t count) {
    cr_assert_eq(configure(ID, options), CORRAL_OK);
    size_t failed = 0;
    for (size_t i = 1; i <= MANY; i++) {
        size_t size = i % 100 == 0 ? 3 * BUILD_MIB : i % 200;
        errno = 0;
        void *block = corral_alloc(size, ID);
        if (block == NULL) {
            cr_assert_eq(errno, ENOMEM);
            cr_assert(failed < count && numbers[failed] == i, "%s: %zu", what, i);
            failed++;
        }
        corral_free(block, ID);
    }
    cr_assert_eq(failed, count, "%s: %zu", what, failed);
}

Test(configure, fails_allocations_on_purpose) {
    uint64_t before = figures_of(ID).failed;
    fails("none", (corral_category_options){0}, NULL, 0);
    fails("at", (corral_category_options){.fail_at = 300}, (size_t[]){300}, 1);
    fails("every", (corral_category_options){.fail_every = 250}, (size_t[]){250, 500, 750, 1000}, 4);
    fails("both", (corral_category_options){.fail_every = 400, .fail_at = 7}, (size_t[]){7, 400, 800}, 3);
    fails("none again", (corral_category_options){0}, NULL, 0);
    cr_assert_eq(figures_of(ID).failed - before, 8);
}

/* Which of MANY allocations fail. */
static void sample(uint64_t seed, uint32_t per_million, bool *failed, size_t *count) {
    cr_assert_eq(configure(ID, (corral_category_options){.fail_per_million = per_million,
                                                         .fail_seed = seed}), CORRAL_OK);
    *count = 0;
    for (size_t i = 0; i < MANY; i++) {
        void *block = corral_alloc(50, ID);
        failed[i] = block == NULL;
        *count += failed[i];
        corral_free(block, ID);
    }
}

Test(configure, fails_allocations_at_random) {
    static bool first[MANY], again[MANY], other[MANY];
    size_t count;
    sample(1, 100000, first, &count);
    cr_assert(count > MANY / 20 && count < MANY / 5, "%zu of %d, not a tenth", count, MANY);
    sample(1, 100000, again, &count);
    cr_assert_eq(memcmp(first, again, sizeof first), 0, "the same seed fails the same");
    sample(2, 100000, other, &count);
    cr_assert_neq(memcmp(first, other, sizeof first), 0);
    sample(3, 1000000, first, &count);
    cr_assert_eq(count, MANY);
    sample(3, 0, first, &count);
    cr_assert_eq(count, 0);
}

/* The bytes of a block that was freed, as far as they may still be read: it is the caller's slab. */
Test(configure, zeroes_what_is_freed) {
    guards_off();
    if (BUILD_HAS_ASAN) {
        return; /* which lets nobody read them */
    }
    cr_assert_eq(configure(ID, (corral_category_options){.zero_on_free = 1}), CORRAL_OK);
    const size_t sizes[] = {16, 100, 1024, 5000, 100000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *neighbour = corral_alloc(sizes[i], ID);
        unsigned char *volatile block = corral_alloc(sizes[i], ID);
        size_t size = corral_usable_size(block);
        memset(block, 0x5a, size);
        memset(neighbour, 0xa5, size);
        corral_free(block, ID);
        cr_assert(pattern_is_byte(block, size, 0), "%zu bytes", size);
        cr_assert(pattern_is_byte(neighbour, size, 0xa5));
        corral_free(neighbour, ID);
    }
    figures_expect_nothing();
}

Test(configure, zeroes_a_large_block_that_moves) {
    cr_assert_eq(configure(ID, (corral_category_options){.zero_on_free = 1}), CORRAL_OK);
    size_t size = 6 * BUILD_MIB;
    unsigned char *block = corral_alloc(size, ID);
    void *blocker = corral_alloc(size, ID);
    memset(block, 0x5a, size);
    void *moved = corral_realloc(block, 4 * size, ID);
    cr_assert_not_null(moved);
    unsigned char *again = corral_alloc(size, ID);
    cr_assert(pattern_is_byte(again, size, 0));
    corral_free(again, ID);
    corral_free(moved, ID);
    corral_free(blocker, ID);
    figures_expect_nothing();
}
