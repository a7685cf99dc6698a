/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_alloc, corral_free, corral_usable_size and corral_version.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: cover alignment above 16 (aligned.c), ids (ids.c) or exhausted memory (exhaustion.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdalign.h>

enum { ID = 3, MARK = 4711 };

Test(alloc, zero_gives_blocks_of_their_own) {
    enum { COUNT = 1000 };
    unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(hidden(0), ID);
        cr_assert_not_null(blocks[i]);
        cr_assert_geq(corral_usable_size(blocks[i]), 1);
        pattern_fill(blocks[i], corral_usable_size(blocks[i]), i);
    }
    figures_expect(ID, COUNT, COUNT * figures_bytes(blocks[0]));
    for (size_t i = 0; i < COUNT; i++) {
        cr_assert(pattern_holds(blocks[i], corral_usable_size(blocks[i]), i), "block %zu", i);
        corral_free(blocks[i], ID);
    }
    figures_expect_nothing();
}

Test(alloc, absurd_sizes_give_enomem) {
    const size_t sizes[] = {(size_t)PTRDIFF_MAX - 4096,
                            (size_t)PTRDIFF_MAX - 1,
                            (size_t)PTRDIFF_MAX,
                            (size_t)PTRDIFF_MAX + 1,
                            SIZE_MAX - 65536,
                            SIZE_MAX - 4096,
                            SIZE_MAX - 15,
                            SIZE_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        errno = 0;
        cr_assert_null(corral_alloc(hidden(sizes[i]), ID), "size %zx", sizes[i]);
        cr_assert_eq(errno, ENOMEM, "size %zx: errno %d", sizes[i], errno);
    }
    figures_expect_nothing();
    void *block = corral_alloc(100, ID);
    cr_assert_not_null(block, "an absurd size disturbs the next call");
    corral_free(block, ID);
}

/* Checks one size around a class boundary: aligned, large enough, writable to its end. */
static void check_size(size_t size, uint64_t key) {
    unsigned char *block = corral_alloc(size, ID);
    CHECK(block != NULL, "size %zu", size);
    CHECK((uintptr_t)block % 16 == 0, "size %zu: %p is not aligned", size, (void *)block);
    CHECK((uintptr_t)block % alignof(max_align_t) == 0, "size %zu: %p", size, (void *)block);
    size_t usable = corral_usable_size(block);
    CHECK(usable >= size, "size %zu: %zu usable", size, usable);
    pattern_fill(block, usable, key);
    CHECK(pattern_holds(block, usable, key), "size %zu loses its content", size);
    figures_expect(ID, 1, figures_bytes(block));
    corral_free(block, ID);
    figures_expect(ID, 0, 0);
}

Test(alloc, every_class_boundary) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    for (size_t i = 0; i < count; i++) {
        check_size(sizes[i] - 1, i);
        check_size(sizes[i], i + 1);
        check_size(sizes[i] + 1, i + 2);
    }
    figures_expect_nothing();
}

Test(alloc, classes_waste_less_than_a_step) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    cr_assert_geq(count, 16);
    for (size_t i = 1; i + 1 < count; i++) {
        size_t step = sizes[i] - sizes[i - 1];
        size_t steps = CORRAL_STEPS_PER_DOUBLING;
        size_t bytes = sizes[i - 1] + BUILD_TAIL;
        steps = bytes >= 64 * BUILD_KIB ? steps / 2 : steps;
        steps = bytes >= 512 && bytes < 1024 ? 2 * steps : steps;
        size_t allowed = bytes < 128 ? 16 : bytes / steps;
        cr_assert_leq(step, allowed, "from %zu to %zu", sizes[i - 1], sizes[i]);
    }
}

Test(alloc, live_blocks_do_not_overlap) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    unsigned char *blocks[CLASSES_MOST];
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(sizes[i], ID);
        cr_assert_not_null(blocks[i]);
        pattern_fill(blocks[i], sizes[i], i);
        bytes += figures_bytes(blocks[i]);
        figures_expect(ID, i + 1, bytes);
    }
    for (size_t i = 0; i < count; i++) {
        cr_assert(pattern_holds(blocks[i], sizes[i], i), "block of %zu", sizes[i]);
        corral_free(blocks[i], ID);
    }
    figures_expect_nothing();
}

Test(alloc, large_blocks_of_many_sizes) {
    size_t sizes[CLASSES_MOST];
    size_t least = sizes[classes_find(ID, sizes) - 1];
    for (size_t size = least; size < 96 * BUILD_MIB; size = size * 3 / 2 + 1) {
        check_size(size, size);
    }
    figures_expect_nothing();
}

Test(alloc, errno_is_kept_on_success) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    for (size_t i = 0; i < count; i++) {
        errno = MARK;
        void *block = corral_alloc(sizes[i], ID + 1);
        cr_assert_eq(errno, MARK, "alloc of %zu leaves errno %d", sizes[i], errno);
        corral_free(block, ID + 1);
        cr_assert_eq(errno, MARK, "free of %zu leaves errno %d", sizes[i], errno);
    }
}

Test(alloc, errno_is_kept_by_a_first_call) {
    errno = MARK;
    void *block = corral_alloc(48, ID);
    cr_assert_eq(errno, MARK);
    corral_free(block, ID);
    cr_assert_eq(errno, MARK);
}

Test(free, null_does_nothing) {
    errno = MARK;
    corral_free(NULL, ID);
    corral_free(NULL, UINT32_MAX);
    cr_assert_eq(errno, MARK);
    figures_expect_nothing();
    void *block = corral_alloc(64, ID);
    corral_free(NULL, ID);
    figures_expect(ID, 1, figures_bytes(block));
    corral_free(block, ID);
    corral_stats stats;
    cr_assert_eq(corral_category_stats(UINT32_MAX, &stats, sizeof stats), CORRAL_EUNUSED,
                 "freeing NULL makes a category");
}

struct handed {
    void *block;
    size_t size;
};

static void free_handed(void *argument) {
    const struct handed *handed = argument;
    CHECK(pattern_holds(handed->block, handed->size, 9), "content is lost between threads");
    corral_free(handed->block, ID);
}

Test(free, by_a_thread_that_never_allocated) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(ID, sizes);
    for (size_t i = 0; i < count; i++) {
        struct handed handed = {corral_alloc(sizes[i], ID), sizes[i]};
        cr_assert_not_null(handed.block);
        pattern_fill(handed.block, handed.size, 9);
        thread_call(free_handed, &handed);
        figures_expect(ID, 0, 0);
    }
}

Test(usable_size, of_what_is_not_a_block) {
    int on_stack = 0;
    static int in_data;
    void *foreign = malloc(100);
    cr_assert_eq(corral_usable_size(NULL), 0);
    cr_assert_eq(corral_usable_size(&on_stack), 0);
    cr_assert_eq(corral_usable_size(&in_data), 0);
    cr_assert_eq(corral_usable_size(foreign), 0);
    void *block = corral_alloc(1, ID);
    cr_assert_eq(corral_usable_size(&on_stack), 0);
    cr_assert_eq(corral_usable_size(&in_data), 0);
    cr_assert_eq(corral_usable_size(foreign), 0);
    corral_free(block, ID);
    free(foreign);
}

Test(version, is_that_of_the_header) {
    cr_assert_eq(corral_version(),
                 CORRAL_VERSION_MAJOR * 10000 + CORRAL_VERSION_MINOR * 100 + CORRAL_VERSION_PATCH);
}
