/* SPDX-License-Identifier: MIT
 *
 * queue: a pool's slabs that have free blocks and are not its current one.
 *
 * Owns:     the links of queued slabs.
 * Callers:  the owner of pool and slabs.
 * Promises: constant time each. Law: queued = length of the list; a slab is linked at most once.
 * Does not: look into the slabs.
 */
#ifndef CORRAL_QUEUE_H
#define CORRAL_QUEUE_H

#include "cache.h"
#include "check.h"

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

#endif
