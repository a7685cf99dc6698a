/* SPDX-License-Identifier: MIT
 *
 * large_parked: which freed large block of an isolated category serves again, and as what.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: blocks are parked in an order of sizes that tells the smallest that fits from the first and the last one.
 * Does not: share blocks among threads (../explore/scenarios_large.c).
 */
#include "large.h"
#include "large_kept.h"

#include "support/build.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <corral/configure.h>
#include <corral/corral.h>
#include <criterion/criterion.h>
#include <string.h>

enum { ID = 3, SEVERAL = 5 };

/* Large in every build. */
#define SIZE (20 * BUILD_MIB)
#define PART BUILD_MIB

static void isolate(void) {
    corral_category_options options = {.isolated = 1};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
}

/* What is kept, the thread's own block too. */
static void park_kept(void) {
    corral_thread_detach();
    corral_large_release_kept();
}

static void park(void **blocks, const size_t *sizes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(sizes[i], ID);
        cr_assert_not_null(blocks[i]);
    }
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], ID);
    }
    park_kept();
}

Test(large_parked, serves_down_to_half_its_size) {
    const size_t size = 2 * SIZE;
    void *block;
    isolate();
    park(&block, &size, 1);
    void *less = corral_alloc(SIZE - PART, ID);
    cr_assert_neq(less, block);
    cr_assert_eq(corral_usable_size(less), SIZE - PART);
    void *more = corral_alloc(size + PART, ID);
    cr_assert_neq(more, block);
    void *half = corral_alloc(SIZE, ID);
    cr_assert_eq(half, block);
    size_t usable = corral_usable_size(half);
    cr_assert_eq(usable, size);
    pattern_fill(half, usable, 1);
    corral_free(less, ID);
    corral_free(more, ID);
    corral_free(half, ID);
    figures_expect_nothing();
}

Test(large_parked, serves_where_it_is_the_smallest) {
    static const size_t sizes[SEVERAL] = {SIZE + 3 * PART, SIZE + 2 * PART, SIZE + PART, SIZE + 4 * PART, SIZE - PART};
    static const size_t order[SEVERAL] = {2, 1, 0, 3}; /* by size, of those that fit */
    void *blocks[SEVERAL];
    isolate();
    park(blocks, sizes, SEVERAL);
    for (size_t i = 0; i < SEVERAL - 1; i++) {
        cr_assert_eq(corral_alloc(SIZE, ID), blocks[order[i]], "%zu", i);
    }
    void *another = corral_alloc(SIZE, ID);
    for (size_t i = 0; i < SEVERAL; i++) {
        cr_assert_neq(another, blocks[i]);
    }
}

/* Of several blocks one after another, few are so aligned. */
Test(large_parked, serves_where_it_is_aligned) {
    static const size_t sizes[SEVERAL] = {SIZE, SIZE, SIZE, SIZE, SIZE};
    const size_t alignment = 256 * BUILD_MIB;
    void *blocks[SEVERAL];
    isolate();
    park(blocks, sizes, SEVERAL);
    for (size_t i = 0; i < SEVERAL; i++) {
        uintptr_t block = (uintptr_t)corral_aligned_alloc(alignment, SIZE, ID);
        cr_assert(block != 0 && block % alignment == 0, "%zu", i);
    }
}

/* From the time before, it has bytes while it is kept, and none when it is parked. */
Test(large_parked, is_zero_where_that_is_asked_for) {
    isolate();
    for (int round = 0; round < 4; round++) {
        char *block = corral_calloc(SIZE, 1, ID);
        cr_assert(pattern_is_byte(block, SIZE, 0), "round %d", round);
        memset(block, 0xAB, SIZE);
        corral_free(block, ID);
        if (round % 2 == 1) {
            park_kept();
        }
    }
}
