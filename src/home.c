/* SPDX-License-Identifier: MIT
 *
 * home: see home.h.
 *
 * Owns:     nothing of its own; pools lie in caches.
 * Callers:  through home.h.
 * Promises: as home.h.
 * Does not: touch a block.
 */
#include "home.h"

#include "control.h"
#include "gate.h"
#include "gather.h"
#include "misuse.h"
#include "queue.h"
#include "shelf.h"
#include "turn.h"

/* When so many blocks of front lists went home for each slab of the pool that joins, the hand
 * rests. */
#define SEND_MOST 256u

/* Gives a pool that was laid aside its front list again. */
static void take_up(struct cache *cache, struct pool *pool, uint32_t index) {
    if (pool->turn == TURN_LAID) {
        cache->fronts[index].head = pool->aside;
        pool->aside = NULL;
        pool->turn = TURN_IN;
    }
}

/* Puts what is left of the run back into its slab, which is the current one. */
static void run_home(struct pool *pool) {
    uint64_t run = load_relaxed(&pool->run); /* [R:single-writer] */
    if (run == 0) {
        return;
    }
    pool_end_run(pool);
    pool_net_add(pool, -(int64_t)bits_count(run));
    corral_slab_put_owner(pool->current, pool->run_word, run);
}

/* As many as the list is long by its count, and no more: a block freed twice may have made a ring
 * of it, of which each block comes home once. */
static void front_home(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    pool->fit_after = 0; /* none of its blocks is freed by a caller */
    int32_t length = (int32_t)front_limit(front) - front_room(front);
    for (; length > 0 && front->head != NULL; length--) {
        void *block = front->head;
        front->head = front_next(block);
        store_relaxed(&front->room, front_room(front) + 1); /* [R:single-writer] */
        corral_home(cache, block, index);
    }
    front->head = NULL;
    cache->front_budget += (size_t)front_limit(front) * pool->size;
    store_relaxed(&front->room, 0);  /* [R:single-writer] */
    store_relaxed(&front->limit, 0); /* [R:single-writer] */
}

void corral_home_send_blocks(struct cache *cache, struct pool *pool, uint32_t index) {
    take_up(cache, pool, index);
    front_home(cache, pool, index);
    run_home(pool);
    corral_gather_send(cache, pool);
}

void corral_home_send_category(struct cache *cache, uint32_t category) {
    struct row *row = load_relaxed(&cache->rows[category]); /* [R:own] */
    bool within;
    if (row == NULL || !gate_enter(row, &within)) {
        return;
    }
    row->recalls = control_recalls(category);
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (row->pools[i].size != 0) {
            corral_home_send_blocks(cache, &row->pools[i], (category << CLASS_STRIDE_LOG) + i);
        }
    }
    gate_leave(row, within);
}

void corral_home_send_slabs(struct cache *cache, struct pool *pool) {
    struct slab *slab = pool->current;
    pool->current = NULL;
    pool_end_run(pool);
    for (; slab != NULL || (slab = queue_pop(cache, pool)) != NULL; slab = NULL) {
        corral_shelf_place(cache, false, slab);
    }
}

/* Leaves a pool nothing that a hit could use. It has its slab, and its front list for later. */
static void lay_aside(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    corral_gather_send(cache, pool);
    run_home(pool);
    corral_front_trim(cache, index);
    pool->aside = front->head;
    front->head = NULL;
    pool->fit_after = 0;
    pool->turn = TURN_LAID;
}

/* Sends home all that a pool holds that was laid aside and not used since. Returns the number of
 * its front list's blocks. */
static uint32_t put_out(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    int32_t length = (int32_t)front_limit(front) - front_room(front);
    corral_home_send_blocks(cache, pool, index);
    corral_home_send_slabs(cache, pool);
    return length > 0 ? (uint32_t)length : 0;
}

/* Lays the pool that the hand comes to next aside, or puts it out. Returns how many blocks of front lists went
 * home. */
static uint32_t look_at(struct cache *cache, struct pool *pool, uint32_t index) {
    if (pool->turn == TURN_IN) {
        lay_aside(cache, pool, index);
        cache->hand = index;
        return 0;
    }
    uint32_t sent = put_out(cache, pool, index);
    corral_turn_leave_next(cache);
    return sent;
}

/* Moves the hand on by one pool, which it passes over while its category is reset. */
static uint32_t look(struct cache *cache) {
    uint32_t index = turn_next(cache);
    struct row *row = load_relaxed(&cache->rows[index >> CLASS_STRIDE_LOG]); /* [R:own] */
    bool within;
    turn_met(cache);
    if (unlikely(!gate_enter(row, &within))) {
        cache->hand = index;
        return 0;
    }
    uint32_t sent = look_at(cache, &row->pools[index & (CLASS_STRIDE - 1)], index);
    gate_leave(row, within);
    return sent;
}

void corral_home_look(struct cache *cache) {
    look(cache);
}

/* Moves the hand on, before a pool joins the ring. */
static void make_room(struct cache *cache, ptrdiff_t cost) {
    uint32_t slabs = (uint32_t)(cost >> SLAB_SHIFT);
    uint32_t sent = 0;
    uint32_t looks = slabs * TURN_LOOKS;
    for (; looks > 0 && sent < slabs * SEND_MOST && !turn_has_room(cache, cost); looks--) {
        sent += look(cache);
    }
}

/* Before a pool's first use. */
CORRAL_SLOW static void begin(struct cache *cache, struct pool *pool, uint32_t index) {
    /* [R:own] */
    row_use(load_relaxed(&cache->rows[index >> CLASS_STRIDE_LOG]), index & (CLASS_STRIDE - 1));
    const struct size_class *size_class = &corral_classes[index & (CLASS_STRIDE - 1)];
    pool->size = size_class->size;
    pool->reciprocal = size_class->reciprocal;
}

CORRAL_NOINLINE bool corral_home_enter(struct cache *cache, struct pool *pool, uint32_t index) {
    ptrdiff_t cost = turn_cost(index);
    if (unlikely(pool->size == 0)) {
        begin(cache, pool, index);
    }
    if (pool->turn == TURN_OUT && cost > 0) {
        corral_turn_learn(cache, pool, cost);
        make_room(cache, cost);
        corral_turn_join(cache, pool, index);
    }
    if (pool->turn == TURN_LAID) {
        turn_was_in_vain(cache);
    }
    pool->turn = pool->turn == TURN_OUT ? TURN_IN : pool->turn;
    take_up(cache, pool, index);
    return cache->fronts[index].head != NULL;
}

void corral_home_grant(struct cache *cache, uint32_t index) {
    uint32_t before = front_limit(&cache->fronts[index]);
    corral_front_grant(cache, index);
    if (front_limit(&cache->fronts[index]) > before || before >= front_most(index)) {
        return;
    }
    if (!turn_may_look(cache)) {
        return;
    }
    if (turn_next(cache) == index) {
        cache->hand = index; /* it is in use */
    } else {
        look(cache);
    }
}

/* A front list that was empty since it was last full is too short for what comes and goes. One that
 * was not, while as many blocks as it may hold went past it, holds blocks that nobody asked for: they
 * keep their slabs from emptying, so each block that comes home takes one of them along; until one finds
 * that the list was used meanwhile, which leaves it alone for as many again. When the list has none any
 * more, and many more blocks follow, one as long as it was would not have served the next allocations for
 * long: then it is not to begin with that again. */
static void fit_front(struct cache *cache, struct pool *pool, uint32_t index) {
    const struct corral_front *front = &cache->fronts[index];
    if (control_is_apart(index >> CLASS_STRIDE_LOG)) {
        pool->fit_after = 0;
        return;
    }
    if (pool->fit_after == 0) {
        pool->gone = false;
        /* A pool without a list asks for one when it is refilled: its run may do. */
        if (front_limit(&cache->fronts[index]) == 0) {
            corral_front_grant(cache, index);
        } else {
            corral_home_grant(cache, index);
        }
        pool->fit_after = front_limit(front) + 1;
        pool->top = NULL;
        return;
    }
    /* A list of which each block leaves in turn is never as it was. */
    if (!HARDENED && pool->top != NULL && front->head != pool->top) {
        pool->fit_after = front_limit(front) + 1;
        pool->top = front->head;
        return;
    }
    void *block = corral_front_shorten(cache, index);
    if (block != NULL) {
        pool->top = front->head;
        gather_put(cache, pool, block, index);
    } else if (pool->limit_then > 0 && !pool->gone) {
        pool->gone = true;
        pool->fit_after = GONE_MOST * pool->limit_then;
    } else {
        pool->fit_after = UINT32_MAX - GONE_MOST * pool->limit_then;
        pool->limit_then = 0;
    }
}

CORRAL_NOINLINE static void put_home_and_fit(struct cache *cache, struct pool *pool, void *block,
                                             uint32_t index) {
    home_send_if_recalled(cache, index >> CLASS_STRIDE_LOG);
    if (unlikely(pool->turn != TURN_IN)) {
        corral_home_enter(cache, pool, index);
    }
    fit_front(cache, pool, index);
    gather_put(cache, pool, block, index);
}

CORRAL_NOINLINE void corral_home(struct cache *cache, void *block, uint32_t index) {
    struct pool *pool = cache_pool(cache, index);
    if (unlikely(pool == NULL)) {
        corral_home_alone(block);
        return;
    }
    if (unlikely(pool->turn != TURN_IN)) {
        corral_home_enter(cache, pool, index);
    }
    gather_put(cache, pool, block, index);
}

CORRAL_NOINLINE void corral_home_from_full(struct cache *cache, void *block, uint32_t index) {
    struct pool *pool = cache_pool_if(cache, index);
    if (unlikely(pool == NULL)) {
        corral_home(cache, block, index);
    } else if (unlikely(pool->fit_after <= 1)) {
        put_home_and_fit(cache, pool, block, index);
    } else {
        pool->fit_after--;
        gather_put(cache, pool, block, index);
    }
}

CORRAL_SLOW void corral_home_alone(void *block) {
    struct slab *slab = slab_of(block);
    uint32_t at;
    if (!slab_find_block(slab, block, &at)) {
        corral_misuse(MISUSE_FOREIGN, block, slab->pool);
        return;
    }
    slab_count_stray(slab, -1);
    poison(block, slab_class(slab)->size);
    corral_shelf_send(NULL, slab, at / 64, UINT64_C(1) << (at % 64));
}
