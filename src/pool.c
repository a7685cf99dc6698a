/* SPDX-License-Identifier: MIT
 *
 * pool: see pool.h.
 *
 * Owns:     nothing of its own; pools lie in caches.
 * Callers:  through pool.h.
 * Promises: as pool.h.
 * Does not: attach or detach threads.
 */
#include "pool.h"

#include "budget.h"
#include "category.h"
#include "check.h"
#include "decay.h"
#include "figures.h"
#include "gate.h"
#include "gather.h"
#include "home.h"
#include "large_unmap.h"
#include "queue.h"
#include "shelf.h"
#include "turn.h"

/* Remote bits that become a list at once: writing all of a slab's returned blocks in one burst
 * overlaps the misses that the caller would else take one by one. The rest become free bits. */
#define BURST_MAX 256u

/* Puts blocks of a word that was just taken back. */
static void put_back(struct pool *pool, unsigned word, uint64_t bits) {
    pool_net_add(pool, -(int64_t)bits_count(bits));
    corral_slab_put_owner(pool->current, word, bits);
}

/* Counts the blocks of a run that was taken, and charges them to the budgets there are. Returns those that may
 * be kept: all; the lowest, where blocks are taken one by one, or no more of them fit; or none. */
static uint64_t counted_run(struct pool *pool, uint32_t category, unsigned word, uint64_t run) {
    uint64_t lowest = run & -run;
    if (control_is_apart(category) && run != lowest) {
        corral_slab_put_owner(pool->current, word, run ^ lowest);
        run = lowest;
    }
    pool_net_add(pool, bits_count(run));
    if (likely(budget_charge(category, (int64_t)bits_count(run) * pool->size))) {
        return run;
    }
    put_back(pool, word, run == lowest ? run : run ^ lowest);
    if (run == lowest) {
        return 0;
    }
    if (corral_budget_charge(category, pool->size)) {
        corral_budget_mine.refused = 0;
        return lowest;
    }
    put_back(pool, word, lowest);
    return 0;
}

/* A block out of the current slab's free bits, after what was gathered of that slab came home: a word
 * is not open and run at once. NULL when there is none, or when none may be had. */
static void *take_run(struct cache *cache, struct pool *pool, uint32_t index) {
    unsigned word;
    if (pool->open_slab == pool->current) {
        corral_gather_send(cache, pool);
    }
    uint64_t run = corral_slab_take_run_owner(pool->current, &word);
    run = run == 0 ? 0 : counted_run(pool, index >> CLASS_STRIDE_LOG, word, run);
    if (run == 0) {
        return NULL;
    }
    cache->ran_front = &cache->fronts[index];
    cache->ran = pool;
    pool->run_word = word;
    pool->run_base = slab_start(pool->current) + (size_t)word * 64 * pool->size;
    /* One block is not a run: it comes home as any other. */
    pool->run_span = (run & (run - 1)) == 0 ? 0 : word_span(pool->current, word, pool->size);
    return pool_take_from_run(pool, run);
}

/* A block out of the current slab's remote bits; the others become the front list. */
static void *take_burst(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    uint32_t category = index >> CLASS_STRIDE_LOG;
    if (HARDENED || control_is_counted(category) || control_is_apart(category)) {
        /* They become free bits, of which as many are taken as may be had. */
        corral_slab_collect_owner(pool->current);
        return take_run(cache, pool, index);
    }
    struct block_list list = corral_slab_collect_list_owner(pool->current, BURST_MAX);
    if (list.length == 0) {
        return NULL;
    }
    pool_net_add(pool, list.length);
    front->head = list.first;
    /* [R:single-writer] */
    store_relaxed(&front->room, front_room(front) - (int32_t)list.length);
    front_pop(front, list.first, pool->size);
    return list.first;
}

/* A new current slab, the last one being let go. False when memory is exhausted. */
static bool next_slab(struct cache *cache, struct pool *pool, uint32_t index) {
    corral_shelf_take(cache, index);
    pool->current = queue_pop(cache, pool);
    if (pool->current == NULL) {
        corral_decay_step();
        corral_large_settle();
        pool->current = corral_slab_make(index, cache->identity);
        corral_figures_note_peak(index >> CLASS_STRIDE_LOG);
    }
    return pool->current != NULL;
}

/* Lets the current slab go when it has nothing to hand out. One that holds a single block goes with
 * it, so that the holder may grow it in place. */
static void let_go(struct cache *cache, struct pool *pool) {
    if (corral_slab_let_go_owner(pool->current, cache->identity)) {
        pool->current = NULL;
        pool_end_run(pool);
    }
}

/* The first block that the current slab and those behind it have; NULL when memory is exhausted, or the
 * category has no more to be had. */
static void *take_from_slabs(struct cache *cache, struct pool *pool, uint32_t index) {
    do {
        while (pool->current != NULL) {
            void *block = take_run(cache, pool, index);
            if (block == NULL && !budget_was_refused()) {
                block = take_burst(cache, pool, index);
            }
            if (block == NULL && budget_was_refused()) {
                return NULL;
            }
            if (block == NULL || pool->current->capacity == 1) {
                let_go(cache, pool);
            }
            if (block != NULL) {
                return block;
            }
        }
    } while (next_slab(cache, pool, index));
    return NULL;
}

CORRAL_NOINLINE void *corral_pool_refill(struct cache *cache, uint32_t index) {
    struct pool *pool = cache_pool(cache, index);
    if (pool == NULL) {
        return NULL;
    }
    home_send_if_recalled(cache, index >> CLASS_STRIDE_LOG);
    struct corral_front *front = &cache->fronts[index];
    counter_add(&pool->refills, 1);
    pool->fit_after = 0;
    if (unlikely(pool->turn != TURN_IN) && corral_home_enter(cache, pool, index)) {
        void *block = front->head;
        front_pop(front, block, pool->size);
        return block;
    }
    if (front_limit(front) == 0) {
        corral_home_grant(cache, index);
    }
    return take_from_slabs(cache, pool, index);
}

static bool was_used(const struct pool *pool) {
    return pool->size != 0;
}

static void send_blocks_home(struct cache *cache) {
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        corral_home_send_category(cache, row->category);
    }
}

static void send_slabs_home(struct cache *cache, struct row *row) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (was_used(&row->pools[i])) {
            corral_home_send_slabs(cache, &row->pools[i]);
            turn_end(&row->pools[i]);
        }
    }
}

void corral_pool_send_category_home(struct cache *cache, uint32_t category) {
    struct row *row = load_relaxed(&cache->rows[category]); /* [R:own] */
    bool within;
    if (row == NULL || !gate_enter(row, &within)) {
        return;
    }
    corral_home_send_category(cache, category);
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (was_used(&row->pools[i])) {
            corral_home_send_slabs(cache, &row->pools[i]);
        }
    }
    gate_leave(row, within);
}

/* Blocks first, of all pools: on their way home they may bring slabs to a pool's queue. */
void corral_pool_send_all_home(struct cache *cache) {
    if (!corral_gate_enter_all(cache)) {
        send_blocks_home(cache);
        return;
    }
    send_blocks_home(cache);
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        send_slabs_home(cache, row);
    }
    turn_reset(cache);
    queue_settle(cache);
    check_debug(cache->front_budget == FRONT_BUDGET && cache->queue_budget == QUEUE_BUDGET);
    corral_gate_leave_all(cache);
    corral_decay_step();
}
