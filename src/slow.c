/* SPDX-License-Identifier: MIT
 *
 * slow: see slow.h.
 *
 * Owns:     nothing.
 * Callers:  through slow.h.
 * Promises: a thread that can have no cache is served all the same: it borrows one.
 * Does not: free, or say why an allocation fails (trial.h).
 */
#include "slow.h"

#include "category.h"
#include "figures.h"
#include "guard.h"
#include "large.h"
#include "pool.h"
#include "thread.h"
#include "trial.h"

/* The front list's first block; NULL when there is none, as when the thread has no cache. */
CORRAL_FAST void *take_first(struct corral_front *front, uint32_t pool) {
    void *block = front_first(front);
    if (likely(block != NULL)) {
        front_count_allocation(front);
        front_pop(front, block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    }
    return block;
}

/* A block that was to wait for its next use, where there is no other; or NULL. */
CORRAL_SLOW static void *take_waiting(struct corral_front *front, uint32_t pool) {
    void *block = front->head;
    if (block != NULL) {
        budget_forget(); /* it is charged */
        front_count_allocation(front);
        front_pop(front, block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    }
    return block;
}

CORRAL_FAST void *alloc_pooled(struct cache *cache, uint32_t pool) {
    struct corral_front *front = &cache->fronts[pool];
    void *block = take_first(front, pool);
    if (block != NULL) {
        return block;
    }
    struct pool *cold = cache_pool_if(cache, pool);
    uint64_t run = cold == NULL ? 0 : load_relaxed(&cold->run); /* [R:single-writer] */
    block = run != 0 ? pool_take_from_run(cold, run) : corral_pool_refill(cache, pool);
    if (likely(block != NULL)) {
        front_count_allocation(front);
    }
    return HARDENED && block == NULL ? take_waiting(front, pool) : block;
}

/* For a thread that cannot attach: whose exit hook has run, or for whose hook there is no memory. */
CORRAL_SLOW static void *alloc_borrowed(uint32_t pool) {
    struct cache *cache = corral_thread_borrow();
    if (cache == NULL) {
        return NULL;
    }
    void *block = alloc_pooled(cache, pool);
    corral_thread_return(cache);
    return block;
}

/* For a thread whose cache is not there yet, or never will be. */
CORRAL_SLOW static void *alloc_unattached(uint32_t pool) {
    struct cache *cache = corral_thread_attach();
    return cache != NULL ? alloc_pooled(cache, pool) : alloc_borrowed(pool);
}

CORRAL_FAST void *alloc_once(uint32_t pool) {
    struct cache *cache = thread_cache();
    return likely(thread_is_attached(cache)) ? alloc_pooled(cache, pool) : alloc_unattached(pool);
}

/* Of a pool that had nothing: a budget or a fault on purpose refused it, no slab was to be had, or no memory for
 * the thread's own tables. */
CORRAL_SLOW static void *alloc_again(uint32_t pool) {
    struct trial trial = {.category = pool >> CLASS_STRIDE_LOG,
                          .size = corral_classes[pool & (CLASS_STRIDE - 1)].size};
    void *block = NULL;
    while (block == NULL && corral_trial_goes_on(&trial)) {
        block = alloc_once(pool);
    }
    return block;
}

CORRAL_FAST void *alloc_pool(uint32_t pool) {
    if (trial_fails(pool >> CLASS_STRIDE_LOG)) {
        return NULL;
    }
    void *block = alloc_once(pool);
    block = likely(block != NULL) ? block : alloc_again(pool);
    budget_tell_if_due(pool >> CLASS_STRIDE_LOG, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    return block;
}

CORRAL_NOINLINE void *corral_alloc_pool(uint32_t pool) {
    return alloc_pool(pool);
}

struct pool *corral_pool_of_thread(uint32_t pool) {
    struct cache *cache = thread_cache_attached();
    struct pool *found = cache == NULL ? NULL : cache_pool(cache, pool);
    if (found != NULL) {
        /* [R:own] */
        row_use(load_relaxed(&cache->rows[pool >> CLASS_STRIDE_LOG]), pool & (CLASS_STRIDE - 1));
    }
    return found;
}

uint32_t corral_pool_base(uint32_t id) {
    return cache_pool_base(thread_cache(), id);
}

/* A block from the backend, charged to the budgets there are; or none. */
static void *large_once(size_t size, size_t alignment, uint32_t category, bool *zero) {
    void *block = corral_large_alloc(size, alignment, category, zero);
    struct large_info info;
    if (block == NULL || likely(!control_is_counted(category))) {
        return block;
    }
    struct large_entry *entry = large_map_find(block);
    if (large_find(entry, &info) && !corral_budget_charge(category, (int64_t)info.size)) {
        large_end(entry);
        corral_large_keep(block, entry);
        block = NULL;
    }
    return block;
}

/* One that the thread's own block does not serve. After it, that fits the like of it: only then, since
 * a thread without a cache is attached for this, which may fail. */
CORRAL_NOINLINE static void *alloc_large(size_t size, size_t alignment, uint32_t category,
                                         bool *zero) {
    struct trial trial = {.category = category, .size = size};
    bool can_be = size <= PTRDIFF_MAX && alignment <= PTRDIFF_MAX;
    trial.released = !can_be;
    void *block;
    do {
        block = can_be ? large_once(size, alignment, category, zero) : NULL;
    } while (block == NULL && corral_trial_goes_on(&trial));
    budget_tell_if_due(category, size);
    if (block == NULL) {
        return NULL;
    }
    corral_figures_note_peak(category);
    struct cache *cache = thread_cache_attached();
    if (cache != NULL) {
        corral_large_own_fit(&cache->large_own, block);
    }
    return block;
}

CORRAL_FAST void *alloc_large_or_own(size_t size, size_t alignment, uint32_t category, bool *zero) {
    struct large_own *own = &thread_cache()->large_own;
    *zero = false;
    if (unlikely(!control_is_plain(category))) {
        /* The thread's own block, which is from before something was set, would be taken uncounted. */
        return trial_fails(category) ? NULL : alloc_large(size, alignment, category, zero);
    }
    void *block = size <= PTRDIFF_MAX
                      ? corral_large_own_alloc(own, size, alignment, category)
                      : NULL;
    if (unlikely(block == NULL)) {
        return alloc_large(size, alignment, category, zero);
    }
    if (unlikely(own->looks != category_looks(category))) {
        own->looks = category_looks(category);
        corral_figures_look(category);
    }
    return block;
}

void *corral_alloc_large(size_t size, size_t alignment, uint32_t category, bool *zero) {
    void *block = alloc_large_or_own(size, alignment, category, zero);
    if (CORRAL_FIGURES_LEVEL >= 2 && block != NULL) {
        category_count_requested(category, size);
    }
    return block;
}

void *corral_alloc_from(size_t size, uint32_t pool_base, bool *zero) {
    *zero = false;
    if (unlikely(size > BLOCK_MAX - TAIL_LEAST)) {
        return corral_alloc_large(size, ARENA_BYTES, pool_base >> CLASS_STRIDE_LOG, zero);
    }
    uint32_t pool = pool_base + size_class_of(size + TAIL_LEAST);
    void *guarded = guard_take(size, BLOCK_MIN, pool);
    return guarded != NULL ? guarded : hardened_lend(alloc_count(corral_alloc_pool(pool), size, pool), size);
}

/* Of another pool than the run that began last. */
CORRAL_NOINLINE static void *alloc_apart(struct corral_front *front, struct cache *cache) {
    struct pool *cold = cache_pool_of(cache, front);
    IN_REGISTER(cold);
    if (likely(cold != NULL)) {
        uint64_t run = load_relaxed(&cold->run); /* [R:single-writer] */
        if (likely(run != 0)) {
            front_count_allocation(front);
            return pool_take_from_run(cold, run);
        }
    }
    return corral_alloc_pool(cache_number_of(cache, front));
}

/* Many allocations in a row are of the pool that a run began in last; many frees, of that whose word was
 * opened last. */
CORRAL_NOINLINE void *corral_alloc_empty(struct corral_front *front) {
    struct cache *cache = thread_cache();
    struct pool *cold = cache->ran;
    if (likely(cache->ran_front == front)) {
        uint64_t run = load_relaxed(&cold->run); /* [R:single-writer] */
        if (likely(run != 0)) {
            front_count_allocation(front);
            return pool_take_from_run(cold, run);
        }
    }
    return alloc_apart(front, cache);
}

/* A hit before it is asked whether the thread has a cache. */
CORRAL_FAST void *alloc_hit(size_t size, uint32_t pool) {
    void *block = take_first(&thread_cache()->fronts[pool], pool);
    return alloc_count(likely(block != NULL) ? block : corral_alloc_pool(pool), size, pool);
}

CORRAL_FAST void *alloc_small(size_t size, uint32_t pool) {
    void *guarded = guard_take(size, BLOCK_MIN, pool);
    return guarded != NULL ? guarded : hardened_lend(alloc_hit(size, pool), size);
}

CORRAL_NOINLINE void *corral_alloc_of(size_t size, uint32_t pool_base) {
    bool zero;
    return likely(size <= BLOCK_MAX - TAIL_LEAST)
               ? alloc_small(size, pool_base + size_class_of(size + TAIL_LEAST))
               : corral_alloc_large(size, ARENA_BYTES, pool_base >> CLASS_STRIDE_LOG, &zero);
}

/* Of any id and size. */
CORRAL_NOINLINE static void *alloc_any(size_t size, uint32_t id) {
    return corral_alloc_of(size, cache_pool_base(thread_cache(), id));
}

CORRAL_NOINLINE void *corral_alloc_slow(size_t size, uint32_t id) {
    return likely(!HARDENED && id < DENSE_IDS && size <= BLOCK_MAX)
               ? alloc_hit(size, (id << CLASS_STRIDE_LOG) + size_class_of(size))
               : alloc_any(size, id);
}

/* A hit of a category that the thread's map has. */
CORRAL_NOINLINE void *corral_alloc_mapped(size_t size, uint32_t id) {
    const struct id_way *way = cache_way(thread_cache(), id);
    if (HARDENED || unlikely(way->id != id || !corral_hit_has_class(size))) {
        return alloc_any(size, id);
    }
    uint32_t place = (way->pool_base << CORRAL_PLACE_SHIFT) + corral_hit_class_place(size);
    struct corral_front *front = corral_hit_front(corral_thread.fronts, place);
    void *block = take_first(front, corral_hit_pool(place));
    block = likely(block != NULL) ? block : corral_alloc_empty(front);
    return alloc_count(block, size, corral_hit_pool(place));
}
