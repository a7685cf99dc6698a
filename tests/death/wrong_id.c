/* SPDX-License-Identifier: MIT
 *
 * A block freed with another id than it was allocated with is reported and goes home to its own
 * category.
 *
 * Owns:     nothing; every fault is a process of its own.
 * Callers:  Criterion.
 * Promises: figures prove that nothing is lost, where the policy lets the process go on.
 * Does not: find wrong ids among those that share the overflow category: nobody can.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/misuse_child.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

enum { ID = 0, OTHER = 0x4f544852, MANY = 3000 };

static void free_with_wrong_id(void *argument) {
    (void)argument;
    void *other = corral_alloc(100, OTHER);
    uint64_t bytes = figures_bytes(other);
    void *block = corral_alloc(100, ID);
    corral_free(block, OTHER);
    figures_expect(ID, 0, 0);
    figures_expect(OTHER, 1, bytes);
    void *again = corral_alloc(100, ID);
    void *another = corral_alloc(100, OTHER);
    CHECK(corral_memory_type_of(again) == ID, "the block changed its category");
    CHECK(corral_memory_type_of(another) == OTHER, "the block changed its category");
    corral_free(again, ID);
    corral_free(another, OTHER);
    corral_free(other, OTHER);
    figures_expect_nothing();
}

Test(wrong_id, at_free) {
    misuse_expect(free_with_wrong_id, WRONG_ID, 1);
}

static void free_large_with_wrong_id(void *argument) {
    (void)argument;
    void *block = corral_alloc(20 * BUILD_MIB, OTHER);
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(wrong_id, at_free_of_a_large_block) {
    misuse_expect(free_large_with_wrong_id, WRONG_ID, 1);
}

/* More than front lists hold, so that blocks with wrong ids go home to their slabs too. */
static void free_many_with_wrong_id(void *argument) {
    (void)argument;
    static void *blocks[MANY];
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(64 - BUILD_TAIL, ID);
    }
    corral_free_batch(blocks, MANY, OTHER);
    figures_expect_nothing();
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(64 - BUILD_TAIL, ID);
        CHECK(corral_memory_type_of(blocks[i]) == ID, "the block changed its category");
    }
    figures_expect(ID, MANY, MANY * 64);
    corral_free_batch(blocks, MANY, ID);
    figures_expect_nothing();
}

/* The child's words are cut, so they are not counted here; each fault was said before. */
Test(wrong_id, of_more_blocks_than_a_front_list_holds) {
    if (CORRAL_MISUSE_POLICY == POLICY_ABORT) {
        cr_skip_test("the policy ends the process at the first");
    }
    struct child child;
    child_call(free_many_with_wrong_id, NULL, &child);
    cr_assert(child_succeeded(&child));
    cr_assert_eq(child.length > 0, CORRAL_MISUSE_POLICY == POLICY_REPORT);
}

static void free_elsewhere(void *block) {
    corral_free(block, OTHER);
}

static void free_with_wrong_id_elsewhere(void *argument) {
    (void)argument;
    void *block = corral_alloc(100, ID);
    thread_call(free_elsewhere, block);
    figures_expect_nothing();
}

Test(wrong_id, at_free_by_another_thread) {
    misuse_expect(free_with_wrong_id_elsewhere, WRONG_ID, 1);
}

static void resize_with_wrong_id(void *argument) {
    (void)argument;
    unsigned char *block = corral_alloc(100, ID);
    pattern_fill(block, 100, 1);
    block = corral_realloc(block, 5000, OTHER);
    CHECK(block != NULL && pattern_holds(block, 100, 1), "content");
    CHECK(corral_memory_type_of(block) == ID, "realloc moves the block to another category");
    figures_expect(ID, 1, figures_bytes(block));
    figures_expect(OTHER, 0, 0);
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(wrong_id, at_realloc) {
    misuse_expect(resize_with_wrong_id, WRONG_ID, 1);
}

static void free_with_an_id_never_seen(void *argument) {
    (void)argument;
    corral_free(corral_alloc(100, ID), 0xfeedbeef);
    figures_expect_nothing();
    corral_stats stats;
    CHECK(corral_category_stats(0xfeedbeef, &stats, sizeof stats) == CORRAL_EUNUSED,
          "a wrong id makes a category");
}

Test(wrong_id, that_was_never_seen) {
    misuse_expect(free_with_an_id_never_seen, WRONG_ID, 1);
}

Test(wrong_id, is_told_with_the_right_one) {
    struct child child;
    child_call(free_with_wrong_id, NULL, &child);
    char expected[100];
    snprintf(expected, sizeof expected, ": 112 bytes of id %u, not of id %u\n", (unsigned)ID,
             (unsigned)OTHER);
    cr_assert_eq(strstr(child.output, expected) != NULL, CORRAL_MISUSE_POLICY != POLICY_IGNORE,
                 "%s", child.output);
}

/* Ids beyond the build's categories share one; ids with a category of their own are still told. */
static void free_overflow_with_wrong_id(void *argument) {
    (void)argument;
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT; i++) {
        corral_free(corral_alloc(10, 0x10000 + i), 0x10000 + i);
    }
    uint32_t last = 0x10000 + CORRAL_CATEGORY_LIMIT - 1;
    void *block = corral_alloc(100, last);
    CHECK(corral_memory_type_of(block) == CORRAL_MEMORY_TYPE_OVERFLOW, "no overflow");
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(wrong_id, of_a_block_of_the_overflow_category) {
    misuse_expect(free_overflow_with_wrong_id, WRONG_ID, 1);
}
