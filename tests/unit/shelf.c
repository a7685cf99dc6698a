/* SPDX-License-Identifier: MIT
 *
 * shelf: slabs with free blocks and no owner.
 *
 * Owns:     caches and slabs, in the test's hands; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: a slab with free blocks is found again by any cache, one without is not on the shelf, and
 *           one that becomes empty there goes back to its arena.
 * Does not: race. Threads do so in ../stress.
 */
#include "shelf.h"

#include "category.h"
#include "queue.h"
#include "slab.h"

#include "support/check.h"

#include <criterion/criterion.h>

enum { CATEGORY = 0, CLASS = 3, POOL = CATEGORY * CLASS_STRIDE + CLASS, MANY = 16,
       SEVERAL_ARENAS = 3 * ARENA_SLABS };

static struct cache *make_cache(void) {
    struct cache *cache = corral_cache_make();
    CHECK(cache != NULL && cache_pool(cache, POOL) != NULL, "no cache");
    return cache;
}

/* A slab of which every block but the first `left` was handed out. */
static struct slab *make_used(const struct cache *cache, uint32_t left) {
    struct slab *slab = corral_slab_make(POOL, cache->identity);
    CHECK(slab != NULL, "no slab");
    unsigned word;
    while (corral_slab_take_run_owner(slab, &word) != 0) {
    }
    for (uint32_t block = 0; block < left; block++) {
        uint64_t bit = UINT64_C(1) << (block % 64);
        CHECK(corral_slab_put_owner(slab, block / 64, bit) == 0, "double free");
    }
    return slab;
}

/* Sends the blocks from `first` to before `end` home. */
static void send(struct cache *cache, struct slab *slab, uint32_t first, uint32_t end) {
    for (uint32_t block = first; block < end; block++) {
        corral_shelf_send(cache, slab, block / 64, UINT64_C(1) << (block % 64));
    }
}

static uint64_t slabs_in_use(void) {
    return load_relaxed(&corral_categories[CATEGORY].slabs);
}

Test(shelf, passes_a_slab_from_one_cache_to_another) {
    struct cache *giver = make_cache();
    struct cache *taker = make_cache();
    struct slab *slab = make_used(giver, 5);
    corral_shelf_place(giver, false, slab);
    cr_assert(slab_is_owned_by(slab, 0));
    corral_shelf_take(taker, POOL);
    cr_assert_eq(cache_pool_if(taker, POOL)->queue, slab);
    cr_assert(slab_is_owned_by(slab, taker->identity));
    cr_assert_eq(slab->free_count, 5);
    corral_shelf_take(giver, POOL);
    cr_assert_null(cache_pool_if(giver, POOL)->queue, "it was taken already");
}

static uint32_t queue_length(struct cache *cache) {
    uint32_t length = 0;
    for (struct slab *slab = cache_pool_if(cache, POOL)->queue; slab != NULL; slab = slab->next) {
        length++;
    }
    return length;
}

/* Takes a slab off the shelf and out of the queue; NULL when none is found. */
static struct slab *take(struct cache *cache) {
    corral_shelf_take(cache, POOL);
    cr_assert(queue_length(cache) <= 1, "one at a time");
    return queue_pop(cache, cache_pool_if(cache, POOL));
}

Test(shelf, finds_every_slab_once) {
    struct cache *cache = make_cache();
    static struct slab *slabs[SEVERAL_ARENAS];
    for (unsigned i = 0; i < SEVERAL_ARENAS; i++) {
        slabs[i] = make_used(cache, 1);
    }
    cr_assert_neq(arena_of(slabs[0]), arena_of(slabs[SEVERAL_ARENAS - 1]));
    for (unsigned i = 0; i < SEVERAL_ARENAS; i++) {
        corral_shelf_place(cache, false, slabs[i]);
    }
    for (unsigned i = 0; i < SEVERAL_ARENAS; i++) {
        struct slab *slab = take(cache);
        cr_assert_not_null(slab, "%u slabs are lost", SEVERAL_ARENAS - i);
        cr_assert_eq(slab->pool, POOL);
        cr_assert_eq(slab->free_count, 1);
        slab->free_count = 0; /* A mark: it was found. */
    }
    cr_assert_null(take(cache));
}

/* Arenas that have no slab of the class any more are dropped from its stack, and come back with the
 * next one. */
Test(shelf, finds_a_slab_of_an_arena_that_had_none_for_a_while) {
    struct cache *cache = make_cache();
    struct slab *slab = make_used(cache, 1);
    for (unsigned round = 0; round < MANY; round++) {
        corral_shelf_place(cache, false, slab);
        cr_assert_eq(take(cache), slab, "round %u", round);
        cr_assert_null(take(cache));
    }
}

Test(shelf, keeps_classes_of_one_arena_apart) {
    struct cache *cache = make_cache();
    struct slab *other = corral_slab_make(POOL + 1, cache->identity);
    unsigned word;
    cr_assert_neq(corral_slab_take_run_owner(other, &word), 0);
    struct slab *slab = make_used(cache, 1);
    cr_assert_eq(arena_of(slab), arena_of(other));
    corral_shelf_place(cache, false, other);
    cr_assert_null(take(cache));
    corral_shelf_place(cache, false, slab);
    cr_assert_eq(take(cache), slab);
    cr_assert_null(take(cache));
}

Test(shelf, has_no_slab_without_a_free_block) {
    struct cache *cache = make_cache();
    struct slab *slab = make_used(cache, 0);
    corral_shelf_place(cache, false, slab);
    corral_shelf_take(cache, POOL);
    cr_assert_null(cache_pool_if(cache, POOL)->queue);
    /* It is FULL: what comes home brings it to the shelf. */
    send(NULL, slab, 0, slab->capacity / WAKE_DIVISOR);
    corral_shelf_take(cache, POOL);
    cr_assert_eq(cache_pool_if(cache, POOL)->queue, slab);
}

Test(shelf, is_passed_by_when_the_former_owner_wakes_its_slab) {
    struct cache *cache = make_cache();
    struct slab *slab = make_used(cache, 0);
    cr_assert(corral_slab_let_go_owner(slab, cache->identity));
    send(cache, slab, 0, slab->capacity / WAKE_DIVISOR);
    if (QUEUE_BUDGET < (ptrdiff_t)SLAB_BYTES) {
        cr_assert_null(cache_pool_if(cache, POOL)->queue);
        corral_shelf_take(cache, POOL);
    }
    cr_assert_eq(cache_pool_if(cache, POOL)->queue, slab);
    cr_assert(slab_is_owned_by(slab, cache->identity));
}

Test(shelf, gives_an_empty_slab_back) {
    struct cache *cache = make_cache();
    struct slab *slab = make_used(cache, 1);
    uint32_t capacity = slab->capacity;
    corral_shelf_place(cache, false, slab);
    send(NULL, slab, 1, capacity - 1);
    cr_assert_eq(slabs_in_use(), 1, "one block is outside");
    send(NULL, slab, capacity - 1, capacity);
    cr_assert_eq(slabs_in_use(), 0);
}

Test(shelf, gives_each_empty_slab_back_at_once_and_keeps_the_others) {
    struct cache *cache = make_cache();
    struct slab *slabs[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        slabs[i] = make_used(cache, 1);
        corral_shelf_place(cache, false, slabs[i]);
    }
    for (unsigned i = 1; i < MANY; i += 2) {
        send(NULL, slabs[i], 1, slabs[i]->capacity);
        cr_assert_eq(slabs_in_use(), MANY - (i + 1) / 2);
    }
    for (unsigned i = 0; i < MANY; i += 2) {
        cr_assert_not_null(take(cache));
    }
    cr_assert_null(take(cache));
}

Test(shelf, places_an_empty_slab_in_its_arena) {
    struct cache *cache = make_cache();
    struct slab *slab = corral_slab_make(POOL, cache->identity);
    cr_assert_eq(slabs_in_use(), 1);
    corral_shelf_place(cache, true, slab);
    cr_assert_eq(slabs_in_use(), 0);
}

Test(shelf, is_where_slabs_go_that_the_budget_of_queues_does_not_allow) {
    struct cache *cache = make_cache();
    const uint32_t most = (uint32_t)(QUEUE_BUDGET / (ptrdiff_t)SLAB_BYTES);
    for (uint32_t i = 0; i < most + 1; i++) {
        corral_shelf_place(cache, true, make_used(cache, 1));
    }
    cr_assert_eq(queue_length(cache), most);
    cr_assert_eq(cache->queue_budget, QUEUE_BUDGET - (ptrdiff_t)(most * SLAB_BYTES));
    struct cache *other = make_cache();
    cr_assert_not_null(take(other));
    cr_assert_null(take(other));
    while (queue_pop(cache, cache_pool_if(cache, POOL)) != NULL) {
    }
    cr_assert_eq(cache->queue_budget, QUEUE_BUDGET);
}
