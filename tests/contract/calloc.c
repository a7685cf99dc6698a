/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_calloc.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: cover exhausted memory (exhaustion.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ID = 5, MARK = 4711, ROUNDS = 3, SET_BYTES = 1 << 20 };

/* Fills a set of blocks of one size with dirt and frees them, so that the next ones are re-used. */
static void make_dirt(size_t size, size_t count, void **blocks) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(size, ID);
        CHECK(blocks[i] != NULL, "size %zu", size);
        memset(blocks[i], 0xd5, corral_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], ID);
    }
}

static void check_zero(size_t size, size_t count, void **blocks) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = i % 2 == 0 ? corral_calloc(1, size, ID) : corral_calloc(size, 1, ID);
        CHECK(blocks[i] != NULL, "size %zu", size);
        CHECK(pattern_is_byte(blocks[i], size, 0), "size %zu: block %zu of %zu is dirty", size, i,
              count);
        memset(blocks[i], 0xd5, corral_usable_size(blocks[i]));
    }
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], ID);
    }
}

Test(calloc, zero_after_dirty_use) {
    size_t sizes[CLASSES_MOST];
    size_t classes = classes_find(ID, sizes);
    static void *blocks[1024];
    for (size_t i = 0; i < classes; i++) {
        size_t count = SET_BYTES / sizes[i] + 2;
        count = count > 1024 ? 1024 : count;
        for (int round = 0; round < ROUNDS; round++) {
            make_dirt(sizes[i], count, blocks);
            check_zero(sizes[i], count, blocks);
        }
    }
    figures_expect_nothing();
}

Test(calloc, zero_after_dirty_use_of_large_blocks) {
    size_t sizes[CLASSES_MOST];
    size_t least = sizes[classes_find(ID, sizes) - 1];
    static void *blocks[2];
    for (size_t factor = 1; factor <= 4; factor++) {
        make_dirt(least * factor, 2, blocks);
        check_zero(least * factor, 2, blocks);
        check_zero(least * factor - 12345, 2, blocks);
    }
    figures_expect_nothing();
}

Test(calloc, zero_in_a_block_freed_by_realloc) {
    for (size_t size = 100; size < 40 * BUILD_MIB; size *= 5) {
        unsigned char *block = corral_alloc(size, ID);
        memset(block, 0xd5, size);
        block = corral_realloc(block, size * 3, ID);
        cr_assert_not_null(block);
        memset(block, 0xd5, size * 3);
        unsigned char *clean = corral_calloc(size, 1, ID);
        cr_assert(pattern_is_byte(clean, size, 0), "size %zu", size);
        corral_free(block, ID);
        corral_free(clean, ID);
    }
}

Test(calloc, product_and_its_overflow) {
    const size_t half = (size_t)1 << 32;
    const size_t pairs[][2] = {{half, half},         {SIZE_MAX, 2},        {2, SIZE_MAX},
                               {SIZE_MAX, SIZE_MAX}, {SIZE_MAX / 2, 3},    {SIZE_MAX, 1},
                               {1, PTRDIFF_MAX},     {(size_t)1 << 63, 2}, {half + 1, half - 1},
                               {(size_t)1 << 60, 16}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        errno = 0;
        void *block = corral_calloc(hidden(pairs[i][0]), hidden(pairs[i][1]), ID);
        cr_assert_null(block, "%zx times %zx", pairs[i][0], pairs[i][1]);
        cr_assert_eq(errno, ENOMEM, "%zx times %zx", pairs[i][0], pairs[i][1]);
    }
    figures_expect_nothing();
}

Test(calloc, zero_elements_or_bytes_give_blocks) {
    errno = MARK;
    void *blocks[] = {corral_calloc(hidden(0), 8, ID), corral_calloc(8, hidden(0), ID),
                      corral_calloc(hidden(0), hidden(0), ID),
                      corral_calloc(0, hidden(SIZE_MAX), ID)};
    cr_assert_eq(errno, MARK);
    for (size_t i = 0; i < 4; i++) {
        cr_assert_not_null(blocks[i]);
        for (size_t j = 0; j < i; j++) {
            cr_assert_neq(blocks[i], blocks[j]);
        }
    }
    cr_assert_eq(figures_of(ID).live_blocks, 4);
    for (size_t i = 0; i < 4; i++) {
        corral_free(blocks[i], ID);
    }
    figures_expect_nothing();
}

Test(calloc, is_of_its_category_and_aligned) {
    for (size_t size = 1; size < 8 * BUILD_MIB; size = size * 2 + 1) {
        unsigned char *block = corral_calloc(size, 1, ID + 1);
        cr_assert_eq((uintptr_t)block % 16, 0);
        cr_assert_eq(corral_memory_type_of(block), ID + 1);
        cr_assert_geq(corral_usable_size(block), size);
        figures_expect(ID + 1, 1, figures_bytes(block));
        corral_free(block, ID + 1);
    }
}
