/* SPDX-License-Identifier: MIT
 *
 * Blocks between guard pages are blocks like others: in figures and budgets, for walks and resets, in isolated categories;
 * and how often there is one, and how long its addresses wait.
 *
 * Owns:     nothing.
 * Callers:  Criterion, in a build with guard pages; each test is a process of its own.
 * Promises: counts to the byte.
 * Does not: fault (../death/guards.c).
 */
#include "guard.h"
#include "guard_wait.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/origins.h"
#include "support/pattern.h"
#include "support/process.h"

#include <corral/backend.h>
#include <corral/configure.h>
#include <corral/origin.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ID = 4, OTHER = 5, SOME = 200 };

static unsigned char *blocks[SOME];

static unsigned char *take(size_t size, uint32_t id) {
    guards_next();
    unsigned char *block = corral_alloc(size, id);
    guards_none();
    return block;
}

static void configure(uint32_t id, corral_category_options options) {
    cr_assert_eq(corral_category_configure(id, &options, sizeof options), CORRAL_OK);
}

/* Beside as many others. */
Test(guard, figures_are_exact) {
    uint64_t bytes = 0, large = 0;
    for (size_t i = 0; i < SOME; i++) {
        blocks[i] = i % 2 == 0 ? take(1 + i * i * 5, ID) : corral_alloc(1 + i * 7, ID);
        cr_assert_eq(guards_have(blocks[i]), i % 2 == 0, "%zu", i);
        bytes += figures_bytes(blocks[i]);
        figures_expect(ID, i + 1, bytes);
        large += figures_of(ID).large_blocks;
        figures_total();
    }
    cr_assert_eq(large, 0);
    for (size_t i = 0; i < SOME; i++) {
        bytes -= figures_bytes(blocks[i]);
        corral_free(blocks[i], ID);
        figures_expect(ID, SOME - i - 1, bytes);
    }
    figures_expect_nothing();
    cr_assert_geq(figures_of(ID).arenas, 2);
}

static void free_all(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SOME; i++) {
        corral_free(blocks[i], ID);
    }
}

static void take_all(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SOME; i++) {
        blocks[i] = take(100 + i, ID);
    }
}

/* Of a thread that ended, by another. */
Test(guard, from_thread_to_thread) {
    thread_call(take_all, NULL);
    for (size_t i = 0; i < SOME; i++) {
        cr_assert(guards_have(blocks[i]));
    }
    cr_assert_eq(figures_of(ID).live_blocks, SOME);
    thread_call(free_all, NULL);
    figures_expect_nothing();
}

Test(guard, zeroed) {
    for (size_t i = 0; i < SOME; i++) {
        guards_next();
        unsigned char *block = corral_calloc(3, 50 + i * 10, ID);
        cr_assert(guards_have(block));
        cr_assert(pattern_is_byte(block, 3 * (50 + i * 10), 0));
        memset(block, 0xff, 3 * (50 + i * 10));
        corral_free(block, ID);
    }
}

/* Content is kept, and what a smaller size leaves is told by figures as before: a block is of its class until it moves. */
Test(guard, resized) {
    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        unsigned char *block = take(size, ID);
        pattern_fill(block, size, 1);
        size_t less = size - size / 3;
        cr_assert_eq(corral_realloc(block, less, ID), block, "%zu", size);
        cr_assert_eq(corral_usable_size(block), less);
        cr_assert_eq(corral_realloc(block, size, ID), block, "%zu", size);
        cr_assert(pattern_holds(block, less, 1));
        guards_next();
        unsigned char *moved = corral_realloc(block, 3 * size + 100, ID);
        cr_assert(moved != block && guards_have(moved) && pattern_holds(moved, less, 1));
        unsigned char first = moved[0];
        block = corral_realloc(moved, 1, ID);
        cr_assert(block != NULL && block != moved && block[0] == first);
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

/* To the block: those between guard pages and others together. */
Test(guard, hard_budget) {
    uint64_t each = figures_bytes(corral_alloc(200, OTHER));
    configure(ID, (corral_category_options){.hard_budget = 100 * each});
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 100; i++) {
            blocks[i] = i % 3 == 0 ? take(200, ID) : corral_alloc(200, ID);
            cr_assert_not_null(blocks[i]);
        }
        for (int i = 0; i < 3; i++) {
            errno = 0;
            cr_assert(take(200, ID) == NULL && errno == ENOMEM);
        }
        figures_expect(ID, 100, 100 * each);
        for (size_t i = 0; i < 100; i++) {
            corral_free(blocks[i], ID);
        }
        figures_expect(ID, 0, 0);
    }
    corral_stats stats = figures_of(ID);
    cr_assert_eq(stats.failed, 9);
}

static unsigned told;

static int note(const corral_budget_event *event, void *argument) {
    (void)argument;
    told += event->kind == CORRAL_BUDGET_SOFT && event->id == ID;
    return 0;
}

Test(guard, soft_budget) {
    uint64_t each = figures_bytes(corral_alloc(200, OTHER));
    configure(ID, (corral_category_options){.soft_budget = 20 * each, .callback = note});
    for (size_t i = 0; i < 40; i++) {
        blocks[i] = take(200, ID);
        cr_assert_eq(told, i >= 20, "%zu", i);
    }
}

Test(guard, failures_on_purpose) {
    configure(ID, (corral_category_options){.fail_every = 3});
    unsigned failed = 0;
    for (size_t i = 0; i < 30; i++) {
        blocks[i] = take(100, ID);
        failed += blocks[i] == NULL;
        cr_assert(!guards_have(blocks[i]));
    }
    cr_assert_eq(failed, 10);
}

Test(guard, reset) {
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < SOME; i++) {
            blocks[i] = i % 3 == 0 ? corral_alloc(10 * i, ID) : take(10 * i, ID);
        }
        unsigned char *other = take(100, OTHER);
        uint64_t bytes = figures_bytes(other);
        other[0] = 1;
        cr_assert_eq(corral_category_reset(ID), CORRAL_OK);
        figures_expect(ID, 0, 0);
        figures_expect(OTHER, 1, bytes);
        corral_guarded it;
        cr_assert(corral_guarded_at(blocks[1], &it, sizeof it) == 1 && it.freed == 1);
        corral_free(other, OTHER);
    }
    figures_expect_nothing();
}

static void free_found(const corral_origin *origin, size_t origin_size, void *argument) {
    (void)origin_size;
    if (origin->id == ID && strcmp(origin->file, "there.c") == 0) {
        *(unsigned *)argument += 1;
        corral_free((void *)(uintptr_t)origin->block, ID);
    }
}

/* Each kind of block once; what a visitor frees is gone. */
Test(guard, walk) {
    origins_keep(ID, 1);
    for (size_t i = 0; i < SOME; i++) {
        i % 2 == 0 ? guards_next() : guards_none();
        blocks[i] = corral_alloc_at(10 * i, ID, i % 4 < 2 ? "here.c" : "there.c", (uint32_t)i + 1);
        cr_assert_eq(guards_have(blocks[i]), i % 2 == 0);
    }
    guards_none();
    for (size_t i = 0; i < SOME; i++) {
        origins_expect(ID, blocks[i], 1, i % 4 < 2 ? "here.c" : "there.c", (uint32_t)i + 1, 10 * i);
        cr_assert_eq(corral_usable_size(blocks[i]), 10 * i);
    }
    unsigned freed = 0;
    cr_assert_eq(corral_visit_origins(CORRAL_MEMORY_TYPE_NONE, free_found, &freed), CORRAL_OK);
    cr_assert_eq(freed, SOME / 2);
    cr_assert_eq(origins_count(ID), SOME / 2);
    for (size_t i = 0; i < SOME; i++) {
        if (i % 4 < 2) {
            guards_next();
            blocks[i] = corral_realloc(blocks[i], 5000 + i, ID);
            guards_none();
            origins_expect(ID, blocks[i], 1, "here.c", (uint32_t)i + 1, 5000 + i);
            corral_free(blocks[i], ID);
        }
    }
    cr_assert_eq(origins_count(ID), 0);
    figures_expect_nothing();
}

/* A category's addresses serve no other, freed or not. */
Test(guard, ranges_are_of_one_category) {
    for (size_t i = 0; i < SOME; i++) {
        uint32_t id = (uint32_t)i % 7;
        configure(id, (corral_category_options){.isolated = id % 2});
        blocks[i] = take(100, id);
        corral_guarded it;
        cr_assert(corral_guarded_at(blocks[i], &it, sizeof it) == 1 && it.id == id);
    }
    for (size_t i = 0; i < SOME; i++) {
        for (size_t j = 0; j < i; j++) {
            bool same_range = (((uintptr_t)blocks[i] ^ (uintptr_t)blocks[j]) & ~ARENA_MASK) == 0;
            cr_assert(!same_range || i % 7 == j % 7);
        }
        corral_free(blocks[i], (uint32_t)i % 7);
    }
    figures_expect_nothing();
}

/* No address comes again before WAIT_BLOCKS others waited; more never wait; and then it does. */
Test(guard, addresses_wait) {
    unsigned char *first = take(100, ID);
    size_t after = 0;
    corral_free(first, ID);
    for (unsigned char *block = NULL; block != first; after++) {
        cr_assert_lt(after, 4 * WAIT_UNITS, "it never comes again");
        block = take(100, ID);
        cr_assert(guards_have(block));
        corral_free(block, ID);
        cr_assert_leq(corral_guard_waiting(), WAIT_UNITS);
    }
    cr_assert_geq(after, WAIT_BLOCKS);
}

/* The same of blocks of many units, of which fewer wait. */
Test(guard, addresses_of_large_blocks_wait) {
    for (size_t i = 0; i < 3 * WAIT_UNITS; i++) {
        unsigned char *block = take(i % 2 == 0 ? 5 * SLAB_BYTES / 2 : 100, ID);
        cr_assert(guards_have(block));
        corral_free(block, ID);
        cr_assert_leq(corral_guard_waiting(), WAIT_UNITS);
    }
    cr_assert_gt(corral_guard_waiting(), WAIT_UNITS / 2);
    figures_expect_nothing();
}

/* Freed blocks have no memory; what is known of them, some. */
Test(guard, waiting_takes_no_memory) {
    if (!BUILD_MEASURES_MEMORY) {
        return;
    }
    corral_free(take(100, ID), ID);
    size_t before = process_resident();
    for (size_t i = 0; i < 1000; i++) {
        unsigned char *block = take(20000, ID);
        memset(block, 1, 20000);
        corral_free(block, ID);
    }
    cr_assert_lt(process_resident() - before, 1000 * BUILD_KIB);
}

/* More live ones than there are addresses for: the others are served from slabs. */
Test(guard, no_more_than_there_are_addresses) {
    enum { MORE = RANGES_MOST * GUARD_UNITS + 100 };
    static unsigned char *many[MORE];
    size_t guarded = 0;
    for (size_t i = 0; i < MORE; i++) {
        many[i] = take(16, ID);
        cr_assert_not_null(many[i]);
        memset(many[i], (int)i & 0xff, 16);
        guarded += guards_have(many[i]);
    }
    cr_assert_eq(guarded, RANGES_MOST * GUARD_UNITS);
    for (size_t i = 0; i < MORE; i++) {
        cr_assert(pattern_is_byte(many[i], 16, (unsigned char)i));
        corral_free(many[i], ID);
    }
    figures_expect_nothing();
}

/* What waits, where that is all there is. */
Test(guard, addresses_are_given_back_when_memory_is_exhausted) {
    corral_free(take(100, ID), ID);
    process_limit_mapped(64 * BUILD_MIB);
    for (size_t i = 0; i < 2000; i++) {
        unsigned char *block = take(100, ID);
        cr_assert_not_null(block);
        corral_free(block, ID);
    }
    size_t had = guards_bytes();
    cr_assert_geq(had, 16 * BUILD_MIB);
    void *large = corral_alloc(50 * BUILD_MIB, OTHER);
    cr_assert_not_null(large);
    cr_assert_lt(guards_bytes(), had);
    corral_free(large, OTHER);
    cr_assert(guards_have(take(100, ID)));
}

static void *hook_reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)id, (void)argument;
    return corral_os_real.reserve(size, alignment);
}

static int hook_release(void *start, size_t size, void *argument) {
    (void)argument;
    return corral_os_real.release(start, size);
}

/* What the program's memory is made of, and who else sees it, corral does not know. */
Test(guard, not_of_the_program_s_memory) {
    corral_backend hooks = {.reserve = hook_reserve, .release = hook_release};
    corral_init_options options = {CORRAL_BACKEND_HOOKS, &hooks};
    cr_assert_eq(corral_init(&options, sizeof options), CORRAL_OK);
    for (size_t i = 0; i < SOME; i++) {
        blocks[i] = take(1 + i * i, ID);
        cr_assert(blocks[i] != NULL && !guards_have(blocks[i]));
    }
    free_all(NULL);
    figures_expect_nothing();
}

/* As often as the build was told, from the first allocation of a thread on, and at other times in each thread. */
static size_t firsts[2];

static void count_first(void *argument) {
    size_t *first = argument;
    void *block;
    do {
        block = corral_alloc(32, ID);
        ++*first;
        corral_free(block, ID);
    } while (!guards_have(block));
}

Test(guard, one_of_so_many) {
    const size_t turns = GUARD_EVERY > 1000 ? 400 : 4000;
    size_t guarded = 0;
    for (size_t i = 0; i < turns * GUARD_EVERY; i++) {
        void *block = corral_alloc(32, ID);
        guarded += guards_have(block);
        corral_free(block, ID);
    }
    cr_assert(guarded > turns * 4 / 5 && guarded < turns * 6 / 5, "%zu of %zu", guarded, turns * GUARD_EVERY);
    size_t same = 0;
    for (size_t i = 0; i < 8; i++) {
        firsts[0] = firsts[1] = 0;
        thread_call(count_first, &firsts[0]);
        thread_call(count_first, &firsts[1]);
        same += firsts[0] == firsts[1];
        cr_assert_leq(firsts[0], 2 * GUARD_EVERY);
    }
    cr_assert(GUARD_EVERY < 1000 || same < 4);
}
