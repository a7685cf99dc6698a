/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_visit_classes.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone. figures_of compares the sums of the classes with the category,
 *           and looks at their order; what is looked at here besides is each class.
 * Does not: read classes while others allocate, but for what a visitor does itself.
 */
#include <corral/configure.h>

#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/prng.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 0x4e455457, OTHER = 3, MANY = 6000, STEPS = 40000 };

static void *blocks[MANY];

/* All classes of a category, as they were told. */
static struct told {
    size_t count;
    corral_class_stats list[CLASSES_MOST];
} told;

static void tell(const corral_class_stats *stats, size_t stats_size, void *argument) {
    struct told *to = argument;
    CHECK(stats_size == sizeof *stats && to->count < CLASSES_MOST, "%zu", stats_size);
    to->list[to->count++] = *stats;
}

static const struct told *classes_of(uint64_t id) {
    told.count = 0;
    cr_assert_eq(corral_visit_classes(id, tell, &told), CORRAL_OK);
    return &told;
}

Test(classes, arguments_that_are_not_legal) {
    corral_free(corral_alloc(1, ID), ID);
    cr_assert_eq(corral_visit_classes(ID, NULL, NULL), CORRAL_EINVAL);
    cr_assert_eq(corral_visit_classes(CORRAL_MEMORY_TYPE_OVERFLOW + 1, tell, &told), CORRAL_EINVAL);
    cr_assert_eq(corral_visit_classes(CORRAL_MEMORY_TYPE_NONE, tell, &told), CORRAL_EINVAL);
    cr_assert_eq(told.count, 0);
}

Test(classes, of_an_unused_id) {
    cr_assert_eq(corral_visit_classes(ID, tell, &told), CORRAL_EUNUSED);
    cr_assert_eq(corral_visit_classes(OTHER, tell, &told), CORRAL_EUNUSED);
    cr_assert_eq(corral_visit_classes(CORRAL_MEMORY_TYPE_OVERFLOW, tell, &told), CORRAL_EUNUSED);
    corral_category_options options = {.name = "set, not used"};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    cr_assert_eq(corral_visit_classes(ID, tell, &told), CORRAL_EUNUSED);
    cr_assert_eq(told.count, 0);
    cr_assert_eq(figures_total().categories, 0, "asking makes a category");
}

Test(classes, each_of_the_build) {
    size_t sizes[CLASSES_MOST];
    size_t count = classes_find(OTHER, sizes);
    for (size_t i = 0; i < count; i++) {
        for (size_t n = 0; n <= i % 3; n++) {
            blocks[i * 3 + n] = corral_alloc(sizes[i], ID);
        }
    }
    figures_of(ID);
    const struct told *all = classes_of(ID);
    cr_assert_eq(all->count, count);
    for (size_t i = 0; i < count; i++) {
        const corral_class_stats *stats = &all->list[i];
        bool large = i == count - 1;
        cr_assert_eq(stats->block_bytes, large ? 0 : sizes[i]);
        cr_assert_eq(stats->live_blocks, i % 3 + 1);
        cr_assert_eq(stats->live_bytes, (i % 3 + 1) * sizes[i]);
        cr_assert(large || (stats->refills > 0 && stats->slabs > 0), "size %zu", sizes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        corral_free_batch(&blocks[i * 3], i % 3 + 1, ID);
    }
    all = classes_of(ID);
    cr_assert_eq(all->count, count - 1, "large blocks are told that are none");
    for (size_t i = 0; i < all->count; i++) {
        cr_assert_eq(all->list[i].live_blocks + all->list[i].live_bytes, 0);
    }
    figures_expect_nothing();
}

/* Allocates, frees, grows and shrinks at random; what is live then is in blocks. */
static void mix(void *argument) {
    struct prng prng = prng_for(7, *(uint64_t *)argument);
    for (size_t step = 0; step < STEPS; step++) {
        void **block = &blocks[prng_below(&prng, MANY)];
        if (prng_below(&prng, 8) == 0) {
            void *other = corral_realloc(*block, prng_request(&prng, 4 * BUILD_MIB), ID);
            *block = other == NULL ? *block : other;
        } else {
            corral_free(*block, ID);
            *block = prng_below(&prng, 3) == 0 ? NULL : corral_alloc(prng_request(&prng, 4 * BUILD_MIB), ID);
        }
    }
}

static void expect_live(void) {
    uint64_t live = 0, bytes = 0;
    for (size_t i = 0; i < MANY; i++) {
        live += blocks[i] != NULL;
        bytes += corral_usable_size(blocks[i]);
    }
    figures_expect(ID, live, bytes);
}

/* Blocks of each thread's are freed by the next ones. */
Test(classes, are_the_category_after_a_random_mix) {
    for (uint64_t thread = 0; thread < 4; thread++) {
        thread_call(mix, &thread);
        expect_live();
        mix(&(uint64_t){100 + thread});
        expect_live();
    }
    uint64_t remote = 0;
    const struct told *all = classes_of(ID);
    for (size_t i = 0; i < all->count; i++) {
        remote += all->list[i].remote_blocks;
    }
    cr_assert_gt(remote, 0);
    corral_free_batch(blocks, MANY, ID);
    figures_expect(ID, 0, 0);
}

static sem_t there, go;

static void *free_without_a_cache(void *argument) {
    (void)argument;
    sem_post(&there);
    sem_wait(&go);
    for (size_t i = 0; i < MANY; i += 2) {
        corral_free(blocks[i], ID);
        blocks[i] = NULL;
    }
    return NULL;
}

/* All that is live is the budget. */
static void use_up_budget(void) {
    corral_category_options options = {.hard_budget = figures_of(ID).live_bytes};
    CHECK(corral_category_configure(ID, &options, sizeof options) == CORRAL_OK, "no budget");
    CHECK(corral_alloc(4 * BUILD_MIB, ID) == NULL, "the budget does not hold");
}

/* In a child, since the limit stays: there is no memory for the thread's cache. What it frees is counted off
 * what the budget bounds, too. */
static void check_frees_without_a_cache(void *argument) {
    (void)argument;
    pthread_t thread;
    struct prng prng = prng_for(8, 0);
    sem_init(&there, 0, 0);
    sem_init(&go, 0, 0);
    CHECK(pthread_create(&thread, NULL, free_without_a_cache, NULL) == 0, "no thread");
    sem_wait(&there);
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(i % 1000 == 1 ? 4 * BUILD_MIB : prng_between(&prng, 0, 8000), ID);
    }
    expect_live();
    use_up_budget();
    size_t size = corral_usable_size(blocks[2]);
    process_limit_mapped(0);
    sem_post(&go);
    CHECK(pthread_join(thread, NULL) == 0, "no end");
    expect_live();
    /* Where there are few categories, a cache has room in what is mapped already. */
    CHECK(figures_of(ID).remote_blocks == 0 || CORRAL_CATEGORY_LIMIT < 64, "the thread had a cache");
    blocks[2] = corral_alloc(size, ID);
    CHECK(blocks[2] != NULL, "the budget is used up still");
    corral_free_batch(blocks, MANY, ID);
    figures_expect(ID, 0, 0);
}

Test(classes, are_the_category_after_frees_by_a_thread_without_a_cache) {
    if (getenv("CORRAL_TEST_BACKEND") != NULL) {
        cr_skip_test("what is mapped is not what the backend has");
    }
    struct child child;
    child_call(check_frees_without_a_cache, NULL, &child);
    cr_assert(child_succeeded(&child));
}

/* A second free is found, and what it was counted as is counted off again. Others keep the slab. */
Test(classes, are_the_category_after_blocks_freed_twice) {
    corral_category_options options = {.exact = 1, .misuse = CORRAL_MISUSE_IGNORE};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_OK);
    for (size_t i = 0; i < 100; i++) {
        blocks[i] = corral_alloc(100, ID);
    }
    for (size_t i = 0; i < 100; i += 2) {
        corral_free(blocks[i], ID);
        corral_free(blocks[i], ID);
        blocks[i] = NULL;
    }
    figures_count_faults(50);
    expect_live();
    corral_free_batch(blocks, 100, ID);
    figures_expect(ID, 0, 0);
}

/* Allocates and frees, in the class that it is told of and in its category. */
static void allocate(const corral_class_stats *stats, size_t stats_size, void *argument) {
    (void)stats_size;
    ++*(size_t *)argument;
    corral_free(corral_alloc(stats->block_bytes, ID), ID);
}

Test(classes, visitor_that_allocates) {
    size_t count = 0;
    blocks[0] = corral_alloc(16, ID);
    blocks[1] = corral_alloc(1000, ID);
    blocks[2] = corral_alloc(8 * BUILD_MIB, ID);
    cr_assert_eq(corral_visit_classes(ID, allocate, &count), CORRAL_OK);
    cr_assert_eq(count, 3);
    corral_free_batch(blocks, 3, ID);
    figures_expect_nothing();
}

Test(classes, of_ids_that_share_the_overflow_category) {
    static void *of[CORRAL_CATEGORY_LIMIT + 2];
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT + 2; i++) {
        of[i] = corral_alloc(100, UINT32_MAX - i);
    }
    uint32_t last = UINT32_MAX - CORRAL_CATEGORY_LIMIT - 1;
    cr_assert_eq(figures_of(last).shares_overflow, 1);
    corral_class_stats by_id = classes_of(last)->list[0];
    const struct told *all = classes_of(CORRAL_MEMORY_TYPE_OVERFLOW);
    cr_assert_eq(all->count, 1);
    cr_assert_eq(memcmp(&all->list[0], &by_id, sizeof by_id), 0);
    cr_assert_gt(by_id.live_blocks, 1);
    for (uint32_t i = 0; i < CORRAL_CATEGORY_LIMIT + 2; i++) {
        corral_free(of[i], UINT32_MAX - i);
    }
    figures_expect_nothing();
}

Test(classes, and_what_they_take) {
    size_t count = 3000;
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(500, ID);
    }
    blocks[count] = corral_alloc(8 * BUILD_MIB, ID);
    corral_stats stats = figures_of(ID);
    cr_assert_eq(stats.slab_bytes, stats.slabs * CORRAL_SLAB_KIB * BUILD_KIB);
    cr_assert_eq(stats.reserved_bytes,
                 stats.arenas * 64 * CORRAL_SLAB_KIB * BUILD_KIB + stats.large_bytes);
    corral_stats total = figures_total();
    cr_assert_eq(total.slab_bytes, stats.slab_bytes);
    cr_assert_eq(total.reserved_bytes, stats.reserved_bytes);
    corral_free_batch(blocks, count + 1, ID);
    figures_expect_nothing();
}
