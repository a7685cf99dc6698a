/* SPDX-License-Identifier: MIT
 *
 * pool: where a front list's blocks come from.
 *
 * Owns:     refill, and the end of a cache.
 * Callers:  the thread that has the cache.
 * Promises: a refill looks at a bounded number of slabs, but for arenas without a free one.
 * Does not: look at the calling thread: every function is told the cache.
 *
 *   refill: the run → the current slab's next word → its remote bits, as a list → the queue
 *           → the shelf → a new slab
 */
#ifndef CORRAL_POOL_H
#define CORRAL_POOL_H

#include "front.h"

/* The way out of an empty front list and run. NULL when memory is exhausted, or a budget (budget.h). May call
 * the OS. */
void *corral_pool_refill(struct cache *cache, uint32_t pool);
/* Sends home all that the cache holds in front lists, runs and open words, and gives empty slabs
 * back: the cache is ready to be an orphan. While a category is reset of which it has pools, it keeps what it has
 * of that, and the slabs of all pools, for whoever has it next. */
void corral_pool_send_all_home(struct cache *cache);

/* Sends home what the cache has at hand of a category, and gives the slabs of its pools back, or to their shelves. Not
 * while the category is reset. */
void corral_pool_send_category_home(struct cache *cache, uint32_t category);

/* The next block of the run, which is not empty. The run's next one is fetched: the next allocation of the
 * pool hands it out, as a rule after others of other pools. */
CORRAL_FAST void *pool_take_from_run(struct pool *pool, uint64_t run) {
    uint32_t size = pool->size;
    uint64_t rest = run & (run - 1);
    void *block = pool->run_base + bits_lowest(run) * size;
    store_relaxed(&pool->run, rest); /* [R:single-writer] */
    pool->fit_after = 0;
    if (rest != 0) {
        __builtin_prefetch(pool->run_base + bits_lowest(rest) * size, 1);
    }
    unpoison(block, size);
    return block;
}

#endif
