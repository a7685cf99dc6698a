/* SPDX-License-Identifier: MIT
 *
 * What only a hardened build finds: writes behind blocks and to free ones, blocks freed twice within front lists, and that
 * a freed block waits.
 *
 * Owns:     nothing; every fault is a process of its own.
 * Callers:  Criterion, in a hardened build.
 * Promises: each fault is told once, at the latest when the block is handed out again; the allocator serves on, and loses
 *           no more than hardened.h says. Right use of all sizes is told as nothing.
 * Does not: judge shares: tests/misuse does.
 */
#include "resized.h"
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/misuse_child.h"
#include "support/process.h"

#include <corral/configure.h>
#include <corral/origin.h>
#include <criterion/criterion.h>
#include <misuse.h>
#include <stdlib.h>
#include <string.h>

#define OVERFLOW "corral: write past the end of block 0x"
#define WRITTEN  "corral: write to free block 0x"

enum { ID = 2, OTHER = 3, MANY = 3000 };

/* The first ones are of classes that have front lists in any build. */
static const size_t sizes[] = {1, 15, 16, 24, 100, 127, 300, 500, 900, 5000, 20000, 70000, 300000};
#define SIZES  (sizeof sizes / sizeof *sizes)
#define LISTED ((size_t)9)

static unsigned char *blocks[MANY];

/* A front list of the size that has blocks. */
static void have_a_list(size_t size) {
    enum { SOME = 40 };
    for (size_t i = 0; i < SOME; i++) {
        blocks[i] = corral_alloc(size, ID);
    }
    for (size_t i = 0; i < SOME; i++) {
        corral_free(blocks[i], ID);
    }
}

/* Allocates blocks of the size until this one was among them. Each second one is freed at once, so that those that wait in a
 * front list come to be handed out too. */
static void use_again(const void *block, size_t size) {
    void *again = NULL;
    size_t kept = 0;
    for (size_t count = 0; again != block; count++) {
        CHECK(count < 2 * MANY, "a free block is not handed out again");
        again = corral_alloc(size, ID);
        CHECK(again != NULL, "no block");
        if (count % 2 == 0) {
            blocks[kept++] = again;
        } else {
            corral_free(again, ID);
        }
    }
    while (kept > 0) {
        corral_free(blocks[--kept], ID);
    }
}

static void check_that_it_serves(void) {
    for (size_t i = 0; i < SIZES; i++) {
        void *block = corral_alloc(sizes[i], ID);
        CHECK(corral_usable_size(block) == sizes[i], "%zu usable of %zu", corral_usable_size(block), sizes[i]);
        memset(block, 0xff, sizes[i]);
        corral_free(block, ID);
    }
}

static void free_twice_in_a_list(void *argument) {
    (void)argument;
    for (size_t i = 0; i < LISTED; i++) {
        have_a_list(sizes[i]);
        void *block = corral_alloc(sizes[i], ID);
        corral_free(block, ID);
        corral_free(block, ID);
        have_a_list(sizes[i]);
    }
    figures_expect_nothing();
    check_that_it_serves();
}

/* Between guard pages, much of this traps (guards.c). */
TestSuite(hardened, .init = guards_off);

Test(hardened, double_free_within_a_front_list) {
    misuse_expect(free_twice_in_a_list, DOUBLE_FREE, LISTED);
}

static void free_it(void *block) {
    corral_free(block, ID);
}

static void free_twice_across_threads(void *argument) {
    (void)argument;
    void *live = corral_alloc(100, ID);
    void *block = corral_alloc(100, ID);
    corral_free(block, ID);
    thread_call(free_it, block);
    corral_free(live, ID);
    figures_expect_nothing();
    check_that_it_serves();
}

Test(hardened, double_free_by_another_thread) {
    misuse_expect(free_twice_across_threads, DOUBLE_FREE, 1);
}

static void resize_a_free_one(void *argument) {
    (void)argument;
    void *block = corral_alloc(100, ID);
    corral_free(block, ID);
    CHECK(corral_realloc(block, 50, ID) == NULL, "a free block is resized");
    figures_expect_nothing();
}

Test(hardened, realloc_of_a_free_block) {
    misuse_expect(resize_a_free_one, DOUBLE_FREE, 1);
}

/* The first byte behind each block, with the two values that are written there most often. */
static void overflow_each(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = corral_alloc(sizes[i], ID);
        block[sizes[i]] = 0;
        corral_free(block, ID);
        figures_expect_nothing();
        block = corral_alloc(sizes[i], ID);
        memset(block + sizes[i], 0, (size_t)figures_bytes(block) - sizes[i]);
        corral_free(block, ID);
        figures_expect_nothing();
    }
    check_that_it_serves();
}

Test(hardened, overflow) {
    misuse_expect(overflow_each, OVERFLOW, 2 * SIZES);
}

/* Each byte of a tail that is looked at. */
static void overflow_at_each_place(void *argument) {
    (void)argument;
    for (size_t i = 0; i < 20; i++) {
        unsigned char *block = corral_alloc(hidden(108), ID);
        block[108 + i % 4] ^= 0x10;
        corral_free(block, ID);
    }
    figures_expect_nothing();
    check_that_it_serves();
}

Test(hardened, overflow_by_any_byte) {
    misuse_expect(overflow_at_each_place, OVERFLOW, 20);
}

/* Where the compiler does not know how large a block is. */
static void write_behind(unsigned char *volatile block, size_t size, size_t more) {
    memset(block + size, 0x5A, more);
}

/* Of blocks that know where they were asked for, by each number of bytes: their record lies behind the tail. */
static void overflow_with_origin(void *argument) {
    (void)argument;
    for (size_t more = 1; more <= 20; more++) {
        unsigned char *block = CORRAL_ALLOC_HERE(100, ID);
        write_behind(block, 100, more);
        corral_free(block, ID);
    }
    figures_expect_nothing();
    check_that_it_serves();
}

Test(hardened, overflow_of_a_block_with_an_origin) {
    misuse_expect(overflow_with_origin, OVERFLOW, 20);
}

/* Of a record that was written over too, one value of 255 looks like a tail of no length. */
static void overflow_over_the_record(void *argument) {
    (void)argument;
    corral_category_options options = {.misuse = CORRAL_MISUSE_IGNORE};
    CHECK(corral_category_configure(ID, &options, sizeof options) == CORRAL_OK, "not configured");
    for (size_t i = 0; i < 100; i++) {
        unsigned char *block = CORRAL_ALLOC_HERE(96, ID);
        write_behind(block, 96, 44 + i % 5);
        corral_free(block, ID);
    }
    CHECK(corral_misuse_count(MISUSE_OVERFLOW) > 90, "%ju are told", (uintmax_t)corral_misuse_count(MISUSE_OVERFLOW));
    figures_expect_nothing();
}

Test(hardened, overflow_over_an_origin) {
    struct child child;
    child_call(overflow_over_the_record, NULL, &child);
    cr_assert(child_succeeded(&child), "%s", child.output);
}

static void resize_what_overflowed(void *argument) {
    (void)argument;
    resize_overflowed(corral_alloc(hidden(100), ID), ID);
}

Test(hardened, overflow_is_told_by_realloc_once) {
    misuse_expect(resize_what_overflowed, OVERFLOW, 1);
}

static void write_to_each_word(void *argument) {
    (void)argument;
    for (size_t word = 0; word < 6; word++) {
        unsigned char *block = corral_alloc(95, ID);
        corral_free(block, ID);
        have_a_list(95);
        block[word * 16 + 3] ^= 1;
        use_again(block, 95);
        use_again(block, 95);
    }
    check_that_it_serves();
}

/* The first word is a link while the block is in a front list. What was behind it there is lost, and nothing else. */
Test(hardened, write_after_free) {
    misuse_expect(write_to_each_word, WRITTEN, 6);
}

/* The block beside it keeps the slab. */
static void write_to_the_end_of_a_larger_one(void *argument) {
    (void)argument;
    unsigned char *block = corral_alloc(5000, ID);
    uint64_t bytes = figures_bytes(block);
    void *live = corral_alloc(5000, ID);
    corral_free(block, ID);
    block[bytes - 1] ^= 1;
    use_again(block, 5000);
    corral_free(live, ID);
    figures_expect_nothing();
}

Test(hardened, write_to_the_end_of_a_block_that_is_not_filled_whole) {
    misuse_expect(write_to_the_end_of_a_larger_one, WRITTEN, 1);
}

/* Of a block that was never handed out, nothing is known but what its slab says. */
static void free_neighbours(void *argument) {
    (void)argument;
    for (size_t i = 0; i < LISTED; i++) {
        unsigned char *block = corral_alloc(sizes[i], ID);
        corral_free(block + figures_bytes(block), ID);
        corral_free(block, ID);
    }
    figures_expect_nothing();
    check_that_it_serves();
}

Test(hardened, free_of_what_was_never_handed_out) {
    misuse_expect(free_neighbours, DOUBLE_FREE, LISTED);
}

Test(hardened, a_freed_block_waits) {
    for (size_t i = 0; i < LISTED; i++) {
        have_a_list(sizes[i]);
        for (size_t round = 0; round < 100; round++) {
            void *block = corral_alloc(sizes[i], ID);
            corral_free(block, ID);
            void *next = corral_alloc(sizes[i], ID);
            cr_assert_neq(block, next, "size %zu", sizes[i]);
            corral_free(next, ID);
        }
    }
    figures_expect_nothing();
}

Test(hardened, freed_content_is_gone) {
    for (size_t i = 0; i < LISTED; i++) {
        unsigned char *block = corral_alloc(sizes[i], ID);
        memset(block, 0x5a, sizes[i]);
        corral_free(block, ID);
        size_t same = 0;
        for (size_t at = 0; at < sizes[i]; at++) {
            same += block[at] == 0x5a;
        }
        cr_assert_leq(same, sizes[i] / 4 + 1, "size %zu: %zu bytes are still there", sizes[i], same);
    }
}

/* Whatever size and alignment, resized or not: the caller may use what was asked for, to the byte. */
Test(hardened, right_use_is_told_as_nothing) {
    for (size_t size = 0; size < 70000; size += size / 7 + 1) {
        for (size_t alignment = 1; alignment <= 65536; alignment *= 4) {
            unsigned char *block = corral_aligned_alloc(alignment, size, ID);
            cr_assert_eq(corral_usable_size(block), size == 0 ? 1 : size);
            memset(block, 0, size);
            for (size_t to = size * 2; to > 0; to /= 3) {
                block = corral_realloc(block, to, ID);
                cr_assert_eq(corral_usable_size(block), to);
                memset(block, (int)to & 0xff, to);
            }
            corral_free(block, ID);
        }
    }
    figures_expect_nothing();
    for (enum misuse kind = 0; kind < MISUSE_KINDS; kind++) {
        cr_assert_eq(corral_misuse_count(kind), 0);
    }
}

/* With front lists, without, and zeroed; blocks that were freed before the option was set, and after. */
Test(hardened, options_in_between) {
    for (uint32_t round = 0; round < 6; round++) {
        corral_category_options options = {.exact = round % 2, .zero_on_free = round % 3 == 1};
        cr_assert_eq(corral_category_configure(OTHER, &options, sizeof options), CORRAL_OK);
        for (size_t i = 0; i < MANY; i++) {
            blocks[i] = corral_alloc(i % 300, OTHER);
            memset(blocks[i], 1, i % 300);
        }
        for (size_t i = 0; i < MANY; i++) {
            corral_free_sized(blocks[i], i % 300, OTHER);
        }
    }
    figures_expect_nothing();
    for (enum misuse kind = 0; kind < MISUSE_KINDS; kind++) {
        cr_assert_eq(corral_misuse_count(kind), 0);
    }
}
