/* SPDX-License-Identifier: MIT
 *
 * queue: the slabs that wait for their thread, what it borrows for them, and which it takes back.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: all threads borrow no more than there is, and what one repays another may borrow; who frees
 *           many blocks takes back the slabs that it let go, and only those, and repays all of it.
 * Does not: run threads against each other; the explorer does.
 */
#include "queue.h"

#include <corral/corral.h>
#include "thread.h"

#include "support/check.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <inttypes.h>

enum { ID = 0, SIZE = 256, SLABS = 96, COUNT = SLABS * (SLAB_BYTES / SIZE), STRIDE = 7919 };

static struct cache *own_cache(void) {
    return cache_of_fronts(corral_thread.fronts);
}

static uint32_t pool_number(void) {
    return (ID << CLASS_STRIDE_LOG) + size_class_of(SIZE);
}

Test(queue, lends_no_more_than_there_is_and_again_what_came_back) {
    struct cache *one = corral_thread_borrow();
    struct cache *other = corral_thread_borrow();
    uint32_t most = (uint32_t)(QUEUE_SHARED / QUEUE_LOAN);
    for (uint32_t i = 0; i < most + 2; i++) {
        corral_queue_borrow(one);
    }
    cr_assert_eq(one->queue_loans, most);
    cr_assert_eq(one->queue_budget, QUEUE_BUDGET + (ptrdiff_t)most * QUEUE_LOAN);
    corral_queue_borrow(other);
    cr_assert_eq(other->queue_loans, 0);
    corral_queue_repay(one);
    cr_assert_eq(one->queue_loans, 0);
    cr_assert_eq(one->queue_budget, QUEUE_BUDGET);
    corral_queue_borrow(other);
    cr_assert_eq(other->queue_loans, most > 0);
    corral_queue_repay(other);
    corral_thread_return(one);
    corral_thread_return(other);
}

static void *blocks[COUNT];

static void take_all(void) {
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
        CHECK(blocks[i] != NULL, "no block");
    }
}

/* In an order in which neighbours lie in different slabs. */
static void free_all(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        corral_free(blocks[i * STRIDE % COUNT], ID);
    }
}

static uint64_t sent(void) {
    return load_relaxed(&cache_pool_if(own_cache(), pool_number())->sent);
}

/* Blocks that go home before a good part of all did; and where no slab may be taken back, all. */
static uint64_t sent_most(void) {
    return QUEUE_SHARED / QUEUE_LOAN * QUEUE_LOAN < (ptrdiff_t)(SLABS * SLAB_BYTES)
               ? COUNT
               : 3 * FRONT_BLOCKS + COUNT / 8;
}

Test(queue, takes_slabs_back_that_the_thread_let_go) {
    take_all();
    free_all(NULL);
    cr_assert_leq(sent(), sent_most());
    cr_assert(own_cache()->queue_loans == 0 ||
                  own_cache()->queue_budget < QUEUE_LOAN + QUEUE_BUDGET / 2,
              "no more is borrowed than the slabs in the queue need");
    corral_stats stats;
    cr_assert_eq(corral_category_stats(ID, &stats, sizeof stats), CORRAL_OK);
    cr_assert_eq(stats.live_blocks, 0);
    uint64_t kept = FRONT_BLOCKS < SLABS / 4 ? FRONT_BLOCKS + 2 : SLABS / 4;
    cr_assert_leq(stats.slabs, kept, "%" PRIu64 " slabs are left", stats.slabs);
    corral_thread_detach();
    cr_assert_eq(corral_category_stats(ID, &stats, sizeof stats), CORRAL_OK);
    cr_assert_eq(stats.slabs, 0);
}

enum { TURNS = 40 };

static void free_in_order(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        corral_free(blocks[i], ID);
    }
}

/* What a thread allocated and others freed is no block that it has yet to free. */
Test(queue, takes_slabs_back_after_others_freed_many) {
    for (size_t i = 0; i < TURNS; i++) {
        take_all();
        thread_call(free_in_order, NULL);
    }
    take_all();
    uint64_t before = sent();
    free_all(NULL);
    cr_assert_leq(sent() - before, sent_most());
}

/* A few blocks of each slab: that they have one free block each is no use to anyone. */
Test(queue, takes_no_slab_back_for_a_few_blocks) {
    take_all();
    for (size_t i = 0; i < COUNT / 64; i++) {
        corral_free(blocks[i * STRIDE % COUNT], ID);
    }
    cr_assert_null(cache_pool_if(own_cache(), pool_number())->queue);
    cr_assert_eq(own_cache()->queue_loans, 0);
    for (size_t i = COUNT / 64; i < COUNT; i++) {
        corral_free(blocks[i * STRIDE % COUNT], ID);
    }
}

static void *others[COUNT];

static void take_others(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        others[i] = corral_alloc(SIZE, ID);
        CHECK(others[i] != NULL, "no block");
    }
}

/* How many of the slabs whose second blocks these are the thread owns. */
static size_t own_slabs(void) {
    size_t count = 0;
    for (size_t i = 1; i < COUNT; i += SLAB_BYTES / SIZE) {
        count += slab_is_owned_by(slab_of(blocks[i]), own_cache()->identity);
    }
    return count;
}

/* Nor for one of each slab, after so many of another's that these look like the rest. */
Test(queue, takes_no_slab_back_that_has_one_free_block) {
    take_all();
    thread_call(take_others, NULL);
    for (size_t i = 0; i < COUNT; i++) {
        corral_free(others[i], ID);
    }
    size_t before = own_slabs();
    for (size_t i = 0; i < COUNT; i += SLAB_BYTES / SIZE) {
        corral_free(blocks[i], ID);
    }
    cr_assert_eq(own_slabs(), before);
    for (size_t i = 0; i < COUNT; i++) {
        if (i % (SLAB_BYTES / SIZE) != 0) {
            corral_free(blocks[i], ID);
        }
    }
}

/* A loan would be of no use for a unit that is larger than it; one that lets no slab in is repaid. */
Test(queue, borrows_nothing_for_what_stays_outside) {
    struct cache *cache = corral_thread_borrow();
    struct slab large = {.slabs = (uint8_t)(QUEUE_LOAN / SLAB_BYTES + 2)};
    cache->queue_budget -= QUEUE_BUDGET;
    cr_assert_not(queue_finds_room(cache, &large));
    cr_assert_eq(cache->queue_loans, 0);
    cache->queue_budget += QUEUE_BUDGET;
    corral_thread_return(cache);
}

static uint64_t sent_by_other;
static void *own_state;

static void take_one_and_free_all(void *unused) {
    corral_free(corral_alloc(SIZE, ID), ID);
    free_all(unused);
    sent_by_other = sent();
    own_state = own_cache();
}

Test(queue, takes_back_no_slab_that_another_let_go) {
    take_all();
    struct cache *cache = own_cache();
    thread_call(take_one_and_free_all, NULL);
    cr_assert_neq(own_state, cache);
    cr_assert_geq(sent_by_other + FRONT_BLOCKS + 1, COUNT, "all but its front list's are another's");
    cr_assert_eq(cache->queue_loans, 0);
}

static ptrdiff_t queued_bytes(void) {
    ptrdiff_t bytes = 0;
    const struct slab *slab = cache_pool_if(own_cache(), pool_number())->queue;
    for (; slab != NULL; slab = slab->next) {
        bytes += queue_bytes(slab);
    }
    return bytes;
}

/* The law of the queue's budget, before a reset and after it; the thread has all of the budget when it looks for room. */
Test(queue, has_room_again_after_a_reset) {
    const struct slab slab = {.slabs = 1};
    take_all();
    for (size_t i = 0; i < COUNT / 2; i++) {
        corral_free(blocks[i * STRIDE % COUNT], ID);
    }
    struct cache *cache = own_cache();
    ptrdiff_t queued = queued_bytes();
    ptrdiff_t lent = (ptrdiff_t)cache->queue_loans * QUEUE_LOAN;
    cr_assert(queued > 0 || QUEUE_BUDGET < (ptrdiff_t)SLAB_BYTES, "nothing is queued");
    cr_assert_eq(cache->queue_budget + queued, QUEUE_BUDGET + lent);
    cr_assert_eq(corral_category_reset(ID), CORRAL_OK);
    cr_assert_eq(load_relaxed(&cache->unqueued), queued);
    cache->queue_budget -= QUEUE_BUDGET + lent; /* as other pools would have it */
    cr_assert_eq(queue_has_room(cache, &slab), false);
    cr_assert_eq(load_relaxed(&cache->unqueued), 0);
    cr_assert_eq(cache->queue_budget, 0);
    cache->queue_budget += QUEUE_BUDGET + lent;
}
