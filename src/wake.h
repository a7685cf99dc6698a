/* SPDX-License-Identifier: MIT
 *
 * wake: how a slab that others filled with free blocks comes to a cache that can use it.
 *
 * Owns:     the woken stacks.
 * Callers:  who sends blocks home (deliver); refill and whoever else has time (settle).
 * Promises: between threads there is only push and take-all. A stack whose cache idles, or has no
 *           thread, is taken over by whoever passes its bound, so what waits there is bounded.
 * Does not: settle more than it is asked to.
 *
 * Synchronization (row beside column):
 *               push      take_all
 *   push        CAS       any          push fails only when another push or a take-all succeeded
 *   take_all    any       exchange     no pop of one, so no ABA
 */
#ifndef CORRAL_WAKE_H
#define CORRAL_WAKE_H

#include "cache.h"

/* A stack of this many bytes is taken by whoever pushes beyond it. */
#define WOKEN_BYTES (16 * SLAB_BYTES)

/* Sends blocks of a pool home to a slab of another owner, or of none, and, if that wakes the slab,
 * brings it to the cache it names; if it was the last of a slab whose owner's thread has left, gives
 * the slab back. cache: the caller's, or NULL for a thread that has none. */
void corral_wake_send(struct cache *cache, uint32_t pool, struct slab *slab, unsigned word,
                      uint64_t bits);
/* Settles up to `most` slabs that were woken for `cache`: each is queued in its pool, or given back
 * when it is empty, or let go again when the pool has enough. Returns how many found a place. */
unsigned corral_wake_settle(struct cache *cache, unsigned most);

/* Takes a whole woken stack and puts it before what `cache` has not settled yet. */
void corral_wake_take_over(struct cache *cache, struct cache *from);

CORRAL_FAST bool wake_pending(const struct cache *cache) {
    return cache->woken_private != NULL || load_relaxed(&cache->woken) != NULL; /* [R:poll] */
}

#endif
