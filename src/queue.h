/* SPDX-License-Identifier: MIT
 *
 * queue: a pool's slabs that have free blocks and are not its current one.
 *
 * Owns:     the links of queued slabs; what all threads may borrow.
 * Callers:  the owner of pool and slabs.
 * Promises: constant time each. Law: the bytes of all slabs in a cache's queues, its queue_budget, and what resets
 *           took out of queues and it has not settled, make QUEUE_BUDGET and what it borrowed; a slab is linked at most once. All threads
 *           borrow QUEUE_SHARED at most, and give back what they have no use for as their queues get
 *           shorter.
 * Does not: refuse a slab: who takes one off a shelf for itself goes beyond the budget by that one. A
 *           thread that is stopped for ever keeps what it borrowed; so do, in the child of a fork, the
 *           parent's other threads.
 */
#ifndef CORRAL_QUEUE_H
#define CORRAL_QUEUE_H

#include "cache.h"
#include "check.h"
#include "slab.h"

CORRAL_FAST ptrdiff_t queue_bytes(const struct slab *slab) {
    return (ptrdiff_t)slab->slabs << SLAB_SHIFT;
}

/* A thread borrows so much at a time. */
#define QUEUE_LOAN ((ptrdiff_t)(1024 * KIB))

/* Raises the budget by a loan, if there is one left. */
void corral_queue_borrow(struct cache *cache);
/* Gives back loans, but for as much as the next slabs need. */
void corral_queue_repay(struct cache *cache);

/* Has what resets took out of the queues in the budget again. */
void corral_queue_settle(struct cache *cache);

CORRAL_FAST void queue_settle(struct cache *cache) {
    if (unlikely(load_relaxed(&cache->unqueued) != 0)) { /* [R:hint] */
        corral_queue_settle(cache);
    }
}

/* Does the thread's budget allow one more slab to wait? */
CORRAL_FAST bool queue_has_room(struct cache *cache, const struct slab *slab) {
    if (likely(cache->queue_budget >= queue_bytes(slab))) {
        return true;
    }
    queue_settle(cache);
    return cache->queue_budget >= queue_bytes(slab);
}

/* The same, after it borrowed, if need be and of use. Who does not queue the slab then repays. */
CORRAL_FAST bool queue_finds_room(struct cache *cache, const struct slab *slab) {
    if (unlikely(!queue_has_room(cache, slab)) &&
        cache->queue_budget + QUEUE_LOAN >= queue_bytes(slab)) {
        corral_queue_borrow(cache);
    }
    return queue_has_room(cache, slab);
}

CORRAL_FAST void queue_push(struct cache *cache, struct pool *pool, struct slab *slab) {
    check_debug(!slab->queued);
    slab->queued = true;
    slab->previous = NULL;
    slab->next = pool->queue;
    if (pool->queue != NULL) {
        pool->queue->previous = slab;
    }
    pool->queue = slab;
    cache->queue_budget -= queue_bytes(slab);
}

CORRAL_FAST void queue_remove(struct cache *cache, struct pool *pool, struct slab *slab) {
    check_debug(slab->queued);
    slab->queued = false;
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        pool->queue = slab->next;
    }
    if (slab->next != NULL) {
        slab->next->previous = slab->previous;
    }
    cache->queue_budget += queue_bytes(slab);
    if (unlikely(cache->queue_loans > 0)) {
        corral_queue_repay(cache);
    }
}

CORRAL_FAST struct slab *queue_pop(struct cache *cache, struct pool *pool) {
    struct slab *slab = pool->queue;
    if (slab != NULL) {
        queue_remove(cache, pool, slab);
    }
    return slab;
}

/* Gives a queued slab back to its arena when all its blocks are home, unless a sender may still
 * touch it. */
CORRAL_FAST void queue_give_back_if_empty(struct cache *cache, struct pool *pool,
                                          struct slab *slab) {
    if (slab->free_count < slab->capacity) {
        return;
    }
    queue_remove(cache, pool, slab);
    if (!corral_slab_give_back_owner(slab)) {
        queue_push(cache, pool, slab);
    }
}

#endif
