/* SPDX-License-Identifier: MIT
 *
 * Isolated categories: by address.
 *
 * Owns:     who had blocks where.
 * Callers:  Criterion.
 * Promises: each test is a process of its own; blocks are of all kinds, and all are freed before the next category
 *           allocates, so that addresses are there to be had again.
 * Does not: know where the C library's own memory lies.
 */
#include "filling.h"

#include "options.h"
#include "support/guards.h"
#include "support/pattern.h"
#include "support/process.h"

#include <stdlib.h>

enum { KINDS = 24, ROUNDS = 100, LARGE_ROUNDS = 3 };

/* By arena-sized range: the last category that had blocks there, plus 1. */
static unsigned char had[(size_t)1 << (ADDRESS_BITS - ARENA_SHIFT)];
static size_t shared;  /* ranges that were another's before */
static size_t broken;  /* those of which one is isolated */
static bool alone[64]; /* by id */

static void note(const void *block, size_t size, uint32_t id) {
    size_t end = ((uintptr_t)block + size - 1) >> ARENA_SHIFT;
    for (size_t slot = (uintptr_t)block >> ARENA_SHIFT; slot <= end; slot++) {
        bool is_shared = had[slot] != 0 && had[slot] != id + 1;
        shared += is_shared;
        broken += is_shared && (alone[id] || alone[had[slot] - 1]);
        had[slot] = (unsigned char)(id + 1);
    }
}

static size_t size_of_kind(size_t kind) {
    return (size_t)100 << kind * 3 / 4;
}

static void use(uint32_t id) {
    static void *made[KINDS][ROUNDS];
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t size = size_of_kind(kind);
        size_t rounds = size > MEDIUM_MAX ? LARGE_ROUNDS : ROUNDS;
        for (size_t i = 0; i < rounds; i++) {
            made[kind][i] = corral_alloc(size, id);
            CHECK(made[kind][i] != NULL, "no block");
            pattern_fill(made[kind][i], size < 10000 ? size : 10000, i);
            note(made[kind][i], size, id);
        }
    }
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t size = size_of_kind(kind);
        for (size_t i = 0; i < (size > MEDIUM_MAX ? LARGE_ROUNDS : ROUNDS); i++) {
            CHECK(pattern_holds(made[kind][i], size < 10000 ? size : 10000, i), "content");
            corral_free(made[kind][i], id);
        }
    }
}

static void use_by_other(void *id) {
    use(*(uint32_t *)id);
}

/* Where the category had blocks before, others may by now. */
static void isolate(uint32_t id) {
    configure(id, (corral_category_options){.isolated = 1});
    alone[id] = true;
    for (size_t slot = 0; slot < sizeof had; slot++) {
        had[slot] = had[slot] == id + 1 ? 0 : had[slot];
    }
}

/* All kept memory goes back, as when memory is exhausted. */
static void exhaust(void) {
    cr_assert_null(corral_alloc((size_t)1 << 50, 40));
}

/* Where the OS is not the backend, few addresses are looked at before there are none (src/served.h), and none may be had
 * by two. */
static void skip_other_backends(void) {
    if (getenv("CORRAL_TEST_BACKEND") != NULL) {
        cr_skip_test("the backend has other addresses, or keeps memory");
    }
}

/* What the others are there to prevent does happen. */
Test(isolated, is_of_use) {
    skip_other_backends();
    use(ID);
    exhaust();
    use(OTHER);
    cr_assert_gt(shared, 0);
}

/* Whoever comes first; large blocks, threads and resets too. */
Test(isolated, has_addresses_that_nobody_else_has_ever) {
    skip_other_backends();
    use(OTHER);
    isolate(ID);
    for (uint32_t round = 0; round < 3; round++) {
        uint32_t id = CORRAL_CATEGORY_LIMIT < 16 ? OTHER : OTHER + 1 + round;
        exhaust();
        use(ID);
        exhaust();
        use(OTHER);
        thread_call(use_by_other, &id);
        cr_assert_eq(corral_category_reset(ID), CORRAL_OK);
        cr_assert_eq(corral_category_reset(id), CORRAL_OK);
    }
    if (CORRAL_CATEGORY_LIMIT >= 16) { /* else they share one */
        isolate(OTHER + 1);
        use(OTHER + 1);
        use(OTHER + 2);
        cr_assert_gt(shared, 0);
    }
    cr_assert_eq(broken, 0, "%zu of %zu", broken, shared);
    figures_expect_nothing();
}

/* Its own freed blocks serve it again, and their memory is not kept beyond what may be. */
Test(isolated, has_its_own_addresses_again) {
    skip_other_backends();
    guards_off();
    isolate(ID);
    use(ID);
    exhaust();
    size_t mapped = process_mapped();
    size_t resident = process_resident();
    for (int round = 0; round < 10; round++) {
        use(ID);
        exhaust();
    }
    cr_assert_leq(process_mapped(), mapped + 64 * BUILD_MIB, "%zu MiB", process_mapped() / BUILD_MIB);
    if (BUILD_MEASURES_MEMORY) {
        cr_assert_leq(process_resident(), resident + RETIRE_BYTES + BUILD_MIB, "%zu KiB", (process_resident() - resident) / 1024);
    }
}

/* A live block's end is not given back by itself, nor is what lies behind it taken. */
Test(isolated, has_large_blocks_that_are_resized) {
    isolate(ID);
    size_t size = 40 * BUILD_MIB;
    char *block = corral_alloc(size, ID);
    pattern_fill((unsigned char *)block, size, 1);
    note(block, corral_usable_size(block), ID);
    for (size_t next = size; next > MEDIUM_MAX; next = next * 2 / 3) {
        block = corral_realloc(block, next, ID);
        cr_assert(pattern_holds((unsigned char *)block, BUILD_MIB, 1));
        note(block, corral_usable_size(block), ID);
    }
    for (size_t next = 2 * BUILD_MIB; next < size; next = next * 5 / 3) {
        block = corral_realloc(block, next, ID);
        cr_assert(pattern_holds((unsigned char *)block, BUILD_MIB, 1));
        note(block, corral_usable_size(block), ID);
    }
    use(OTHER);
    corral_free(block, ID);
    exhaust();
    use(OTHER);
    cr_assert_eq(broken, 0);
    figures_expect_nothing();
}

Test(isolated, is_so_for_good) {
    corral_category_options options;
    isolate(ID);
    configure(ID, (corral_category_options){.name = "keys"});
    cr_assert_eq(corral_category_options_of(ID, &options, sizeof options), CORRAL_OK);
    cr_assert_eq(options.isolated, 1);
    use(ID);
    exhaust();
    use(OTHER);
    cr_assert_eq(broken, 0);
    options.isolated = 2;
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_EINVAL);
}

/* The same block twice, and one that is parked. */
static void free_twice(void *argument) {
    (void)argument;
    configure(ID, (corral_category_options){.isolated = 1, .misuse = CORRAL_MISUSE_REPORT});
    void *block = corral_alloc(20 * BUILD_MIB, ID);
    corral_free(block, ID);
    corral_free(block, ID);
    exhaust();
    corral_free(block, ID);
    CHECK(corral_alloc(20 * BUILD_MIB, ID) == block, "another address");
}

Test(isolated, tells_a_large_block_that_is_freed_twice) {
    static struct child child;
    child_call(free_twice, NULL, &child);
    cr_assert(child_succeeded(&child));
    const char *line = strstr(child.output, "double free of block ");
    cr_assert_not_null(line, "%s", child.output);
    cr_assert_not_null(strstr(line + 1, "double free of block "), "%s", child.output);
}

/* What is parked is addresses. */
Test(isolated, keeps_no_memory_of_freed_large_blocks) {
    skip_other_backends();
    if (!BUILD_MEASURES_MEMORY) {
        cr_skip_test("the sanitizer has memory of its own");
    }
    size_t size = 64 * BUILD_MIB;
    isolate(ID);
    corral_free(corral_alloc(size, ID), ID);
    exhaust();
    size_t before = process_resident();
    char *block = corral_alloc(size, ID);
    memset(block, 1, size);
    cr_assert_geq(process_resident(), before + size * 9 / 10);
    corral_free(block, ID);
    exhaust();
    cr_assert_leq(process_resident(), before + BUILD_MIB, "%zu KiB more", (process_resident() - before) / BUILD_KIB);
    cr_assert_eq(corral_alloc(size, ID), block);
}
