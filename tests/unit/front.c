/* SPDX-License-Identifier: MIT
 *
 * front: how long a front list gets, for what a thread allocates and frees by turns.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: bursts that a front list may hold come to be served by it alone, however short it begins;
 *           of bursts that are many times longer nothing is kept, and no limit remembered; one that is
 *           taken from now and then stays, however many more blocks go past it.
 * Does not: measure how long that takes.
 */
#include "front.h"

#include <corral/corral.h>
#include "thread.h"

#include "support/check.h"

#include <criterion/criterion.h>

enum { ID = 0, SIZE = 256, ROUNDS = 16, MOST = 128, MANY = 16 * 1024 };

static void *blocks[MANY];

static void take_and_free(uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
        CHECK(blocks[i] != NULL, "no block");
    }
    for (uint32_t i = 0; i < count; i++) {
        corral_free(blocks[i], ID);
    }
}

static uint32_t pool_number(void) {
    return (ID << CLASS_STRIDE_LOG) + size_class_of(SIZE);
}

static struct cache *own_cache(void) {
    return cache_of_fronts(corral_thread.fronts);
}

static uint64_t refills(void) {
    const struct pool *pool = cache_pool_if(own_cache(), pool_number());
    CHECK(pool != NULL, "the thread has no such pool");
    return load_relaxed(&pool->refills);
}

/* As many as a list may hold, and at most several times what it begins with. */
static uint32_t burst(void) {
    uint32_t most = front_most(pool_number());
    return most < MOST ? most : MOST;
}

Test(front, gets_as_long_as_what_comes_and_goes_by_turns) {
    for (int i = 0; i < ROUNDS; i++) {
        take_and_free(burst());
    }
    const struct corral_front *front = &own_cache()->fronts[pool_number()];
    cr_assert_geq(front_limit(front), burst());
    uint64_t before = refills();
    for (int i = 0; i < ROUNDS; i++) {
        take_and_free(burst());
    }
    cr_assert_eq(refills(), before, "all of it are hits");
}

Test(front, begins_again_with_what_it_had) {
    for (int i = 0; i < ROUNDS; i++) {
        take_and_free(burst());
    }
    take_and_free(6 * burst() + 8); /* its blocks go home, one after the other */
    const struct corral_front *front = &own_cache()->fronts[pool_number()];
    cr_assert_lt(front_limit(front), burst() > 1 ? burst() : 2);
    take_and_free(burst());
    take_and_free(burst());
    cr_assert_geq(front_limit(front), burst());
}

Test(front, keeps_and_remembers_nothing_of_much_longer_bursts) {
    for (int i = 0; i < ROUNDS; i++) {
        take_and_free(MANY);
    }
    const struct cache *cache = own_cache();
    const struct corral_front *front = &cache->fronts[pool_number()];
    cr_assert_null(front->head);
    cr_assert_eq(front_limit(front), 0);
    cr_assert_eq(cache_pool_if(cache, pool_number())->limit_then, 0);
    cr_assert_eq(cache->front_budget, FRONT_BUDGET);
}

/* What a thread does that is sent most of what it frees. */
Test(front, keeps_what_is_taken_from_while_more_goes_past) {
    if (burst() < 2) {
        return; /* the first look may give up a list of one block */
    }
    for (int i = 0; i < ROUNDS; i++) {
        take_and_free(burst());
    }
    const struct corral_front *front = &own_cache()->fronts[pool_number()];
    uint32_t limit = front_limit(front);
    cr_assert_gt(limit, 0);
    for (uint32_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
        CHECK(blocks[i] != NULL, "no block");
    }
    for (uint32_t i = 0; i < limit; i++) {
        corral_free(blocks[i], ID);
    }
    uint64_t before = refills();
    /* One is taken for each two that are freed; limits are looked at after each limit + 1 of them. */
    for (uint32_t i = limit; i + 1 < MANY; i += 2) {
        void *taken = corral_alloc(SIZE, ID);
        corral_free(blocks[i], ID);
        corral_free(blocks[i + 1], ID);
        blocks[i] = taken;
    }
    cr_assert_geq(front_limit(front), limit - 1, "a look may shorten it before it is known to be used");
    cr_assert_eq(refills(), before, "all of it were hits");
    for (uint32_t i = limit; i + 1 < MANY; i += 2) {
        corral_free(blocks[i], ID);
    }
}

/* Where a free finds itself whose address is no arena's: whoever frees it, there is no pool to look for. */
Test(front, of_no_arena_has_no_pool) {
    take_and_free(1);
    const struct cache *caches[] = {&corral_cache_empty, own_cache()};
    for (size_t i = 0; i < 2; i++) {
        cr_assert_eq(front_room(&caches[i]->none), 0);
        cr_assert_null(caches[i]->none.head);
        cr_assert_null(cache_pool_of(caches[i], &caches[i]->none));
        cr_assert_leq(offsetof(struct cache, rows) + (CATEGORY_LIMIT + 1) * sizeof caches[i]->rows[0], sizeof *caches[i]);
    }
}
