/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_alloc_batch and corral_free_batch.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: cover a batch that runs out of memory half way (exhaustion.c).
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
#include <string.h>

enum { ID = 1, MARK = 4711, MOST = 5000 };

static void *blocks[MOST + 1];
static void *copy[MOST + 1];
static char untouched;

/* Allocates a batch and checks each block of it. */
static void take_batch(size_t size, size_t count) {
    blocks[count] = &untouched;
    errno = MARK;
    size_t got = corral_alloc_batch(size, ID, count, blocks);
    CHECK(got == count, "size %zu: %zu of %zu", size, got, count);
    CHECK(errno == MARK, "size %zu: errno %d", size, errno);
    CHECK(blocks[count] == &untouched, "size %zu: the array is written beyond its end", size);
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t usable = corral_usable_size(blocks[i]);
        CHECK((uintptr_t)blocks[i] % 16 == 0, "size %zu: %p", size, blocks[i]);
        CHECK(usable >= size, "size %zu: %zu usable", size, usable);
        CHECK(shadow_take(blocks[i], usable), "size %zu: block %zu overlaps", size, i);
        pattern_fill_sparse(blocks[i], usable, i);
        bytes += figures_bytes(blocks[i]);
    }
    figures_expect(ID, count, bytes);
}

static void check_batch(size_t size, size_t count) {
    for (size_t i = 0; i < count; i++) {
        size_t usable = corral_usable_size(blocks[i]);
        CHECK(pattern_holds_sparse(blocks[i], usable, i), "size %zu: block %zu", size, i);
        CHECK(shadow_give(blocks[i], usable), "size %zu: block %zu", size, i);
    }
}

static void return_batch(size_t size, size_t count) {
    check_batch(size, count);
    memcpy(copy, blocks, sizeof copy);
    errno = MARK;
    corral_free_batch(blocks, count, ID);
    CHECK(errno == MARK, "errno %d", errno);
    CHECK(memcmp(copy, blocks, sizeof copy) == 0, "the array of a freed batch is written");
    figures_expect(ID, 0, 0);
}

Test(batch, of_every_class) {
    size_t sizes[CLASSES_MOST];
    size_t classes = classes_find(ID, sizes);
    const size_t counts[] = {1, 2, 7, 64, 65, 1000};
    for (size_t i = 0; i < classes; i++) {
        for (size_t j = 0; j < sizeof counts / sizeof counts[0]; j++) {
            if (sizes[i] * counts[j] <= 16 * BUILD_MIB) {
                take_batch(sizes[i], counts[j]);
                return_batch(sizes[i], counts[j]);
            }
        }
    }
    figures_expect_nothing();
}

Test(batch, beyond_a_slab) {
    take_batch(64, MOST);
    return_batch(64, MOST);
    take_batch(0, MOST);
    return_batch(0, MOST);
}

Test(batch, of_nothing) {
    errno = MARK;
    blocks[0] = &untouched;
    cr_assert_eq(corral_alloc_batch(100, ID, 0, blocks), 0);
    cr_assert_eq(errno, MARK, "an empty batch is complete");
    cr_assert_eq(blocks[0], &untouched);
    corral_free_batch(blocks, 0, ID);
    cr_assert_eq(errno, MARK);
    figures_expect_nothing();
}

Test(batch, absurd_sizes_give_none) {
    const size_t sizes[] = {SIZE_MAX, (size_t)PTRDIFF_MAX + 1, PTRDIFF_MAX};
    for (size_t i = 0; i < 3; i++) {
        blocks[0] = blocks[1] = &untouched;
        errno = 0;
        cr_assert_eq(corral_alloc_batch(hidden(sizes[i]), ID, 2, blocks), 0);
        cr_assert_eq(errno, ENOMEM);
        cr_assert_eq(blocks[0], &untouched);
        cr_assert_eq(blocks[1], &untouched);
    }
    figures_expect_nothing();
}

Test(batch, null_among_the_freed) {
    void *some[] = {NULL, corral_alloc(10, ID), NULL, NULL, corral_alloc(9000, ID), NULL};
    corral_free_batch(some, 6, ID);
    figures_expect_nothing();
    void *none[] = {NULL, NULL};
    corral_free_batch(none, 2, ID);
    figures_expect_nothing();
}

Test(batch, mixes_with_single_calls) {
    take_batch(200, 300);
    check_batch(200, 300);
    for (size_t i = 0; i < 300; i += 2) {
        corral_free(blocks[i], ID);
        blocks[i] = NULL;
    }
    corral_free_batch(blocks, 300, ID);
    figures_expect(ID, 0, 0);
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = corral_alloc(i * 50, ID);
    }
    corral_free_batch(blocks, 300, ID);
    figures_expect_nothing();
}

static void return_elsewhere(void *argument) {
    const size_t *size = argument;
    return_batch(*size, MOST / 10);
}

Test(batch, freed_by_another_thread) {
    for (size_t size = 16; size < 20000; size *= 3) {
        take_batch(size, MOST / 10);
        thread_call(return_elsewhere, &size);
    }
    figures_expect_nothing();
}
