/* SPDX-License-Identifier: MIT
 *
 * shelf: slabs with free blocks and no owner.
 *
 * Owns:     caches and slabs, in the test's hands; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: a slab with free blocks is found again by any cache, one without is not on the shelf, and
 *           one that becomes empty there goes back to its arena when it is an eighth of the shelf.
 * Does not: race. Threads do so in ../stress.
 */
#include "shelf.h"

#include "category.h"
#include "slab.h"

#include "support/check.h"

#include <criterion/criterion.h>

enum { CATEGORY = 0, CLASS = 3, POOL = CATEGORY * CLASS_STRIDE + CLASS, MANY = 16 };

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
        CHECK(corral_slab_put_one_owner(slab, block), "double free");
    }
    return slab;
}

/* Sends the blocks from `first` to before `end` home. */
static void send(struct cache *cache, struct slab *slab, uint32_t first, uint32_t end) {
    for (uint32_t block = first; block < end; block++) {
        corral_shelf_send(cache, POOL, slab, block / 64, UINT64_C(1) << (block % 64));
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

Test(shelf, takes_a_bounded_number_and_leaves_the_rest) {
    struct cache *cache = make_cache();
    for (unsigned i = 0; i < MANY; i++) {
        corral_shelf_place(cache, false, make_used(cache, 1));
    }
    uint32_t taken = 0;
    for (unsigned round = 0; round < MANY && taken < MANY; round++) {
        corral_shelf_take(cache, POOL);
        uint32_t now = cache_pool_if(cache, POOL)->queued;
        cr_assert(now > taken && now - taken < MANY, "%u, then %u", taken, now);
        taken = now;
    }
    cr_assert_eq(taken, MANY, "every slab is found");
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

Test(shelf, gives_empty_slabs_back_when_they_are_an_eighth) {
    struct cache *cache = make_cache();
    struct slab *slabs[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        slabs[i] = make_used(cache, 1);
        corral_shelf_place(cache, false, slabs[i]);
    }
    send(NULL, slabs[3], 1, slabs[3]->capacity);
    cr_assert_eq(slabs_in_use(), MANY, "one of sixteen waits");
    send(NULL, slabs[9], 1, slabs[9]->capacity);
    cr_assert_eq(slabs_in_use(), MANY - 2, "two are an eighth");
    for (unsigned i = 0; i < MANY; i++) {
        if (i != 3 && i != 9) {
            send(NULL, slabs[i], 1, slabs[i]->capacity);
        }
    }
    cr_assert_eq(slabs_in_use(), 0, "the last is all of the shelf");
}

Test(shelf, places_an_empty_slab_in_its_arena) {
    struct cache *cache = make_cache();
    struct slab *slab = corral_slab_make(POOL, cache->identity);
    cr_assert_eq(slabs_in_use(), 1);
    corral_shelf_place(cache, true, slab);
    cr_assert_eq(slabs_in_use(), 0);
}

Test(shelf, is_where_slabs_go_that_a_full_queue_does_not_take) {
    struct cache *cache = make_cache();
    struct pool *pool = cache_pool_if(cache, POOL);
    for (unsigned i = 0; i < QUEUE_SLABS + 1; i++) {
        corral_shelf_place(cache, true, make_used(cache, 1));
    }
    cr_assert_eq(pool->queued, QUEUE_SLABS);
    struct cache *other = make_cache();
    corral_shelf_take(other, POOL);
    cr_assert_eq(cache_pool_if(other, POOL)->queued, 1);
}
