/* SPDX-License-Identifier: MIT
 *
 * reset: everything of a category goes back at once.
 *
 * Owns:     nothing.
 * Callers:  a program's thread, through corral_category_reset, when no thread uses the category.
 * Promises: takes time for each thread's size classes and for each slab and large block, not for each block. It
 *           waits for nobody: where a thread is bringing home what it has of the category, nothing is done.
 * Does not: find out whether the category is used. Touch what belongs to the thread as a whole: the ring of
 *           pools (turn.h), the budgets of its front lists and queues.
 *
 *   1. the gates of the category's rows are closed, in all caches (gate.h)
 *   2. each pool: no front list, run, open word, current slab or queue
 *   3. each arena of the category: its slabs are off their shelves, hold nothing, and are given back; the places
 *      that free reads say so
 *   4. what was counted as taken is counted off; the large blocks are unmapped
 *   5. the gates are opened
 * Front lists keep their limits, and the pool its place in the ring, so that the thread's own sums are true. What
 * its queues held it counts for itself later (queue_settle).
 */
#include <corral/corral.h>

#include "budget.h"
#include "category.h"
#include "control.h"
#include "decay.h"
#include "figures.h"
#include "gate.h"
#include "gather.h"
#include "guard.h"
#include "large.h"
#include "mark.h"
#include "queue.h"
#include "reap.h"
#include "shelf.h"
#include "slab.h"
#include "thread.h"

static ptrdiff_t bytes_queued(const struct pool *pool) {
    ptrdiff_t bytes = 0;
    for (const struct slab *slab = pool->queue; slab != NULL; slab = slab->next) {
        bytes += queue_bytes(slab);
    }
    return bytes;
}

/* What was laid aside comes back into the ring, with a list that is empty. */
static void empty_front(struct pool *pool, struct corral_front *front) {
    pool->turn = pool->turn == TURN_LAID ? TURN_IN : pool->turn;
    pool->top = NULL;
    pool->fit_after = 0;
    front->head = NULL;
    store_relaxed(&front->room, load_relaxed(&front->limit)); /* [R:holder] */
}

/* A run ends before its slab is let go: a process that forks in between loses blocks, and nothing else. */
static void empty_pool(struct cache *cache, struct pool *pool, struct corral_front *front) {
    fetch_add_relaxed(&cache->unqueued, bytes_queued(pool)); /* [R:hint] */
    pool_end_run(pool);
    pool->queue = NULL;
    pool->current = NULL;
    pool->open_span = 0;
    pool->open_base = NULL;
    pool->open_slab = NULL;
    store_relaxed(&pool->open_bits, 0); /* [R:holder] */
    empty_front(pool, front);
}

static void empty_pools(uint32_t category) {
    for (unsigned named = 1, count = corral_cache_count(); named < count; named++) {
        struct cache *cache = corral_cache_named(named);
        struct row *row = cache_row_of(cache, category);
        for (unsigned i = 0; row != NULL && i < CLASS_COUNT; i++) {
            if (row->pools[i].size != 0) {
                empty_pool(cache, &row->pools[i], &cache->fronts[(category << CLASS_STRIDE_LOG) + i]);
            }
        }
    }
}

/* How many blocks of a class threads took and did not bring home, by their own counts. */
static int64_t net_of(uint32_t category, unsigned class_index) {
    int64_t net = 0;
    for (unsigned named = 1, count = corral_cache_count(); named < count; named++) {
        const struct row *row = cache_row_of(corral_cache_named(named), category);
        net += row == NULL ? 0 : load_relaxed(&row->pools[class_index].net); /* [R:holder] */
    }
    return net;
}

/* What is counted as taken is none now. Each count is one term of a sum that others look at meanwhile, of a budget of all
 * categories, and the terms have both signs: so one term changes, once, by what is gone. */
static void count_off(uint32_t category) {
    int64_t bytes = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        _Atomic int64_t *strays = &corral_slab_strays[(category << CLASS_STRIDE_LOG) + i];
        int64_t gone = net_of(category, i) + load_relaxed(strays); /* [R:holder] */
        fetch_sub_relaxed(strays, gone);                           /* [R:figure] */
        bytes += gone * (int64_t)corral_classes[i].size;
    }
    category_count_stray(category, -bytes);
}

/* Which slabs of an arena hold blocks. A thread that purges free ones has those meanwhile. */
static uint64_t slabs_with_blocks(const struct registry_entry *entry) {
    uint64_t mask = 0;
    for (unsigned slab = HEADER_SLABS; slab < ARENA_SLABS; slab++) {
        bool has = size_class_has_blocks(registry_slab_pool(entry->number, slab));
        mask |= (uint64_t)has << slab;
    }
    return mask;
}

static void empty_arena(struct registry_entry *entry) {
    uint64_t mask = slabs_with_blocks(entry);
    if (mask == 0) {
        return;
    }
    for (uint64_t left = mask; left != 0;) {
        unsigned first = bits_lowest(left);
        uint32_t pool = registry_slab_pool(entry->number, first);
        left &= ~(bits_below(corral_classes[pool & (CLASS_STRIDE - 1)].slabs) << first);
        corral_slab_clear_holder(arena_slab(entry->number, first), pool);
    }
    corral_shelf_clear(entry->number);
    corral_mark_clear_slabs(entry->number, mask);
    corral_arena_give_all(entry, mask);
}

static void empty_arenas(uint32_t category) {
    struct registry_entry *entry = corral_registry_first(category);
    for (; entry != NULL; entry = entry->next) {
        empty_arena(entry);
    }
    corral_decay_category(category, SIZE_MAX);
}

/* At figures level 2: what was live counts as freed. Large blocks do so themselves. */
static void count_frees(uint32_t category) {
    struct figures figures;
    if (CORRAL_FIGURES_LEVEL >= 2) {
        corral_figures_sum(category, &figures);
        uint64_t blocks = (uint64_t)(figures.blocks - figures.large_blocks);
        fetch_add_relaxed(&corral_categories[category].frees, blocks); /* [R:figure] */
    }
}

/* A thread that is gone may have been within one. */
static bool close_gates(uint32_t category) {
    struct cache *left = NULL;
    bool closed = corral_gate_close(category);
    if (!closed && (left = corral_reap_take(CACHE_LIMIT)) != NULL) {
        corral_thread_return(left);
        closed = corral_gate_close(category);
    }
    return closed;
}

corral_status corral_category_reset(uint32_t memory_type_id) {
    bool known;
    uint32_t category = corral_category_find(memory_type_id, &known);
    if (!known || category == CATEGORY_OVERFLOW || !category_is_used(category)) {
        return CORRAL_EUNUSED;
    }
    if (budget_is_called_for(category) || !close_gates(category)) {
        return CORRAL_EBUSY;
    }
    count_frees(category);
    if (GUARDS) {
        corral_guard_end_all(category);
    }
    empty_pools(category);
    empty_arenas(category);
    count_off(category);
    corral_large_end_all(category);
    corral_gate_reopen(category);
    return CORRAL_OK;
}
