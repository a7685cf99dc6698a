/* SPDX-License-Identifier: MIT
 *
 * Blocks between pages that trap: what is told when such a block is freed or resized, of faults that do not trap; and that
 * right use is told as nothing.
 *
 * Owns:     nothing; every fault is a process of its own.
 * Callers:  Criterion, in a build with guard pages.
 * Promises: each fault is told once, and the allocator serves on.
 * Does not: look at what traps (guards.c).
 */
#include "guarded.h"
#include "resized.h"
#include "support/build.h"
#include "support/classes.h"
#include "support/misuse_child.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <misuse.h>

#define OVERFLOW    "corral: write past the end of block 0x"
#define UNDERFLOW   "corral: write before the start of block 0x"
#define WRONG_SIZE  "corral: wrong size for block 0x"

/* Each byte behind that does not trap; of a block that shrank, more of them. */
static void overflow_by_little(void *argument) {
    (void)argument;
    for (size_t over = 1; over <= 15; over++) {
        unsigned char *block = take_plain(hidden(97));
        block[97 + over - 1] ^= 0x10;
        corral_free(block, ID);
    }
    unsigned char *block = take_plain(hidden(5000));
    CHECK(corral_realloc(block, 4000, ID) == block, "a shrink moves");
    block[4000] = 0;
    corral_free(block, ID);
    check_that_it_serves();
}

Test(guards_told, overflow_that_does_not_trap_is_told_by_free) {
    misuse_expect(overflow_by_little, OVERFLOW, 16);
}

static void underflow_by_little(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        size_t slack = (uintptr_t)take_plain(sizes[i]) % page_size();
        for (size_t under = 1; under <= slack; under = under * 4 - 1) {
            unsigned char *block = take_plain(sizes[i]);
            *(block - hidden(under)) ^= 1;
            corral_free(block, ID);
        }
    }
}

static void count_underflows(size_t *count) {
    for (size_t i = 0; i < SIZES; i++) {
        size_t slack = (page_size() - (sizes[i] + 15) / 16 * 16 % page_size()) % page_size();
        for (size_t under = 1; under <= slack; under = under * 4 - 1) {
            ++*count;
        }
    }
}

Test(guards_told, underflow_that_does_not_trap_is_told_by_free) {
    size_t count = 0;
    count_underflows(&count);
    cr_assert_gt(count, SIZES);
    misuse_expect(underflow_by_little, UNDERFLOW, count);
}

static void resize_what_overflowed(void *argument) {
    (void)argument;
    resize_overflowed(take_plain(hidden(100)), ID);
}

Test(guards_told, overflow_is_told_by_realloc_once) {
    misuse_expect(resize_what_overflowed, OVERFLOW, 1);
}

static void free_it(void *block) {
    corral_free(block, ID);
}

static void free_twice(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take(sizes[i]);
        corral_free(block, ID);
        corral_free(block, ID);
        thread_call(free_it, block);
        corral_free_sized(block, sizes[i] + 1, ID);
        CHECK(corral_realloc(block, 50, ID) == NULL, "a free block is resized");
    }
    check_that_it_serves();
}

Test(guards_told, double_free) {
    misuse_expect(free_twice, DOUBLE_FREE, 4 * SIZES);
}

static void free_within(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take(sizes[i]);
        corral_free(block + 1, ID);
        corral_free(block + 16, ID);
        corral_free(block - 16, ID);
        corral_free(block - (uintptr_t)block % page_size() - page_size(), ID);
        corral_free(block, ID);
        corral_free(block + 1, ID);
    }
    check_that_it_serves();
}

Test(guards_told, addresses_of_no_block) {
    misuse_expect(free_within, FOREIGN, 5 * SIZES);
}

static void free_with_a_wrong_id(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        corral_free(take(sizes[i]), ID + 1);
        unsigned char *block = take(sizes[i]);
        corral_free(corral_realloc(block, sizes[i], ID + 1), ID);
    }
    check_that_it_serves();
}

Test(guards_told, wrong_id) {
    misuse_expect(free_with_a_wrong_id, WRONG_ID, 2 * SIZES);
}

static void free_with_a_wrong_size(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        corral_free_sized(take_plain(sizes[i]), sizes[i] + 1, ID);
        corral_free_sized(take_plain(sizes[i]), sizes[i], ID);
        corral_free_aligned_sized(take_plain(sizes[i]), 16, sizes[i], ID);
    }
    check_that_it_serves();
}

Test(guards_told, wrong_size) {
    misuse_expect(free_with_a_wrong_size, WRONG_SIZE, SIZES);
}

/* To the letter, with where the block was asked for. */
static void say_where(void *argument) {
    (void)argument;
    unsigned char *block = take(hidden(60));
    corral_free(block + 16, ID);
    corral_free(block, ID + 1);
    corral_free(block, ID);
    block = take_plain(hidden(60));
    block[60] = 0;
    *(block - hidden(1)) = 0;
    corral_free(block, ID);
}

Test(guards_told, messages) {
    static struct child child;
    static const char *const lines[] = {
        ": it lies among blocks of 96 bytes, id 2, in one allocated at where.c:77\n",
        ": 96 bytes of id 2, not of id 3, allocated at where.c:77\n",
        "corral: double free of block 0x",
        ": 96 bytes of id 2, allocated at where.c:77\n",
        "corral: write before the start of block 0x",
        ": 64 bytes of id 2\n",
        "corral: write past the end of block 0x",
        ": 64 bytes of id 2\n",
    };
    if (CORRAL_MISUSE_POLICY != POLICY_REPORT) {
        return;
    }
    child_call(say_where, NULL, &child);
    const char *at = child.output;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *found = strstr(at, lines[i]);
        cr_assert_not_null(found, "no \"%s\" in:\n%s", lines[i], child.output);
        at = found + strlen(lines[i]);
    }
    cr_assert_eq(child.status, 0);
    cr_assert_eq(*at, '\0');
}

/* Whatever size and alignment, resized or not: the caller may use what was asked for, to the byte. */
Test(guards_told, right_use_is_told_as_nothing) {
    for (size_t size = 0; size < 70000; size += size / 7 + 1) {
        for (size_t alignment = 1; alignment <= 65536; alignment *= 4) {
            guards_next();
            unsigned char *block = corral_aligned_alloc(alignment, size, ID);
            cr_assert_eq((uintptr_t)block % alignment, 0);
            cr_assert_eq(corral_usable_size(block), size == 0 ? 1 : size);
            cr_assert_eq(corral_memory_type_of(block), ID);
            memset(block, 0, size);
            for (size_t to = size * 2; to > 0; to /= 3) {
                guards_next();
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
