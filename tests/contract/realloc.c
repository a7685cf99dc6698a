/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_realloc.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: cover exhausted memory (exhaustion.c) or a wrong id (../death).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/pattern.h"
#include "support/prng.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>

enum { ID = 11, MARK = 4711, KEY = 77 };

static size_t lesser(size_t left, size_t right) {
    return left < right ? left : right;
}

/* Takes the block from one size to another and checks all that has to hold. */
static unsigned char *step(unsigned char *block, size_t from, size_t to) {
    pattern_fill(block, from, KEY);
    errno = MARK;
    unsigned char *moved = corral_realloc(block, to, ID);
    CHECK(moved != NULL, "from %zu to %zu", from, to);
    CHECK(errno == MARK, "from %zu to %zu: errno %d", from, to, errno);
    CHECK((uintptr_t)moved % 16 == 0, "from %zu to %zu: %p", from, to, (void *)moved);
    size_t usable = corral_usable_size(moved);
    CHECK(usable >= to, "from %zu to %zu: %zu usable", from, to, usable);
    CHECK(pattern_holds(moved, lesser(from, to), KEY), "from %zu to %zu: content", from, to);
    figures_expect(ID, 1, figures_bytes(moved));
    pattern_fill(moved, usable, KEY + 1);
    CHECK(pattern_holds(moved, usable, KEY + 1), "from %zu to %zu: not writable", from, to);
    return moved;
}

Test(realloc, ladder_through_every_class) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    unsigned char *block = corral_alloc(1, ID);
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        block = step(block, size, sizes[i] - 1);
        block = step(block, sizes[i] - 1, sizes[i]);
        block = step(block, sizes[i], sizes[i] + 1);
        size = sizes[i] + 1;
    }
    for (size_t i = count; i-- > 0;) {
        block = step(block, size, sizes[i]);
        block = step(block, sizes[i], sizes[i] - 1);
        size = sizes[i] - 1;
    }
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(realloc, ladder_of_large_blocks) {
    size_t sizes[CLASSES_MOST];
    size_t least = sizes[classes_find(ID, sizes) - 1];
    unsigned char *block = corral_alloc(least, ID);
    size_t size = least;
    for (; size < 48 * BUILD_MIB; size += size / 3 + 4097) {
        block = step(block, size, size + size / 3 + 4097);
    }
    while (size > 100) {
        block = step(block, size, size - size / 3);
        size -= size / 3;
    }
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(realloc, leaps_between_small_medium_and_large) {
    const size_t sizes[] = {1, 24 * BUILD_MIB, 100, 60 * BUILD_KIB, 17, 3 * BUILD_MIB, 0, 1};
    size_t from = 1;
    unsigned char *block = corral_alloc(from, ID);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        block = step(block, from, sizes[i]);
        from = sizes[i];
    }
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(realloc, random_steps) {
    struct prng prng = {20240229};
    size_t from = 10;
    unsigned char *block = corral_alloc(from, ID);
    for (int i = 0; i < 3000; i++) {
        size_t to = prng_request(&prng, 6 * BUILD_MIB);
        block = step(block, from, to);
        from = to;
    }
    corral_free(block, ID);
    figures_expect_nothing();
}

/* A neighbour on each side shows that a block that grows in place takes nobody's memory. */
Test(realloc, neighbours_keep_their_content) {
    enum { COUNT = 24 };
    for (size_t size = 40; size < 2 * BUILD_MIB; size = size * 7 / 2) {
        unsigned char *blocks[COUNT];
        size_t sizes[COUNT];
        for (size_t i = 0; i < COUNT; i++) {
            sizes[i] = size;
            blocks[i] = corral_alloc(size, ID);
            pattern_fill(blocks[i], size, i);
        }
        for (size_t i = 0; i < COUNT; i += 3) {
            sizes[i] = size * 2 + 5;
            blocks[i] = corral_realloc(blocks[i], sizes[i], ID);
            cr_assert(pattern_holds(blocks[i], size, i));
            pattern_fill(blocks[i], sizes[i], i);
            sizes[i + 1] = size / 3;
            blocks[i + 1] = corral_realloc(blocks[i + 1], sizes[i + 1], ID);
        }
        for (size_t i = 0; i < COUNT; i++) {
            cr_assert(pattern_holds(blocks[i], sizes[i], i), "size %zu, block %zu", size, i);
            corral_free(blocks[i], ID);
        }
    }
    figures_expect_nothing();
}

Test(realloc, within_slack_stays_in_place) {
    guards_off();
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    for (size_t i = 1; i < count; i++) {
        unsigned char *block = corral_alloc(sizes[i - 1] + 1, ID);
        unsigned char *grown = corral_realloc(block, (size_t)figures_bytes(block) - BUILD_TAIL, ID);
        cr_assert_eq(grown, block, "size %zu moves within its slack", sizes[i]);
        unsigned char *shrunk = corral_realloc(grown, (sizes[i] + 1) / 2, ID);
        cr_assert_eq(shrunk, block, "size %zu moves above its half", sizes[i]);
        corral_free(shrunk, ID);
    }
}

Test(realloc, to_less_than_half_moves_into_a_smaller_block) {
    guards_off();
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    for (size_t i = 2; i < count && sizes[i] <= 1024; i++) {
        size_t half = sizes[i] / 2 - 1;
        unsigned char *block = corral_alloc(sizes[i] - BUILD_TAIL, ID);
        pattern_fill(block, half, i);
        unsigned char *shrunk = corral_realloc(block, half, ID);
        cr_assert_leq(figures_bytes(shrunk), sizes[i] - 16, "size %zu", sizes[i]);
        cr_assert(pattern_holds(shrunk, half, i), "size %zu", sizes[i]);
        figures_expect(ID, 1, figures_bytes(shrunk));
        corral_free(shrunk, ID);
    }
}

Test(realloc, null_is_alloc) {
    errno = MARK;
    unsigned char *block = corral_realloc(NULL, 100, ID);
    cr_assert_eq(errno, MARK);
    cr_assert_not_null(block);
    cr_assert_geq(corral_usable_size(block), 100);
    figures_expect(ID, 1, figures_bytes(block));
    corral_free(block, ID);
    errno = 0;
    cr_assert_null(corral_realloc(NULL, hidden(SIZE_MAX), ID));
    cr_assert_eq(errno, ENOMEM);
    block = corral_realloc(NULL, hidden(0), ID);
    cr_assert_not_null(block);
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(realloc, zero_never_frees) {
    for (size_t size = 1; size < 16 * BUILD_MIB; size *= 6) {
        void *block = corral_realloc(corral_alloc(size, ID), hidden(0), ID);
        cr_assert_not_null(block);
        cr_assert_eq(figures_of(ID).live_blocks, 1);
        corral_free(block, ID);
        figures_expect(ID, 0, 0);
    }
}

Test(realloc, failure_leaves_the_block_untouched) {
    const size_t sizes[] = {1, 100, 5000, 100000, 3 * BUILD_MIB, 20 * BUILD_MIB};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *block = corral_alloc(sizes[i], ID);
        size_t usable = corral_usable_size(block);
        pattern_fill(block, usable, KEY);
        const size_t absurd[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1, (size_t)PTRDIFF_MAX};
        for (size_t j = 0; j < 3; j++) {
            errno = 0;
            cr_assert_null(corral_realloc(block, hidden(absurd[j]), ID));
            cr_assert_eq(errno, ENOMEM);
            cr_assert(pattern_holds(block, usable, KEY));
            figures_expect(ID, 1, figures_bytes(block));
        }
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

Test(realloc, of_aligned_blocks) {
    for (size_t alignment = 32; alignment <= 4 * BUILD_MIB; alignment *= 4) {
        for (size_t size = 1; size < 4 * BUILD_MIB; size = size * 9 + 7) {
            unsigned char *block = corral_aligned_alloc(alignment, size, ID);
            cr_assert_not_null(block);
            pattern_fill(block, size, KEY);
            block = corral_realloc(block, size * 2 + 1, ID);
            cr_assert(pattern_holds(block, size, KEY), "alignment %zu, size %zu", alignment, size);
            pattern_fill(block, size * 2 + 1, KEY);
            block = corral_realloc(block, size / 2 + 1, ID);
            cr_assert(pattern_holds(block, size / 2 + 1, KEY));
            cr_assert_eq(figures_of(ID).live_blocks, 1);
            corral_free(block, ID);
            figures_expect(ID, 0, 0);
        }
    }
}

Test(realloc, keeps_the_category) {
    unsigned char *block = corral_alloc(10, ID);
    uint64_t type = corral_memory_type_of(block);
    for (size_t size = 10; size < 32 * BUILD_MIB; size *= 3) {
        block = corral_realloc(block, size, ID);
        cr_assert_eq(corral_memory_type_of(block), type);
    }
    corral_free(block, ID);
}

Test(realloc, foreign_address_gives_einval) {
    if (CORRAL_MISUSE_POLICY == 2) {
        cr_skip_test("the policy ends the process; the death suite covers it");
    }
    int on_stack = 5;
    errno = 0;
    cr_assert_null(corral_realloc(&on_stack, 100, ID));
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(on_stack, 5);
    char *foreign = malloc(64);
    foreign[0] = 'f';
    errno = 0;
    cr_assert_null(corral_realloc(foreign, 100, ID));
    cr_assert_eq(errno, EINVAL);
    cr_assert_eq(foreign[0], 'f');
    free(foreign);
    figures_expect_nothing();
}
