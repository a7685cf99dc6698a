/* SPDX-License-Identifier: MIT
 *
 * gather: what the short way home takes, and what it leaves to the long one.
 *
 * Owns:     a slab of the calling thread's that is in no queue, with all its blocks outside; every test
 *           is a process of its own.
 * Callers:  Criterion.
 * Promises: a block of an own slab becomes a free bit, once; nothing that is no block, is free already,
 *           lies beside the one before, or would empty its slab does; nor what is in use otherwise.
 * Does not: run threads against each other; the explorer does.
 */
#include "gather.h"

#include <corral/corral.h>

#include <criterion/criterion.h>

enum { ID = 0, SIZE = 48, SOME = 5 };

static struct cache *cache;
static struct pool *pool;
static struct slab *slab;

static char *block_at(size_t index) {
    return slab_start(slab) + index * SIZE;
}

static bool is_free(size_t index) {
    return *slab_free_word(slab, (unsigned)(index / 64)) >> index % 64 & 1;
}

static bool put(void *block) {
    int64_t net = load_relaxed(&pool->net);
    uint32_t count = slab->free_count;
    bool taken = gather_into_own(cache, pool, block);
    cr_assert_eq(load_relaxed(&pool->net), net - taken);
    cr_assert_eq(slab->free_count, count + taken);
    cr_assert(corral_slab_valid(slab));
    return taken;
}

static void begin(void) {
    corral_free(corral_alloc(SIZE, ID), ID);
    uint32_t number = (ID << CLASS_STRIDE_LOG) + size_class_of(SIZE);
    cache = cache_of_fronts(corral_thread.fronts);
    pool = cache_pool_if(cache, number);
    slab = corral_slab_make(number, cache->identity);
    unsigned word;
    for (uint64_t bits; (bits = corral_slab_take_run_owner(slab, &word)) != 0;) {
        pool_net_add(pool, bits_count(bits));
    }
    cr_assert_eq(slab->free_count, 0);
}

static void end(void) {
    for (size_t i = 0; i < slab->capacity; i++) {
        if (!is_free(i)) {
            corral_slab_put_owner(slab, (unsigned)(i / 64), UINT64_C(1) << i % 64);
            pool_net_add(pool, -1);
        }
    }
    cr_assert(corral_slab_give_back_owner(slab));
    corral_stats stats;
    cr_assert_eq(corral_category_stats(ID, &stats, sizeof stats), CORRAL_OK);
    cr_assert_eq(stats.live_blocks, 0);
}

TestSuite(gather, .init = begin, .fini = end);

Test(gather, makes_a_block_of_an_own_slab_free) {
    cr_assert(put(block_at(SOME)));
    cr_assert(is_free(SOME));
    cr_assert(put(block_at(slab->capacity - 1)));
    cr_assert(is_free(slab->capacity - 1));
}

Test(gather, leaves_what_is_no_block) {
    for (size_t i = 1; i < SIZE; i++) {
        cr_assert_not(put(block_at(SOME) + i));
    }
    cr_assert_not(put(block_at(slab->capacity)), "what is behind the last block");
}

Test(gather, leaves_a_block_that_is_free) {
    cr_assert(put(block_at(SOME)));
    cr_assert_not(put(block_at(SOME)));
    cr_assert(put(block_at(SOME + 2)));
    cr_assert_not(put(block_at(SOME)));
}

Test(gather, leaves_neighbours_of_the_block_before) {
    cr_assert(put(block_at(SOME)));
    cr_assert_not(put(block_at(SOME + 1)));
    cr_assert_not(put(block_at(SOME - 1)));
    cr_assert(put(block_at(SOME + 2)));
}

Test(gather, leaves_the_block_that_would_empty_its_slab) {
    for (size_t first = 0; first < 2; first++) {
        for (size_t i = first; i < slab->capacity; i += 2) {
            if (slab->free_count + 1 < slab->capacity) {
                cr_assert(put(block_at(i)), "block %zu", i);
            } else {
                cr_assert_not(put(block_at(i)));
            }
        }
    }
    cr_assert_eq(slab->free_count, slab->capacity - 1);
}

Test(gather, leaves_blocks_of_slabs_that_are_another_s_or_current) {
    slab_set_owner(slab, 0);
    cr_assert_not(put(block_at(SOME)));
    slab_set_owner(slab, (uint16_t)(cache->identity + 1));
    cr_assert_not(put(block_at(SOME)));
    slab_set_owner(slab, cache->identity);
    struct slab *current = pool->current;
    pool->current = slab;
    cr_assert_not(put(block_at(SOME)));
    pool->current = current;
    cr_assert(put(block_at(SOME)));
}

Test(gather, leaves_blocks_while_a_word_is_open) {
    uint32_t span = pool->open_span;
    pool->open_span = 64 * SIZE;
    cr_assert_not(put(block_at(SOME)));
    pool->open_span = span;
    cr_assert(put(block_at(SOME)));
}
