/* SPDX-License-Identifier: MIT
 *
 * pool: where a front list's blocks come from, and where they go when it is full.
 *
 * Owns:     refill, the way home, the limits of front lists, the end of a cache.
 * Callers:  the thread that has the cache.
 * Promises: a refill looks at a bounded number of slabs, but for arenas without a free one; going
 *           home takes constant time but for waking or emptying a slab (shelf.h); nothing is flushed
 *           in bulk while a thread lives.
 * Does not: look at the calling thread: every function is told the cache.
 *
 *   refill: the run → the current slab's next word → its remote bits, as a list → the queue
 *           → the shelf → a new slab
 *   home:   own slab: a free bit. Another's: a bit of the open word, sent when the word is full,
 *           replaced, or worth OPEN_BYTES.
 */
#ifndef CORRAL_POOL_H
#define CORRAL_POOL_H

#include "cache.h"
#include "block_link.h"
#include "slab.h"

/* A block that is worth this much is sent home at once; smaller ones gather up to it. */
#define OPEN_BYTES ((uint32_t)(16 * KIB))

/* The way out of an empty front list and run. NULL when memory is exhausted. May call the OS. */
void *corral_pool_refill(struct cache *cache, uint32_t pool);
/* Sends a block of the pool's category and class home. Runs the misuse policy when the address is
 * no block, or the block is free already. */
void corral_pool_home(struct cache *cache, void *block, uint32_t pool);
/* The same for a thread that has no cache. */
void corral_pool_home_alone(void *block);
/* Sends home all that the cache holds in front lists, runs and open words, and gives empty slabs
 * back: the cache is ready to be an orphan. */
void corral_pool_send_all_home(struct cache *cache);

/* Takes `block`, the front list's first. */
CORRAL_FAST void front_pop(struct front *front, void *block, uint32_t size) {
    front->head = link_get(block);
    store_relaxed(&front->room, load_relaxed(&front->room) + 1); /* [R:single-writer] */
    unpoison(block, size);
}

/* room: what front_room told, above 0. */
CORRAL_FAST void front_push(struct front *front, int32_t room, void *block, uint32_t size) {
    link_set(block, front->head);
    front->head = block;
    store_relaxed(&front->room, room - 1); /* [R:single-writer] */
    poison(block, size);
}

/* How many blocks the front list takes in; none when it is not above 0. */
CORRAL_FAST int32_t front_room(const struct front *front) {
    return load_relaxed(&front->room); /* [R:single-writer] */
}

/* The next block of the run. The run is not empty. */
CORRAL_FAST void *pool_take_from_run(struct pool *pool, uint64_t run) {
    void *block = pool->run_base + (size_t)bits_lowest(run) * pool->size;
    store_relaxed(&pool->run, run & (run - 1)); /* [R:single-writer] */
    pool->missed = true;
    unpoison(block, pool->size);
    return block;
}

#endif
