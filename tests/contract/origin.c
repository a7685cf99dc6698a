/* SPDX-License-Identifier: MIT
 *
 * Where blocks were asked for: of each door, of sizes near those of classes, and which a walk finds.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each category is looked at with the option and without it.
 * Does not: resize blocks (origin_resized.c), reset their category (origin_found.c), or walk while others allocate
 *           (stress).
 */
#include <corral/configure.h>
#include <corral/lpm.h>
#include <corral/origin.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/origins.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 7, PLAIN = 8, LETTERS = 0x41424344, MANY = 300, DOORS = 4 };

#define LARGE (20 * BUILD_MIB)

static void *blocks[4 * MANY];

static const size_t sizes[] = {0, 1, 15, 16, 17, 31, 32, 33, 95, 96, 97, 1000, 5000, 100000, 1000000, LARGE};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* The block is as others are, and says where it is from. */
static void expect_block(void *block, size_t size, uint32_t line) {
    const char *file = NULL;
    uint32_t got = 0;
    CHECK(block != NULL && (uintptr_t)block % 16 == 0, "%zu", size);
    memset(block, 0xFF, size);
    CHECK(corral_origin_of(block, &file, &got) == 1, "%zu bytes have no origin", size);
    CHECK(strcmp(file, __FILE__) == 0 && got == line, "%s:%u", file, got);
}

static void each_door(uint32_t id, bool found) {
    for (size_t i = 0; i < SIZES; i++) {
        void *all[DOORS];
        const uint32_t line = __LINE__ + 1;
        all[0] = CORRAL_ALLOC_HERE(sizes[i], id);
        char *zeros = all[1] = CORRAL_CALLOC_HERE(1, sizes[i], id);
        all[2] = CORRAL_ALIGNED_ALLOC_HERE(4096, sizes[i], id);
        all[3] = CORRAL_REALLOC_HERE(NULL, sizes[i], id);
        CHECK(sizes[i] == 0 || (zeros[0] == 0 && memcmp(zeros, zeros + 1, sizes[i] - 1) == 0), "%zu", i);
        CHECK((uintptr_t)all[2] % 4096 == 0, "%zu", i);
        for (uint32_t n = 0; n < DOORS; n++) {
            expect_block(all[n], sizes[i], line + n);
            origins_expect(id, all[n], found ? 1 : 0, __FILE__, line + n, sizes[i]);
            corral_free(all[n], id);
            origins_expect(id, all[n], 0, NULL, 0, 0);
        }
    }
    figures_expect_nothing();
}

Test(origin, each_door_with_the_option) {
    origins_keep(KEPT, 1);
    origins_keep(LETTERS, 1);
    each_door(KEPT, true);
    each_door(LETTERS, true);
}

Test(origin, each_door_without) {
    each_door(PLAIN, false);
    each_door(LETTERS, false);
}

/* At each size near the end of a class, the record lies behind what was asked for. */
Test(origin, every_size) {
    origins_keep(KEPT, 1);
    for (size_t size = 0; size < 4500; size++) {
        void *block = CORRAL_ALLOC_HERE(size, KEPT);
        const uint32_t line = __LINE__ - 1;
        expect_block(block, size, line);
        size_t usable = corral_usable_size(block);
        CHECK(usable >= size, "%zu: %zu", size, usable);
        memset(block, 0xEE, usable);
        origins_expect(KEPT, block, 1, __FILE__, line, size);
        corral_free(block, KEPT);
    }
}

Test(origin, of_what_has_none) {
    char local[64] = {0};
    const char *file = local;
    uint32_t line = 5;
    origins_keep(KEPT, 1);
    void *plain = corral_calloc(1, 100, KEPT);
    cr_assert_eq(corral_origin_of(NULL, &file, &line), 0);
    cr_assert(file == NULL && line == 0);
    cr_assert_eq(corral_origin_of(local, NULL, NULL), 0);
    cr_assert_eq(corral_origin_of(plain, NULL, NULL), 0);
    void *nowhere = corral_alloc_at(100, KEPT, NULL, 0);
    cr_assert_eq(corral_origin_of(nowhere, NULL, NULL), 0);
    void *line_only = corral_alloc_at(100, KEPT, NULL, 3);
    cr_assert_eq(corral_origin_of(line_only, &file, &line), 1);
    cr_assert(file == NULL && line == 3);
    origins_expect(KEPT, line_only, 1, "", 3, 100);
    cr_assert_eq(origins_count(KEPT), 1);
    corral_free(plain, KEPT);
    corral_free(nowhere, KEPT);
    corral_free(line_only, KEPT);
    cr_assert_eq(origins_count(CORRAL_MEMORY_TYPE_NONE), 0);
}

/* In a category with the option, the memory of a block that was freed says nothing of the next one. */
Test(origin, an_old_one_does_not_come_back) {
    origins_keep(KEPT, 1);
    for (int i = 0; i < 1000; i++) {
        corral_free(CORRAL_ALLOC_HERE(60, KEPT), KEPT);
        void *block = corral_alloc(90, KEPT);
        cr_assert_eq(corral_origin_of(block, NULL, NULL), 0);
        corral_free(block, KEPT);
    }
}

/* Who writes beyond his block spoils its record, and nothing else. */
Test(origin, written_over) {
    origins_keep(KEPT, 1);
    for (size_t i = 0; i < SIZES; i++) {
        char *block = CORRAL_ALLOC_HERE(sizes[i], KEPT);
        size_t usable = corral_usable_size(block);
        memset(block + usable, 0xAB, origins_block_bytes(KEPT, block) - usable);
        cr_assert_eq(corral_origin_of(block, NULL, NULL), 0);
        origins_expect(KEPT, block, 1, NULL, 0, 0);
        cr_assert_eq(origins_count(KEPT), 1);
        corral_free(block, KEPT);
        cr_assert_eq(origins_count(KEPT), 0);
    }
    figures_expect_nothing();
}

Test(origin, requests_that_cannot_be) {
    origins_keep(KEPT, 1);
    volatile size_t most = SIZE_MAX; /* which the compiler is not to see */
    for (size_t less = 0; less < 100; less++) {
        errno = 0;
        cr_assert_null(corral_alloc_at(most - less, KEPT, "a.c", 1));
        cr_assert_eq(errno, ENOMEM);
        errno = 0;
        cr_assert_null(corral_calloc_at(1, most - less, KEPT, "a.c", 1));
        cr_assert_eq(errno, ENOMEM);
        cr_assert_null(corral_aligned_alloc_at(64, most - less, KEPT, "a.c", 1));
    }
    errno = 0;
    cr_assert_null(corral_calloc_at(most / 2, 3, KEPT, "a.c", 1));
    cr_assert_eq(errno, ENOMEM);
    errno = 0;
    cr_assert_null(corral_aligned_alloc_at(3, 10, KEPT, "a.c", 1));
    cr_assert_eq(errno, EINVAL);
}

Test(origin, arguments_of_a_walk) {
    cr_assert_eq(corral_visit_origins(KEPT, NULL, NULL), CORRAL_EINVAL);
    cr_assert_eq(corral_visit_origins(CORRAL_MEMORY_TYPE_NONE + 1, origins_ignore, NULL), CORRAL_EINVAL);
    cr_assert_eq(corral_visit_origins(CORRAL_MEMORY_TYPE_OVERFLOW, origins_ignore, NULL), CORRAL_OK);
    cr_assert_eq(corral_visit_origins(0x99999999, origins_ignore, NULL), CORRAL_EUNUSED);
    cr_assert_eq(origins_count(KEPT), 0);
    origins_keep(0, 1);
    cr_assert_not_null(CORRAL_ALLOC_HERE(10, 0));
    cr_assert_eq(origins_count(CORRAL_MEMORY_TYPE_OVERFLOW), 0);
    cr_assert_eq(origins_count(CORRAL_MEMORY_TYPE_NONE), 1);
}

Test(origin, is_set_before_the_category_is_used) {
    corral_category_options options = {.origins = 1}, got;
    corral_free(corral_alloc(10, PLAIN), PLAIN);
    options.name = "late";
    cr_assert_eq(corral_category_configure(PLAIN, &options, sizeof options), CORRAL_EINVAL);
    cr_assert_null(corral_category_name(PLAIN));
    cr_assert_eq(corral_category_options_of(PLAIN, &got, sizeof got), CORRAL_OK);
    cr_assert_eq(got.origins, 0);
    options.origins = 0;
    cr_assert_eq(corral_category_configure(PLAIN, &options, sizeof options), CORRAL_OK);
}

/* Those that are live are still found; no more are kept, until it is set again. */
Test(origin, is_set_to_0_again) {
    origins_keep(KEPT, 1);
    void *first = CORRAL_ALLOC_HERE(100, KEPT);
    origins_keep(KEPT, 0);
    void *second = CORRAL_ALLOC_HERE(100, KEPT);
    cr_assert_eq(origins_count(KEPT), 1);
    cr_assert_eq(corral_origin_of(second, NULL, NULL), 1);
    origins_keep(KEPT, 1);
    void *third = CORRAL_ALLOC_HERE(100, KEPT);
    cr_assert_eq(origins_count(KEPT), 2);
    corral_free(second, KEPT);
    corral_free(first, KEPT);
    corral_free(third, KEPT);
    cr_assert_eq(origins_count(KEPT), 0);
}

/* By each door in turn. */
static void *one_of(uint32_t i) {
    switch (i % (DOORS + 1)) {
    case 0:
        return CORRAL_ALLOC_HERE(100, KEPT);
    case 1:
        return CORRAL_CALLOC_HERE(2, 50, KEPT);
    case 2:
        return CORRAL_ALIGNED_ALLOC_HERE(64, 100, KEPT);
    case 3:
        return CORRAL_REALLOC_HERE(NULL, 100, KEPT);
    default:
        return CORRAL_REALLOC_HERE(corral_calloc(1, 200, KEPT), 120, KEPT);
    }
}

static void every(uint32_t nth) {
    for (uint32_t i = 0; i < MANY; i++) {
        blocks[i] = one_of(i);
        cr_assert_eq(corral_origin_of(blocks[i], NULL, NULL), (i + 1) % nth == 0);
    }
    cr_assert_eq(origins_count(KEPT), MANY / nth);
    corral_free_batch(blocks, MANY, KEPT);
    cr_assert_eq(origins_count(KEPT), 0);
}

Test(origin, each_nth) {
    static const uint32_t all[] = {1, 2, 3, 10, 100};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        origins_keep(KEPT, all[i]);
        every(all[i]);
    }
}

static void free_all(void *argument) {
    (void)argument;
    corral_free_batch(blocks, 4 * MANY, KEPT);
}

/* Blocks of many slabs and arenas, freed by another thread. */
Test(origin, of_many) {
    origins_keep(KEPT, 1);
    for (size_t i = 0; i < 4 * MANY; i++) {
        blocks[i] = corral_alloc_at(i * 40, KEPT, "many.c", (uint32_t)i + 1);
    }
    void *large = CORRAL_ALLOC_HERE(LARGE, KEPT);
    cr_assert_eq(origins_count(PLAIN), 0);
    corral_free(large, KEPT);
    for (size_t i = 0; i < 4 * MANY; i += 97) {
        origins_expect(KEPT, blocks[i], 1, "many.c", (uint32_t)i + 1, i * 40);
    }
    cr_assert_eq(origins_count(KEPT), 4 * MANY);
    cr_assert_eq(origins_count(CORRAL_MEMORY_TYPE_NONE), 4 * MANY);
    cr_assert_eq(origins_count(PLAIN), 0);
    thread_call(free_all, NULL);
    cr_assert_eq(origins_count(KEPT), 0);
    figures_expect_nothing();
}

static void allocate_and_free(const corral_origin *origin, size_t size, void *argument) {
    (void)size;
    unsigned *count = argument;
    (*count)++;
    corral_free((void *)(uintptr_t)origin->block, KEPT);
    corral_free(CORRAL_ALLOC_HERE(100, KEPT), KEPT);
    corral_free(CORRAL_ALLOC_HERE(LARGE, KEPT), KEPT);
}

Test(origin, a_visitor_frees_what_it_is_told) {
    unsigned count = 0;
    origins_keep(KEPT, 1);
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = CORRAL_ALLOC_HERE(i * 100, KEPT);
    }
    blocks[MANY] = CORRAL_ALLOC_HERE(LARGE, KEPT);
    cr_assert_eq(corral_visit_origins(KEPT, allocate_and_free, &count), CORRAL_OK);
    cr_assert_eq(count, MANY + 1);
    figures_expect_nothing();
}

/* Without memory for marks the block is served, and no walk finds it. */
static void check_no_memory(void *argument) {
    (void)argument;
    origins_keep(KEPT, 1);
    guards_off(); /* which have marks already */
    corral_free(corral_alloc(100, KEPT), KEPT);
    process_limit_mapped(0);
    void *block = CORRAL_ALLOC_HERE(60, KEPT);
    CHECK(block != NULL && corral_origin_of(block, NULL, NULL) == 1, "no block");
    CHECK(origins_count(KEPT) == 0, "it is found");
    corral_free(block, KEPT);
}

Test(origin, no_memory_for_marks) {
    if (getenv("CORRAL_TEST_BACKEND") != NULL) {
        cr_skip_test("what is mapped is not what the backend has");
    }
    struct child child;
    child_call(check_no_memory, NULL, &child);
    cr_assert(child_succeeded(&child));
}

Test(origin, of_lpm) {
    static char file[] = "policy.c";
    origins_keep(CORRAL_LPM_MEMORY_TYPE, 1);
    void *block = corral_lpm_alloc_at(10, file, 12), *plain = corral_lpm_alloc(10);
    origins_expect(CORRAL_LPM_MEMORY_TYPE, block, 1, file, 12, 10);
    cr_assert_eq(origins_count(CORRAL_LPM_MEMORY_TYPE), 1);
    corral_lpm_free(block);
    corral_lpm_free_at(plain, file, 1);
    cr_assert_eq(origins_count(CORRAL_LPM_MEMORY_TYPE), 0);
}

/* With what else sets a category apart. */
Test(origin, with_other_options) {
    corral_category_options options = {.origins = 1, .zero_on_free = 1, .exact = 1, .hard_budget = 100000,
                                       .fail_every = 7};
    cr_assert_eq(corral_category_configure(KEPT, &options, sizeof options), CORRAL_OK);
    unsigned served = 0;
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = CORRAL_ALLOC_HERE(1000, KEPT);
        served += blocks[i] != NULL;
    }
    cr_assert(served > 50 && served < MANY);
    cr_assert_eq(origins_count(KEPT), served);
    corral_free_batch(blocks, MANY, KEPT);
    cr_assert_eq(origins_count(KEPT), 0);
    figures_expect_nothing();
}
