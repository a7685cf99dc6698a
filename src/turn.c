/* SPDX-License-Identifier: MIT
 *
 * turn: see turn.h.
 *
 * Owns:     nothing of its own; pools lie in caches.
 * Callers:  through turn.h.
 * Promises: as turn.h.
 * Does not: move the hand.
 */
#include "turn.h"

#include "check.h"

/* What is allowed moves by this part of a pool's cost: all pools have to come back so many times
 * until all may stay. Once would be too few: a thread frees what it allocated once. */
#define TURN_STEP 16

void corral_turn_learn(struct cache *cache, const struct pool *pool, ptrdiff_t cost) {
    ptrdiff_t since = (ptrdiff_t)(cache->put_out - pool->out_at) << SLAB_SHIFT;
    bool back = pool->out_at != 0 && since < HOLD_BUDGET;
    ptrdiff_t allowed = cache->allowed + (back ? cost : -cost) / TURN_STEP;
    allowed = allowed < HOLD_BUDGET ? allowed : HOLD_BUDGET;
    cache->allowed = allowed > HOLD_LEAST ? allowed : HOLD_LEAST;
}

void corral_turn_join(struct cache *cache, struct pool *pool, uint32_t index) {
    check_debug(pool->turn == TURN_OUT);
    struct pool *last = cache->turns == 0 ? pool : cache_pool_if(cache, cache->hand);
    pool->turn_next = cache->turns == 0 ? index : last->turn_next;
    last->turn_next = index;
    pool->turn = TURN_IN;
    cache->hand = index;
    cache->turns++;
    cache->held += turn_cost(index);
}

void corral_turn_leave_next(struct cache *cache) {
    struct pool *last = cache_pool_if(cache, cache->hand);
    uint32_t index = last->turn_next;
    struct pool *pool = cache_pool_if(cache, index);
    last->turn_next = pool->turn_next;
    cache->turns--;
    cache->held -= turn_cost(index);
    cache->put_out += (uint32_t)(turn_cost(index) >> SLAB_SHIFT);
    pool->out_at = cache->put_out;
    pool->turn = TURN_OUT;
}
