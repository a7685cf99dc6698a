/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_free_sized and corral_free_aligned_sized, where the size is right.
 *
 * Owns:     nothing.
 * Callers:  Criterion.
 * Promises: no size that a block can have been asked for with is told as wrong: of each class the first and the
 *           last, of large blocks, of blocks that were resized in place or moved, aligned ones; and each free counts.
 * Does not: give a wrong one: tests/death/policies.c does.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <misuse.h>

enum { ID = 3, LETTERS = 0x73697a65, ROUNDS = 600 };

static const uint32_t ids[] = {ID, LETTERS};

static void expect_no_misuse(void) {
    figures_expect_nothing();
    cr_assert_eq(corral_misuse_count(MISUSE_WRONG_SIZE), 0);
    cr_assert_eq(corral_misuse_count(MISUSE_DOUBLE_FREE), 0);
    cr_assert_eq(corral_misuse_count(MISUSE_FOREIGN), 0);
}

/* Sizes on both sides of each class's end, and beyond the largest. */
static size_t next_size(size_t size) {
    return size < 300 ? size + 1 : size + size / 9 + 1;
}

Test(sized, every_size) {
    for (size_t i = 0; i < 2; i++) {
        for (size_t size = 0; size < 12 * BUILD_MIB; size = next_size(size)) {
            void *block = corral_alloc(size, ids[i]);
            cr_assert_not_null(block);
            corral_free_sized(block, size, ids[i]);
        }
    }
    expect_no_misuse();
}

Test(sized, null_of_any_size) {
    corral_free_sized(NULL, 100, ID);
    corral_free_aligned_sized(NULL, 64, 100, ID);
    expect_no_misuse();
}

/* More than a front list takes in. */
Test(sized, many) {
    static void *blocks[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        blocks[i] = corral_alloc(i % 200, ID);
        cr_assert_not_null(blocks[i]);
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        corral_free_sized(blocks[i], i % 200, ID);
    }
    expect_no_misuse();
}

/* A block that realloc shrinks or grows, in place or not, is of the size that it was given last. */
Test(sized, of_what_was_resized) {
    for (size_t size = 1; size < 12 * BUILD_MIB; size = next_size(size)) {
        for (size_t part = 1; part <= 16; part++) {
            size_t now = size * part / 8;
            void *block = corral_alloc(size, ID);
            cr_assert_not_null(block);
            block = corral_realloc(block, now, ID);
            cr_assert_not_null(block);
            corral_free_sized(block, now, ID);
        }
    }
    expect_no_misuse();
}

Test(sized, of_what_was_resized_in_steps) {
    size_t size = 8 * BUILD_MIB;
    void *block = corral_alloc(size, ID);
    while (size > 1) {
        size -= size / 5 + 1;
        block = corral_realloc(block, size, ID);
        cr_assert_not_null(block);
    }
    corral_free_sized(block, size, ID);
    expect_no_misuse();
}

/* A large block stays one, where it is made as large as a medium one. */
Test(sized, of_what_was_large) {
    const size_t medium = (size_t)CORRAL_MEDIUM_SLABS * CORRAL_SLAB_KIB * BUILD_KIB;
    for (size_t size = medium; size > medium / 2 + 64 * BUILD_KIB; size -= 64 * BUILD_KIB) {
        void *block = corral_realloc(corral_alloc(medium + 1, ID), size, ID);
        cr_assert_not_null(block);
        corral_free_sized(block, size, ID);
    }
    expect_no_misuse();
}

Test(sized, aligned) {
    for (size_t alignment = 1; alignment <= BUILD_MIB; alignment *= 2) {
        for (size_t size = 0; size < 3 * BUILD_MIB; size = size * 2 + 1) {
            void *block = corral_aligned_alloc(alignment, size, ID);
            cr_assert_not_null(block);
            corral_free_aligned_sized(block, alignment, size, ID);
        }
    }
    expect_no_misuse();
}

/* It is taken for 16, as that of a block of corral_alloc is. */
Test(sized, alignments_that_are_none) {
    static const size_t none[] = {0, 3, 24, 48, SIZE_MAX};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        for (size_t size = 0; size < 3000; size = next_size(size)) {
            corral_free_aligned_sized(corral_alloc(size, ID), none[i], size, ID);
        }
    }
    expect_no_misuse();
}

Test(sized, calloc_and_batch) {
    void *blocks[10];
    corral_free_sized(corral_calloc(7, 13, ID), 91, ID);
    cr_assert_eq(corral_alloc_batch(40, ID, 10, blocks), 10);
    for (size_t i = 0; i < 10; i++) {
        corral_free_sized(blocks[i], 40, ID);
    }
    expect_no_misuse();
}

static void free_it(void *block) {
    corral_free_sized(block, 100, ID);
}

Test(sized, by_another_thread) {
    thread_call(free_it, corral_alloc(100, ID));
    expect_no_misuse();
}
