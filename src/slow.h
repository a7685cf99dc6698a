/* SPDX-License-Identifier: MIT
 *
 * slow: alloc where it is not a hit, and what the other doors share with it.
 *
 * Owns:     nothing. The three functions that an allocation's hit may end in are declared in corral/hit.h.
 * Callers:  alloc, block, batch, on the calling thread.
 * Promises: each decision is in the order of the outline in alloc.c.
 * Does not: free (slow_free.h).
 */
#ifndef CORRAL_SLOW_H
#define CORRAL_SLOW_H

#include "category.h"
#include "thread.h"

/* A block of `size` bytes of the category whose first pool is `pool_base`. NULL with errno ENOMEM.
 * *zero tells whether its content is known to be zero. */
void *corral_alloc_from(size_t size, uint32_t pool_base, bool *zero);
/* The same, where a hit was not tried yet and nobody asks for zeros. */
void *corral_alloc_of(size_t size, uint32_t pool_base);
/* The same from the backend, at a multiple of `alignment`. */
void *corral_alloc_large(size_t size, size_t alignment, uint32_t category, bool *zero);
/* The same of a class that holds sizes up to BLOCK_MAX. The caller counts what was asked for. */
void *corral_alloc_pool(uint32_t pool);
/* The calling thread's part of a category and class, for a caller that counts blocks in it; NULL when the thread
 * can have none. */
struct pool *corral_pool_of_thread(uint32_t pool);
/* The first pool of the category of an id. */
uint32_t corral_pool_base(uint32_t id);

/* Counts, at figures level 2, what was asked for in a block, or NULL, of a pool. A thread that has no cache has no
 * front lists to count by. */
CORRAL_FAST void *alloc_count(void *block, size_t size, uint32_t pool) {
    struct cache *cache = thread_cache();
    if (CORRAL_FIGURES_LEVEL >= 2 && block != NULL) {
        if (likely(thread_is_attached(cache))) {
            corral_hit_count_requested(&cache->fronts[pool], size);
        } else {
            category_count_requested(pool >> CLASS_STRIDE_LOG, size);
        }
    }
    return block;
}

#endif
