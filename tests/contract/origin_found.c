/* SPDX-License-Identifier: MIT
 *
 * Where blocks were asked for: what a walk finds after a reset, beside blocks that have no origin, and in which order it
 * was asked for.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: slabs are filled to their last blocks.
 * Does not: look at each door (origin.c), or walk while others allocate (stress).
 */
#include <corral/configure.h>
#include <corral/origin.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/origins.h"

#include <criterion/criterion.h>
#include <stdint.h>

enum { KEPT = 7, MANY = 300 };

#define LARGE (20 * BUILD_MIB)

static void *blocks[MANY + 1];

/* Of the smallest blocks with an origin: as many as a slab has. */
static void expect_no_origin_after_a_reset(void) {
    enum { SMALLEST = CORRAL_SLAB_KIB * 1024 / 32 };
    for (size_t i = 0; i < SMALLEST; i++) {
        cr_assert_not_null(CORRAL_ALLOC_HERE(0, KEPT));
    }
    cr_assert_eq(origins_count(KEPT), SMALLEST);
    cr_assert_eq(corral_category_reset(KEPT), CORRAL_OK);
    for (size_t i = 0; i < SMALLEST; i++) {
        cr_assert_not_null(corral_alloc(32 - BUILD_TAIL, KEPT));
    }
    cr_assert_eq(origins_count(KEPT), 0);
    cr_assert_eq(corral_category_reset(KEPT), CORRAL_OK);
}

/* What a reset took is found no more, nor is what has no origin and lies where it was. */
Test(origin_found, ends_with_a_reset) {
    corral_category_options options = {.origins = 1, .isolated = 1};
    cr_assert_eq(corral_category_configure(KEPT, &options, sizeof options), CORRAL_OK);
    for (size_t i = 0; i < MANY; i++) {
        cr_assert_not_null(CORRAL_ALLOC_HERE(i * 10, KEPT));
    }
    void *large = CORRAL_ALLOC_HERE(LARGE, KEPT);
    cr_assert_eq(origins_count(KEPT), MANY + 1);
    cr_assert_eq(corral_category_reset(KEPT), CORRAL_OK);
    cr_assert_eq(origins_count(KEPT), 0);
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(i * 10, KEPT);
    }
    blocks[MANY] = corral_alloc(LARGE, KEPT);
    cr_assert_eq(blocks[MANY], large, "its address is had again");
    cr_assert_eq(origins_count(KEPT), 0);
    corral_free_batch(blocks, MANY + 1, KEPT);
    figures_expect_nothing();
    expect_no_origin_after_a_reset();
}

/* Of the smallest blocks, a slab has more than may have an origin. They are nothing to their neighbours' marks. */
Test(origin_found, beside_slabs_of_the_smallest_blocks) {
    enum { SMALLEST = 2 * CORRAL_SLAB_KIB * 1024 / 16 };
    static void *smallest[SMALLEST];
    origins_keep(KEPT, 1);
    for (size_t i = 0; i < SMALLEST; i++) {
        smallest[i] = corral_alloc(1, KEPT);
        cr_assert_not_null(smallest[i]);
    }
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = CORRAL_ALLOC_HERE(30, KEPT);
    }
    cr_assert_eq(origins_count(KEPT), MANY);
    corral_free_batch(smallest, SMALLEST, KEPT);
    cr_assert_eq(origins_count(KEPT), MANY);
    corral_free_batch(blocks, MANY, KEPT);
    cr_assert_eq(origins_count(KEPT), 0);
    figures_expect_nothing();
}

/* The numbers of those that are found rise with the order in which they were asked for. */
static void note_number(const corral_origin *origin, size_t size, void *argument) {
    uint64_t *numbers = argument;
    CHECK(size == sizeof *origin && origin->line < MANY, "line %u", origin->line);
    numbers[origin->line] = origin->number;
}

Test(origin_found, has_a_number_by_which_it_is_ordered) {
    static uint64_t numbers[MANY];
    origins_keep(KEPT, 1);
    for (uint32_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc_at(i % 3 == 0 ? LARGE / MANY * i : i, KEPT, "a.c", i);
    }
    cr_assert_eq(corral_visit_origins(KEPT, note_number, numbers), CORRAL_OK);
    for (uint32_t i = 1; i < MANY; i++) {
        cr_assert_gt(numbers[i], numbers[i - 1], "%u", i);
    }
    cr_assert_gt(numbers[0], 0);
    corral_free_batch(blocks, MANY, KEPT);
}
