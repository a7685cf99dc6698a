/* SPDX-License-Identifier: MIT
 *
 * Where blocks were asked for, when they are resized, where they are or to another place.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: the content is looked at each time.
 * Does not: resize while a walk reads the block (stress).
 */
#include <corral/configure.h>
#include <corral/origin.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/origins.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

enum { KEPT = 7, PLAIN = 8, STEPS = 12 };

#define LARGE (20 * BUILD_MIB)

/* Up and down, within a class and across: small, medium and large. */
static const size_t steps[STEPS] = {10, 12, 40, 30, 3000, 100000, 400000, LARGE, LARGE + 100000, LARGE / 3 * 2, 9000, 0};

static void expect_content(const char *block, size_t size, unsigned char value) {
    for (size_t i = 0; i < size; i++) {
        CHECK((unsigned char)block[i] == value, "byte %zu of %zu", i, size);
    }
}

/* Each step keeps what was there. here: by the form with an origin, else by the plain one. */
static void resize_through(uint32_t id, bool here, bool found) {
    char *block = corral_alloc_at(steps[0], id, "first.c", 1);
    memset(block, 1, steps[0]);
    size_t before = steps[0];
    for (uint32_t i = 1; i < STEPS; i++) {
        block = here ? corral_realloc_at(block, steps[i], id, "next.c", i + 1) : corral_realloc(block, steps[i], id);
        cr_assert_not_null(block);
        expect_content(block, before < steps[i] ? before : steps[i], (unsigned char)i);
        memset(block, (int)i + 1, steps[i]);
        before = steps[i];
        if (found) {
            origins_expect(id, block, 1, here ? "next.c" : "first.c", here ? i + 1 : 1, steps[i]);
            cr_assert_eq(origins_count(id), 1);
        }
        if (here) {
            const char *file;
            uint32_t line;
            cr_assert_eq(corral_origin_of(block, &file, &line), 1);
            cr_assert(strcmp(file, "next.c") == 0 && line == i + 1);
        }
    }
    corral_free(block, id);
    cr_assert_eq(origins_count(id), 0);
    figures_expect_nothing();
}

Test(origin_resized, with_the_option) {
    origins_keep(KEPT, 1);
    resize_through(KEPT, true, true);
    resize_through(KEPT, false, true);
}

Test(origin_resized, without) {
    resize_through(PLAIN, true, false);
    resize_through(PLAIN, false, false);
}

/* A block of the plain forms gets one, and its number is that of the call. */
Test(origin_resized, a_block_that_had_none) {
    origins_keep(KEPT, 1);
    void *block = corral_alloc(100, KEPT);
    block = corral_realloc(block, 110, KEPT);
    cr_assert_eq(origins_count(KEPT), 0);
    block = CORRAL_REALLOC_HERE(block, 50, KEPT);
    origins_expect(KEPT, block, 1, __FILE__, __LINE__ - 1, 50);
    corral_free(block, KEPT);
}

/* What was written over is not made up for; the block is served, and is no longer found. */
Test(origin_resized, what_was_written_over) {
    origins_keep(KEPT, 1);
    char *block = CORRAL_ALLOC_HERE(100, KEPT);
    memset(block, 7, origins_block_bytes(KEPT, block));
    block = corral_realloc(block, 5000, KEPT);
    expect_content(block, 100, 7);
    cr_assert_eq(corral_origin_of(block, NULL, NULL), 0);
    cr_assert_eq(origins_count(KEPT), 0);
    block = CORRAL_REALLOC_HERE(block, 100, KEPT);
    expect_content(block, 100, 7);
    origins_expect(KEPT, block, 1, __FILE__, __LINE__ - 2, 100);
    corral_free(block, KEPT);
}

/* Where there is no memory to grow into, the block is as it was. */
Test(origin_resized, a_failure_changes_nothing) {
    corral_category_options options = {.origins = 1, .hard_budget = 2000, .exact = 1};
    cr_assert_eq(corral_category_configure(KEPT, &options, sizeof options), CORRAL_OK);
    char *block = CORRAL_ALLOC_HERE(1000, KEPT);
    uint32_t line = __LINE__ - 1;
    memset(block, 9, 1000);
    cr_assert_null(CORRAL_REALLOC_HERE(block, 100000, KEPT));
    cr_assert_null(corral_realloc(block, 100000, KEPT));
    volatile size_t most = SIZE_MAX; /* which the compiler is not to see */
    cr_assert_null(corral_realloc_at(block, most, KEPT, "a.c", 1));
    cr_assert_null(corral_realloc(block, most - 8, KEPT));
    expect_content(block, 1000, 9);
    origins_expect(KEPT, block, 1, __FILE__, line, 1000);
    corral_free(block, KEPT);
    figures_expect_nothing();
}

static char *resized;

/* A visitor may resize what it is told of. */
static void grow_it(const corral_origin *origin, size_t size, void *argument) {
    (void)size;
    cr_assert_eq(origin->block, resized);
    resized = corral_realloc(resized, *(size_t *)argument, KEPT);
}

Test(origin_resized, by_a_visitor) {
    size_t size = 40;
    origins_keep(KEPT, 1);
    resized = CORRAL_ALLOC_HERE(30, KEPT);
    cr_assert_eq(corral_visit_origins(KEPT, grow_it, &size), CORRAL_OK);
    origins_expect(KEPT, resized, 1, __FILE__, __LINE__ - 2, 40);
    corral_free(resized, KEPT);
}

/* What is kept is for the block's category to say, with a wrong id too. */
Test(origin_resized, with_a_wrong_id) {
    corral_category_options options = {.origins = 1, .misuse = CORRAL_MISUSE_IGNORE};
    cr_assert_eq(corral_category_configure(KEPT, &options, sizeof options), CORRAL_OK);
    corral_free(corral_alloc(10, PLAIN), PLAIN);
    void *block = CORRAL_ALLOC_HERE(100, KEPT);
    block = CORRAL_REALLOC_HERE(block, 90, PLAIN);
    origins_expect(KEPT, block, 1, __FILE__, __LINE__ - 1, 90);
    block = CORRAL_REALLOC_HERE(block, 9000, PLAIN);
    origins_expect(KEPT, block, 1, __FILE__, __LINE__ - 1, 9000);
    corral_free(block, KEPT);
    figures_expect_nothing();
}
