/* SPDX-License-Identifier: MIT
 *
 * turn: a cache's pools that hold something, in a ring, for the hand that looks for idle ones.
 *
 * Owns:     the links of the ring.
 * Callers:  the thread that has the cache.
 * Promises: constant time each. Law: held is the cost of all pools in the ring. A pool out of the
 *           ring has no front list, no run, no open word and no current slab; what it has queued is
 *           in queue_budget.
 * Does not: refuse a pool, or send anything home.
 *
 *   hand ─► pool ─► pool ─► pool ─┐     the hand was at the first one last; a pool that joins comes
 *            ▲──────────────────────┘     behind it and is looked at last
 *
 *   out ── the first refill, or block that comes home ──► in ── the hand ──► laid aside
 *    ▲                                                     ▲   any use ────────┤
 *    └────────────────────────── the hand ─────────────────────────────────────┘
 *
 * The hit paths leave no trace of a pool's use. So the hand sees to it that they are not taken: a
 * pool that is laid aside has an empty front list without room and no run, and whoever uses it next
 * comes to refill, or home with a block, which take it up again.
 *
 * What the pools in the ring may cost begins with HOLD_LEAST. A pool that comes back, and would not
 * have been put out had all of HOLD_BUDGET been allowed, shows that the thread uses more than that
 * by turns, and raises it; a pool that comes for the first time, or after long, lowers it. Without
 * this, a thread that uses a few more pools in a circle than are allowed would meet each of them
 * put out.
 */
#ifndef CORRAL_TURN_H
#define CORRAL_TURN_H

#include "cache.h"

/* Pools that the hand looks at, at most, for each slab that a pool costs that joins. A pool goes at
 * the second look, and before that, pools join that cost this part of what the ring does: so much
 * is spared for them. */
#define TURN_LOOKS 8u

/* What a pool in the ring costs: a unit, which its current slab is, or its open word keeps from
 * going back. A pool of a class of which a unit has one block holds a front list at most, all of whose
 * bytes are in front_budget: it counts as a slab, for the looks at it, or 0 when it may have no front
 * list; then it does not join. */
CORRAL_FAST ptrdiff_t turn_cost(uint32_t pool) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    uint32_t slabs = size_class->capacity > 1 ? size_class->slabs : size_class->front_max > 0;
    return (ptrdiff_t)slabs << SLAB_SHIFT;
}

/* May the ring cost so much more? An empty one may. */
CORRAL_FAST bool turn_has_room(const struct cache *cache, ptrdiff_t cost) {
    ptrdiff_t most = cache->allowed - cache->allowed / (ptrdiff_t)TURN_LOOKS;
    return cache->held + cost <= most || cache->turns == 0;
}

/* Lets more, or less, stay, by where a pool comes from that is about to join. */
void corral_turn_learn(struct cache *cache, const struct pool *pool, ptrdiff_t cost);
/* Puts a pool into the ring. */
void corral_turn_join(struct cache *cache, struct pool *pool, uint32_t index);
/* Takes the pool that the hand comes to next out of the ring. */
void corral_turn_leave_next(struct cache *cache);

/* A pool that is laid aside and used again says that the thread uses more than its budget has room for:
 * then few of those that are refused room move the hand. Some that the hand meets without that say that
 * there is something to be had. */
#define PATIENCE_MOST 6u
#define PATIENCE_MET  8u

CORRAL_FAST void turn_was_in_vain(struct cache *cache) {
    cache->patience += cache->patience < PATIENCE_MOST;
    cache->met = 0;
}

CORRAL_FAST void turn_met(struct cache *cache) {
    if (++cache->met == PATIENCE_MET) {
        cache->patience -= cache->patience > 0;
        cache->met = 0;
    }
}

/* Counts a pool that was refused room in its front list. May the hand move on? */
CORRAL_FAST bool turn_may_look(struct cache *cache) {
    cache->refused++;
    if (cache->refused >> cache->patience == 0) {
        return false;
    }
    cache->refused = 0;
    return true;
}

/* The pool that the hand comes to next. There is one. */
CORRAL_FAST uint32_t turn_next(const struct cache *cache) {
    return cache_pool_if(cache, cache->hand)->turn_next;
}

/* Empties the ring, of whose pools each is told. */
CORRAL_FAST void turn_reset(struct cache *cache) {
    cache->turns = 0;
    cache->held = 0;
    cache->allowed = HOLD_LEAST;
    cache->refused = 0;
    cache->patience = 0;
    cache->met = 0;
}

CORRAL_FAST void turn_end(struct pool *pool) {
    pool->out_at = 0;
    pool->turn = TURN_OUT;
    pool->fit_after = 0;
    pool->limit_then = 0;
    pool->gone = false;
}

#endif
