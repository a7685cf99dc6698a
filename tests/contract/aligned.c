/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_aligned_alloc.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: cover realloc of aligned blocks (realloc.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/process.h"
#include "support/shadow.h"

#include <criterion/criterion.h>
#include <errno.h>

enum { ID = 2, MARK = 4711, HELD = 3 };

static const size_t most_alignment = 8 * BUILD_MIB;

/* Allocates one block of the grid and checks it; its ends carry a pattern until release_block. */
static unsigned char *take_block(size_t alignment, size_t size) {
    errno = MARK;
    unsigned char *block = corral_aligned_alloc(alignment, size, ID);
    CHECK(block != NULL, "alignment %zu, size %zu", alignment, size);
    CHECK(errno == MARK, "alignment %zu, size %zu: errno %d", alignment, size, errno);
    CHECK((uintptr_t)block % alignment == 0, "alignment %zu, size %zu: %p", alignment, size,
          (void *)block);
    CHECK((uintptr_t)block % 16 == 0, "alignment %zu, size %zu: %p", alignment, size,
          (void *)block);
    size_t usable = corral_usable_size(block);
    CHECK(usable >= size, "alignment %zu, size %zu: %zu usable", alignment, size, usable);
    CHECK(shadow_take(block, usable), "alignment %zu, size %zu: overlap", alignment, size);
    CHECK(corral_memory_type_of(block) == ID, "alignment %zu, size %zu: type", alignment, size);
    pattern_fill_sparse(block, usable, usable);
    return block;
}

static void release_block(unsigned char *block) {
    size_t usable = corral_usable_size(block);
    CHECK(pattern_holds_sparse(block, usable, usable), "a block of %zu loses content", usable);
    CHECK(shadow_give(block, usable), "a block of %zu changes its size", usable);
    corral_free(block, ID);
}

static void check_cell(size_t alignment, size_t size) {
    unsigned char *blocks[HELD];
    uint64_t bytes = 0;
    for (size_t i = 0; i < HELD; i++) {
        blocks[i] = take_block(alignment, size);
        bytes += corral_usable_size(blocks[i]);
    }
    corral_stats stats = figures_of(ID);
    CHECK(stats.live_blocks == HELD && stats.live_bytes >= bytes,
          "alignment %zu, size %zu: the figures miss a block", alignment, size);
    for (size_t i = 0; i < HELD; i++) {
        release_block(blocks[i]);
    }
    figures_expect(ID, 0, 0);
}

Test(aligned, grid_of_every_class_and_alignment) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    for (size_t alignment = 1; alignment <= most_alignment; alignment *= 2) {
        for (size_t i = 0; i < count; i++) {
            check_cell(alignment, sizes[i]);
            check_cell(alignment, sizes[i] + 1);
        }
    }
    figures_expect_nothing();
    cr_assert_eq(shadow_units(), 0);
}

Test(aligned, sizes_around_the_alignment) {
    for (size_t alignment = 1; alignment <= most_alignment; alignment *= 2) {
        check_cell(alignment, 0);
        check_cell(alignment, 1);
        check_cell(alignment, alignment - 1);
        check_cell(alignment, alignment + 1);
        check_cell(alignment, alignment * 2);
        check_cell(alignment, alignment * 3 + 5);
    }
}

Test(aligned, alignment_that_is_no_power_of_two_gives_einval) {
    const size_t alignments[] = {
        0, 3, 12, 24, 100, 4095, 4097, ((size_t)1 << 63) + 1, SIZE_MAX, SIZE_MAX - 1};
    for (size_t i = 0; i < sizeof alignments / sizeof alignments[0]; i++) {
        errno = 0;
        cr_assert_null(corral_aligned_alloc(hidden(alignments[i]), 100, ID));
        cr_assert_eq(errno, EINVAL, "alignment %zx: errno %d", alignments[i], errno);
        errno = 0;
        cr_assert_null(corral_aligned_alloc(hidden(alignments[i]), hidden(SIZE_MAX), ID));
        cr_assert(errno == EINVAL || errno == ENOMEM);
    }
    figures_expect_nothing();
}

Test(aligned, alignment_beyond_the_address_space_gives_enomem) {
    for (unsigned shift = 47; shift < 64; shift++) {
        errno = 0;
        cr_assert_null(corral_aligned_alloc(hidden((size_t)1 << shift), 100, ID), "2^%u", shift);
        cr_assert_eq(errno, ENOMEM, "2^%u: errno %d", shift, errno);
    }
    figures_expect_nothing();
}

Test(aligned, alignment_far_above_an_arena) {
    for (unsigned shift = 24; shift <= 34; shift++) {
        size_t alignment = (size_t)1 << shift;
        errno = MARK;
        unsigned char *block = corral_aligned_alloc(alignment, 5000, ID);
        cr_assert_not_null(block, "2^%u", shift);
        cr_assert_eq(errno, MARK);
        cr_assert_eq((uintptr_t)block % alignment, 0, "2^%u", shift);
        pattern_fill(block, 5000, shift);
        cr_assert_eq(corral_memory_type_of(block), ID);
        cr_assert_eq(figures_of(ID).live_blocks, 1);
        corral_free(block, ID);
        figures_expect(ID, 0, 0);
    }
}

Test(aligned, absurd_sizes_give_enomem) {
    const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 4096, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX};
    for (size_t alignment = 1; alignment <= most_alignment; alignment *= 2) {
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            errno = 0;
            cr_assert_null(corral_aligned_alloc(alignment, hidden(sizes[i]), ID));
            cr_assert_eq(errno, ENOMEM, "alignment %zu, size %zx", alignment, sizes[i]);
        }
    }
    figures_expect_nothing();
}

static void release_elsewhere(void *argument) {
    release_block(argument);
}

Test(aligned, freed_by_another_thread) {
    for (size_t alignment = 16; alignment <= most_alignment; alignment *= 2) {
        thread_call(release_elsewhere, take_block(alignment, alignment / 2 + 3));
        figures_expect(ID, 0, 0);
    }
}
