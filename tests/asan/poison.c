/* SPDX-License-Identifier: MIT
 *
 * AddressSanitizer reports what programs do to blocks that they do not hold.
 *
 * Owns:     nothing; every case is a process of its own, which the report ends.
 * Callers:  Criterion, in builds with -fsanitize=address.
 * Promises: the report's kind and the access are checked. The places are seeded; the seed is in the
 *           failure's message.
 * Does not: expect a block to stay free: the next allocation may hand it out.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/prng.h"
#include "support/process.h"

#include <corral/configure.h>
#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 3, COUNT = 256, SEEDS = 12 };

struct fault {
    struct prng prng;
    unsigned char *blocks[COUNT];
    size_t size;
};

static int compare_blocks(const void *left, const void *right) {
    uintptr_t first = (uintptr_t) * (unsigned char *const *)left;
    uintptr_t second = (uintptr_t) * (unsigned char *const *)right;
    return (first > second) - (first < second);
}

/* Blocks of one size class in the order of their addresses, used to their ends. */
static void take_blocks(struct fault *fault) {
    size_t size = (size_t)16 << prng_below(&fault->prng, 8);
    for (size_t i = 0; i < COUNT; i++) {
        fault->blocks[i] = corral_alloc(size, ID);
        CHECK(fault->blocks[i] != NULL, "no block");
        fault->size = corral_usable_size(fault->blocks[i]);
        memset(fault->blocks[i], 1, fault->size);
    }
    qsort(fault->blocks, COUNT, sizeof fault->blocks[0], compare_blocks);
}

/* A number such that this block and the next are neighbours. */
static size_t choose_pair(struct fault *fault) {
    for (;;) {
        size_t at = (size_t)prng_below(&fault->prng, COUNT - 1);
        if (fault->blocks[at] + fault->size == fault->blocks[at + 1]) {
            return at;
        }
    }
}

static void overflow_into_free_neighbour(void *argument) {
    struct fault *fault = argument;
    take_blocks(fault);
    size_t at = choose_pair(fault);
    corral_free(fault->blocks[at + 1], ID);
    volatile unsigned char *block = fault->blocks[at];
    size_t beyond = (size_t)prng_below(&fault->prng, fault->size);
    block[fault->size - 1] = 2;
    block[fault->size + beyond] = 2;
}

static void read_after_free(void *argument) {
    struct fault *fault = argument;
    take_blocks(fault);
    size_t at = (size_t)prng_below(&fault->prng, COUNT);
    volatile unsigned char *block = fault->blocks[at];
    corral_free(fault->blocks[at], ID);
    unsigned char seen = block[prng_below(&fault->prng, fault->size)];
    (void)seen;
}

static void write_after_all_is_free(void *argument) {
    struct fault *fault = argument;
    take_blocks(fault);
    for (size_t i = 0; i < COUNT; i++) {
        corral_free(fault->blocks[i], ID);
    }
    volatile unsigned char *block = fault->blocks[prng_below(&fault->prng, COUNT)];
    block[prng_below(&fault->prng, fault->size)] = 2;
}

static void free_blocks_elsewhere(void *argument) {
    struct fault *fault = argument;
    for (size_t i = 0; i < COUNT; i += 2) {
        corral_free(fault->blocks[i], ID);
    }
}

static void write_after_free_elsewhere(void *argument) {
    struct fault *fault = argument;
    take_blocks(fault);
    thread_call(free_blocks_elsewhere, fault);
    volatile unsigned char *block = fault->blocks[prng_below(&fault->prng, COUNT / 2) * 2];
    block[prng_below(&fault->prng, fault->size)] = 2;
}

static void write_after_realloc(void *argument) {
    struct fault *fault = argument;
    take_blocks(fault);
    volatile unsigned char *block = fault->blocks[0];
    void *moved = corral_realloc(fault->blocks[0], fault->size * 3, ID);
    CHECK(moved != NULL && moved != (void *)(uintptr_t)block, "the block does not move");
    block[prng_below(&fault->prng, fault->size)] = 2;
}

static void isolate(void) {
    corral_category_options options = {.isolated = 1};
    CHECK(corral_category_configure(ID, &options, sizeof options) == CORRAL_OK, "not isolated");
}

static void write_after_reset(void *argument) {
    struct fault *fault = argument;
    take_blocks(fault);
    CHECK(corral_category_reset(ID) == CORRAL_OK, "not reset");
    volatile unsigned char *block = fault->blocks[prng_below(&fault->prng, COUNT)];
    block[prng_below(&fault->prng, fault->size)] = 2;
}

/* What is freed is kept; what is kept no longer is parked. */
static void free_large(struct fault *fault, bool kept) {
    fault->size = 20 * BUILD_MIB;
    fault->blocks[0] = corral_alloc(fault->size, ID);
    CHECK(fault->blocks[0] != NULL, "no block");
    corral_free(fault->blocks[0], ID);
    CHECK(kept || corral_alloc(hidden((size_t)1 << 50), ID) == NULL, "a block");
    volatile unsigned char *block = fault->blocks[0];
    block[prng_below(&fault->prng, fault->size)] = 2;
}

static void write_to_what_is_kept(void *argument) {
    isolate();
    free_large(argument, true);
}

static void write_to_what_is_parked(void *argument) {
    isolate();
    free_large(argument, false);
}

static void write_to_what_a_reset_parked(void *argument) {
    struct fault *fault = argument;
    isolate();
    volatile unsigned char *block = corral_alloc(20 * BUILD_MIB, ID);
    CHECK(corral_category_reset(ID) == CORRAL_OK, "not reset");
    block[prng_below(&fault->prng, 20 * BUILD_MIB)] = 2;
}

static void check_reported(void (*commit)(void *argument), const char *access) {
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        struct fault fault = {.prng = prng_for(seed, 0)};
        struct child child;
        child_call(commit, &fault, &child);
        cr_assert_neq(child.status, 0, "seed %llu: no report", (unsigned long long)seed);
        cr_assert_not_null(strstr(child.output, "AddressSanitizer: use-after-poison"),
                           "seed %llu: %s", (unsigned long long)seed, child.output);
        cr_assert_not_null(strstr(child.output, access), "seed %llu: %s", (unsigned long long)seed,
                           child.output);
    }
}

Test(poison, overflow_into_a_free_neighbour) {
    check_reported(overflow_into_free_neighbour, "WRITE of size 1");
}

Test(poison, read_after_free) {
    check_reported(read_after_free, "READ of size 1");
}

Test(poison, write_after_all_blocks_are_free) {
    check_reported(write_after_all_is_free, "WRITE of size 1");
}

Test(poison, write_after_free_by_another_thread) {
    check_reported(write_after_free_elsewhere, "WRITE of size 1");
}

Test(poison, write_to_where_a_block_was_before_realloc) {
    check_reported(write_after_realloc, "WRITE of size 1");
}

Test(poison, write_after_a_reset) {
    check_reported(write_after_reset, "WRITE of size 1");
}

Test(poison, write_to_large_blocks_of_isolated_categories_after_free) {
    check_reported(write_to_what_is_kept, "WRITE of size 1");
    check_reported(write_to_what_is_parked, "WRITE of size 1");
    check_reported(write_to_what_a_reset_parked, "WRITE of size 1");
}

/* Every byte of a live block is its holder's, also of one that was free before. */
Test(poison, live_blocks_are_not_poisoned) {
    for (size_t size = 1; size < 16 * BUILD_MIB; size = size * 5 / 2 + 1) {
        for (int round = 0; round < 3; round++) {
            unsigned char *block = corral_alloc(size, ID);
            memset(block, round, corral_usable_size(block));
            block = corral_realloc(block, size * 2, ID);
            memset(block, round, corral_usable_size(block));
            corral_free(block, ID);
        }
    }
}

/* Nor are those that are where others were that a reset took, or that were parked. */
Test(poison, live_blocks_of_isolated_categories_are_not_poisoned) {
    isolate();
    for (size_t size = 1; size < 16 * BUILD_MIB; size = size * 5 / 2 + 1) {
        for (int round = 0; round < 4; round++) {
            unsigned char *block = corral_alloc(size, ID);
            memset(block, round, corral_usable_size(block));
            if (round % 2 == 0) {
                cr_assert_eq(corral_category_reset(ID), CORRAL_OK);
            } else {
                corral_free(block, ID);
                cr_assert_null(corral_alloc(hidden((size_t)1 << 50), ID));
            }
        }
    }
}
