/* SPDX-License-Identifier: MIT
 *
 * queue: a pool's slabs that have free blocks and are not its current one.
 *
 * Owns:     the links of queued slabs.
 * Callers:  the owner of pool and slabs.
 * Promises: constant time each. Law: queued = length of the list; a slab is linked at most once.
 * Does not: choose.
 */
#ifndef CORRAL_QUEUE_H
#define CORRAL_QUEUE_H

#include "cache.h"
#include "check.h"
#include "slab.h"

CORRAL_FAST void queue_push(struct pool *pool, struct slab *slab) {
    check_debug(!slab->queued);
    slab->queued = true;
    slab->previous = NULL;
    slab->next = pool->queue;
    if (pool->queue != NULL) {
        pool->queue->previous = slab;
    }
    pool->queue = slab;
    pool->queued++;
}

CORRAL_FAST void queue_remove(struct pool *pool, struct slab *slab) {
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
    pool->queued--;
}

CORRAL_FAST struct slab *queue_pop(struct pool *pool) {
    struct slab *slab = pool->queue;
    if (slab != NULL) {
        queue_remove(pool, slab);
    }
    return slab;
}

/* Gives a queued slab back to its arena when all its blocks are home, unless a sender may still
 * touch it. */
CORRAL_FAST void queue_give_back_if_empty(struct pool *pool, struct slab *slab) {
    if (slab->free_count < slab->capacity) {
        return;
    }
    queue_remove(pool, slab);
    if (!corral_slab_give_back_owner(slab)) {
        queue_push(pool, slab);
    }
}

#endif
