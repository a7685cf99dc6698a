/* SPDX-License-Identifier: MIT
 *
 * What a file sets is in force: budgets refuse, faults fail, callbacks of the program are still called.
 *
 * Owns:     a file in a temporary directory; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each is looked at by what allocations do, before and after the file is read.
 * Does not: test budgets and faults themselves.
 */
#include "written.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ID = 7, OTHER = 8 };

TestSuite(effects, .init = written_begin, .fini = written_end);

static bool serves(size_t size, uint32_t id) {
    errno = 0;
    void *block = corral_alloc(size, id);
    cr_assert(block != NULL || errno == ENOMEM);
    corral_free(block, id);
    return block != NULL;
}

Test(effects, hard_budget) {
    cr_assert(serves(200000, ID));
    written_set("[category 7]\nhard_budget = 100 KiB\nexact = yes\n");
    cr_assert_not(serves(200000, ID));
    cr_assert(serves(50000, ID));
    cr_assert(serves(200000, OTHER));
    written_set("[category 7]\nhard_budget = 1 MiB\n");
    cr_assert(serves(200000, ID));
    cr_assert_eq(written_options(ID).exact, 1);
}

Test(effects, budget_of_the_process) {
    written_set("[process]\nhard_budget = 1 MiB\n");
    cr_assert_not(serves(2 << 20, ID));
    cr_assert_not(serves(2 << 20, OTHER));
    written_set("[process]\n");
    cr_assert_not(serves(2 << 20, ID), "a section without keys has changed something");
    written_set("[process]\nsoft_budget = 1 MiB\n");
    cr_assert_not(serves(2 << 20, ID), "what is not named has changed");
    written_set("[process]\nhard_budget = 0\n");
    cr_assert(serves(2 << 20, ID));
}

static unsigned calls;
static uint64_t told;

static int callback(const corral_budget_event *event, void *argument) {
    calls++;
    told = event->budget_bytes;
    cr_assert_eq(argument, &calls);
    cr_assert_str_eq(event->name, "sounds");
    return 0;
}

Test(effects, callback_of_the_program_is_kept) {
    corral_category_options options = {.callback = callback, .argument = &calls};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    cr_assert(serves(200000, ID));
    written_set("[category 7]\nname = sounds\nhard_budget = 100 KiB\n");
    cr_assert_not(serves(200000, ID));
    cr_assert_eq(calls, 1);
    cr_assert_eq(told, 100 << 10);
}

static void expect_failures(uint32_t id, const char *expected) {
    char found[64] = "";
    for (size_t i = 0; expected[i] != 0; i++) {
        found[i] = serves(100, id) ? '.' : 'F';
    }
    cr_assert_str_eq(found, expected);
}

Test(effects, fail_every) {
    written_set("[category 7]\nfail_every = 3\n");
    expect_failures(ID, "..F..F..F..F");
    expect_failures(OTHER, "............");
    written_set("[category 7]\nfail_every = 0\n");
    expect_failures(ID, "............");
}

Test(effects, fail_at) {
    written_set("[category 7]\nfail_at = 4\n");
    expect_failures(ID, "...F........");
    written_set("[category 7]\nname = x\n");
    expect_failures(ID, "...F........"); /* counted anew */
}

Test(effects, fail_per_million) {
    written_set("[category 7]\nfail_per_million = 1000000\n");
    expect_failures(ID, "FFFFFFFFFFFF");
    bool first[64];
    unsigned failed = 0, differ = 0;
    written_set("[category 7]\nfail_per_million = 500000\nfail_seed = 3\n");
    for (size_t i = 0; i < 64; i++) {
        first[i] = serves(100, ID);
        failed += !first[i];
    }
    cr_assert(failed > 10 && failed < 54, "%u", failed);
    written_set("[category 7]\nfail_seed = 3\n");
    for (size_t i = 0; i < 64; i++) {
        cr_assert_eq(serves(100, ID), first[i]);
    }
    written_set("[category 7]\nfail_seed = 4\n");
    for (size_t i = 0; i < 64; i++) {
        differ += serves(100, ID) != first[i];
    }
    cr_assert_neq(differ, 0);
}

Test(effects, zero_on_free) {
    written_set("[category 7]\nzero_on_free = yes\n");
    char *block = corral_alloc(1000, ID);
    cr_assert_not_null(block);
    memset(block, 0x5a, 1000);
    corral_free(block, ID);
    char *again = corral_alloc(1000, ID);
    cr_assert_eq(memchr(again, 0x5a, 1000), NULL);
    corral_free(again, ID);
}

/* Nothing else that the file says is set either. */
Test(effects, origins_of_a_category_that_is_used) {
    written_text("[category 8]\nname = other\n[category 7]\nname = net\norigins = 1\n");
    cr_assert(serves(16, ID));
    cr_assert_eq(written_read(), CORRAL_EINVAL);
    cr_assert_not_null(strstr(written_says(), ": origins: the category is used already"), "%s", written_says());
    cr_assert(written_is_unset(ID) && written_is_unset(OTHER));
    written_set("[category 8]\norigins = 1\n");
    cr_assert_eq(written_options(OTHER).origins, 1);
}
