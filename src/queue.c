/* SPDX-License-Identifier: MIT
 *
 * queue: see queue.h.
 *
 * Owns:     the count of what is lent.
 * Callers:  through queue.h.
 * Promises: wait-free: one addition each.
 * Does not: wait for a loan.
 */
#include "queue.h"

static _Atomic ptrdiff_t lent_bytes;

CORRAL_NOINLINE void corral_queue_borrow(struct cache *cache) {
    if (load_relaxed(&lent_bytes) + QUEUE_LOAN > QUEUE_SHARED) { /* [R:hint] */
        return;
    }
    /* [R:hint] */
    if (fetch_add_relaxed(&lent_bytes, QUEUE_LOAN) + QUEUE_LOAN > QUEUE_SHARED) {
        fetch_sub_relaxed(&lent_bytes, QUEUE_LOAN); /* [R:hint] */
        return;
    }
    cache->queue_loans++;
    cache->queue_budget += QUEUE_LOAN;
}

CORRAL_NOINLINE void corral_queue_repay(struct cache *cache) {
    while (cache->queue_loans > 0 && cache->queue_budget >= QUEUE_LOAN + QUEUE_BUDGET / 2) {
        cache->queue_loans--;
        cache->queue_budget -= QUEUE_LOAN;
        fetch_sub_relaxed(&lent_bytes, QUEUE_LOAN); /* [R:hint] */
    }
}

CORRAL_NOINLINE void corral_queue_settle(struct cache *cache) {
    ptrdiff_t bytes = load_relaxed(&cache->unqueued); /* [R:hint] */
    fetch_sub_relaxed(&cache->unqueued, bytes);       /* [R:hint] */
    cache->queue_budget += bytes;
    corral_queue_repay(cache);
}
