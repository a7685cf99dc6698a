/* SPDX-License-Identifier: MIT
 *
 * pool: see pool.h.
 *
 * Owns:     nothing of its own; pools lie in caches.
 * Callers:  through pool.h.
 * Promises: as pool.h.
 * Does not: attach or detach threads.
 */
#include "pool.h"

#include "category.h"
#include "decay.h"
#include "figures.h"
#include "home.h"
#include "queue.h"
#include "shelf.h"

/* Remote bits that become a list at once: writing all of a slab's returned blocks in one burst
 * overlaps the misses that the caller would else take one by one. The rest become free bits. */
#define BURST_MAX 256u

static void end_run(struct pool *pool) {
    pool->run_span = 0;
    store_relaxed(&pool->run, 0); /* [R:single-writer] */
}

/* A block out of the current slab's free bits, after what was gathered of that slab came home: a word
 * is not open and run at once. NULL when there is none. */
static void *take_run(struct cache *cache, struct pool *pool) {
    unsigned word;
    if (pool->open_slab == pool->current) {
        corral_home_send_open(cache, pool);
    }
    uint64_t run = corral_slab_take_run_owner(pool->current, &word);
    if (run == 0) {
        return NULL;
    }
    pool_net_add(pool, bits_count(run));
    pool->run_word = word;
    pool->run_base = slab_start(pool->current) + (size_t)word * 64 * pool->size;
    pool->run_span = word_span(pool->current, word, pool->size);
    return pool_take_from_run(pool, run);
}

/* A block out of the current slab's remote bits; the others become the front list. */
static void *take_burst(struct pool *pool, struct corral_front *front) {
    struct block_list list = corral_slab_collect_list_owner(pool->current, BURST_MAX);
    if (list.length == 0) {
        return NULL;
    }
    pool_net_add(pool, list.length);
    front->head = list.first;
    /* [R:single-writer] */
    store_relaxed(&front->room, front_room(front) - (int32_t)list.length);
    front_pop(front, list.first, pool->size);
    return list.first;
}

/* A new current slab, the last one being let go. False when memory is exhausted. */
static bool next_slab(struct cache *cache, struct pool *pool, uint32_t index) {
    corral_shelf_take(cache, index);
    pool->current = queue_pop(cache, pool);
    if (pool->current == NULL) {
        corral_decay_step();
        pool->current = corral_slab_make(index, cache->identity);
        corral_figures_note_peak(index >> CLASS_STRIDE_LOG);
    }
    return pool->current != NULL;
}

/* Lets the current slab go when it has nothing to hand out. One that holds a single block goes with
 * it, so that the holder may grow it in place. */
static void let_go(struct cache *cache, struct pool *pool) {
    if (corral_slab_let_go_owner(pool->current, cache->identity)) {
        pool->current = NULL;
        end_run(pool);
    }
}

CORRAL_NOINLINE void *corral_pool_refill(struct cache *cache, uint32_t index) {
    struct pool *pool = cache_pool(cache, index);
    if (pool == NULL) {
        return NULL;
    }
    struct corral_front *front = &cache->fronts[index];
    counter_add(&pool->refills, 1);
    pool->fit_after = 0;
    if (front_limit(front) == 0) {
        corral_front_grant(cache, index);
    }
    do {
        while (pool->current != NULL) {
            void *block = take_run(cache, pool);
            block = block != NULL ? block : take_burst(pool, front);
            if (block == NULL || pool->current->capacity == 1) {
                let_go(cache, pool);
            }
            if (block != NULL) {
                return block;
            }
        }
    } while (next_slab(cache, pool, index));
    return NULL;
}

/* Puts what is left of the run back into its slab, which is the current one. */
static void run_home(struct pool *pool) {
    uint64_t run = load_relaxed(&pool->run); /* [R:single-writer] */
    if (run == 0) {
        return;
    }
    end_run(pool);
    pool_net_add(pool, -(int64_t)bits_count(run));
    corral_slab_put_owner(pool->current, pool->run_word, run);
}

/* As many as the list is long by its count, and no more: a block freed twice may have made a ring of
 * it, of which each block comes home once. */
static void front_home(struct cache *cache, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    int32_t length = (int32_t)front_limit(front) - front_room(front);
    for (; length > 0 && front->head != NULL; length--) {
        void *block = front->head;
        front->head = link_get(block);
        store_relaxed(&front->room, front_room(front) + 1); /* [R:single-writer] */
        corral_home(cache, block, index);
    }
    front->head = NULL;
    store_relaxed(&front->room, 0);  /* [R:single-writer] */
    store_relaxed(&front->limit, 0); /* [R:single-writer] */
}

/* Sends home what a pool holds apart from slabs. */
static void blocks_home(struct cache *cache, struct pool *pool, uint32_t index) {
    front_home(cache, index);
    run_home(pool);
    corral_home_send_open(cache, pool);
}

static void slabs_home(struct cache *cache, struct pool *pool) {
    struct slab *slab = pool->current;
    pool->current = NULL;
    end_run(pool);
    for (; slab != NULL || (slab = queue_pop(cache, pool)) != NULL; slab = NULL) {
        corral_shelf_place(cache, false, slab);
    }
}

/* Blocks first, of all pools: on their way home they may bring slabs to a pool's queue. */
void corral_pool_send_all_home(struct cache *cache) {
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        uint32_t base = row->category << CLASS_STRIDE_LOG;
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            blocks_home(cache, &row->pools[i], base + i);
        }
    }
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            slabs_home(cache, &row->pools[i]);
        }
    }
    cache->front_budget = FRONT_BUDGET;
    corral_decay_step();
}
