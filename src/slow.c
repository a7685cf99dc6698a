/* SPDX-License-Identifier: MIT
 *
 * slow: see slow.h.
 *
 * Owns:     nothing.
 * Callers:  through slow.h.
 * Promises: a thread that can have no cache is served all the same: its frees send single bits, its
 *           allocations borrow a cache.
 * Does not: read a header of an address that the registry does not cover.
 */
#include "slow.h"

#include "arena.h"
#include "budget.h"
#include "category.h"
#include "figures.h"
#include "gather.h"
#include <corral/corral.h>
#include "home.h"
#include "large.h"
#include "misuse.h"
#include "pool.h"
#include "thread.h"

#include <errno.h>
#include <string.h>

/* The calling thread's cache, attached if it has none; NULL when it cannot be. */
static struct cache *attached(void) {
    struct cache *cache = thread_cache();
    return likely(thread_is_attached(cache)) ? cache : corral_thread_attach();
}

/* The front list's first block; NULL when there is none, as when the thread has no cache. */
CORRAL_FAST void *take_first(struct corral_front *front, uint32_t pool) {
    void *block = front->head;
    if (likely(block != NULL)) {
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
    return block;
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

CORRAL_SLOW bool corral_release_kept(void) {
    struct cache *cache = thread_cache();
    bool large = thread_is_attached(cache) && corral_large_own_end(&cache->large_own);
    large |= corral_large_release_kept();
    return corral_arena_end_empty() || large;
}

void corral_recall(uint32_t category) {
    struct cache *cache = thread_cache();
    control_recall(category);
    if (thread_is_attached(cache)) {
        corral_large_own_end(&cache->large_own);
        corral_home_send_category(cache, category);
    }
}

/* A budget refused what the thread was about to take of a category. First what threads have at hand of what the
 * budget is for goes home; then the callback may make room. False when it is to be refused. */
CORRAL_SLOW static bool makes_room(uint32_t category, size_t size, uint32_t attempt) {
    if (attempt > 0) {
        return corral_budget_ask(size, attempt - 1);
    }
    bool all = corral_budget_mine.refused == CONTROL_PROCESS + 1;
    uint32_t end = load_relaxed(&corral_category_end); /* [R:hint] */
    corral_budget_mine.refused = 0;
    for (uint32_t i = all ? 0 : category; i < (all ? end : category + 1); i++) {
        corral_recall(i);
    }
    return true;
}

/* What was done for an allocation that did not succeed. */
struct trial {
    uint32_t category;
    size_t size;
    uint32_t attempt; /* times that a budget refused it */
    bool released;    /* what is kept was given back */
};

/* Is another try worth while? When it is not, the allocation has failed. */
CORRAL_SLOW static bool goes_on(struct trial *trial) {
    bool again;
    if (budget_was_refused()) {
        again = makes_room(trial->category, trial->size, trial->attempt++);
    } else {
        again = !trial->released && corral_release_kept();
        trial->released = true;
    }
    if (!again) {
        control_count_failed(trial->category);
        errno = ENOMEM;
    }
    return again;
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
    while (block == NULL && goes_on(&trial)) {
        block = alloc_once(pool);
    }
    return block;
}

/* Does the thread's next allocation in the category fail on purpose? */
CORRAL_SLOW static bool fails_now(uint32_t category) {
    bool fails = corral_control_fails_now(category);
    if (fails) {
        control_count_failed(category);
        errno = ENOMEM;
    }
    return fails;
}

CORRAL_FAST bool is_to_fail(uint32_t category) {
    return unlikely((control_flags(category) & CONTROL_FAILS) != 0) && fails_now(category);
}

CORRAL_FAST void *alloc_pool(uint32_t pool) {
    if (is_to_fail(pool >> CLASS_STRIDE_LOG)) {
        return NULL;
    }
    void *block = alloc_once(pool);
    block = likely(block != NULL) ? block : alloc_again(pool);
    budget_tell_if_due(corral_classes[pool & (CLASS_STRIDE - 1)].size);
    return block;
}

CORRAL_NOINLINE void *corral_alloc_pool(uint32_t pool) {
    return alloc_pool(pool);
}

struct pool *corral_pool_of_thread(uint32_t pool) {
    struct cache *cache = attached();
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
    } while (block == NULL && goes_on(&trial));
    budget_tell_if_due(size);
    if (block == NULL) {
        return NULL;
    }
    corral_figures_note_peak(category);
    struct cache *cache = attached();
    if (cache != NULL) {
        corral_large_own_fit(&cache->large_own, block);
    }
    return block;
}

/* Of a category of which something is set. The thread's own block, if it is from before that, would be taken
 * uncounted. */
CORRAL_SLOW static void *alloc_large_controlled(size_t size, size_t alignment, uint32_t category, bool *zero) {
    struct cache *cache = thread_cache();
    if (is_to_fail(category)) {
        return NULL;
    }
    if (thread_is_attached(cache)) {
        corral_large_own_end(&cache->large_own);
    }
    return alloc_large(size, alignment, category, zero);
}

void *corral_alloc_large(size_t size, size_t alignment, uint32_t category, bool *zero) {
    struct large_own *own = &thread_cache()->large_own;
    *zero = false;
    if (unlikely(!control_is_plain(category))) {
        return alloc_large_controlled(size, alignment, category, zero);
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

void *corral_alloc_from(size_t size, uint32_t pool_base, bool *zero) {
    *zero = false;
    return likely(size <= BLOCK_MAX)
               ? corral_alloc_pool(pool_base + size_class_of(size))
               : corral_alloc_large(size, ARENA_BYTES, pool_base >> CLASS_STRIDE_LOG, zero);
}

/* The number of the pool that a front list of the calling thread's is of. */
CORRAL_FAST uint32_t number_of(const struct cache *cache, const struct corral_front *front) {
    return (uint32_t)(front - cache->fronts);
}

CORRAL_FAST bool has_blocks(uint32_t pool) {
    return likely((pool & (CLASS_STRIDE - 1)) != CLASS_NONE);
}

/* The pool of a front list of the calling thread's; NULL when the thread has no cache, or when a free finds
 * no arena at its address. */
CORRAL_FAST struct pool *pool_of(const struct cache *cache, const struct corral_front *front) {
    uint32_t pool = number_of(cache, front);
    return has_blocks(pool) ? cache_pool_if(cache, pool) : NULL;
}

/* Of another pool than the run that began last. */
CORRAL_NOINLINE static void *alloc_apart(struct corral_front *front, struct cache *cache) {
    struct pool *cold = pool_of(cache, front);
    IN_REGISTER(cold);
    if (likely(cold != NULL)) {
        uint64_t run = load_relaxed(&cold->run); /* [R:single-writer] */
        if (likely(run != 0)) {
            front_count_allocation(front);
            return pool_take_from_run(cold, run);
        }
    }
    return corral_alloc_pool(number_of(cache, front));
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
CORRAL_FAST void *alloc_hit(uint32_t pool) {
    void *block = take_first(&thread_cache()->fronts[pool], pool);
    return likely(block != NULL) ? block : corral_alloc_pool(pool);
}

CORRAL_NOINLINE void *corral_alloc_of(size_t size, uint32_t pool_base) {
    bool zero;
    return likely(size <= BLOCK_MAX)
               ? alloc_hit(pool_base + size_class_of(size))
               : corral_alloc_large(size, ARENA_BYTES, pool_base >> CLASS_STRIDE_LOG, &zero);
}

/* Of any id and size. */
CORRAL_NOINLINE static void *alloc_any(size_t size, uint32_t id) {
    return corral_alloc_of(size, cache_pool_base(thread_cache(), id));
}

CORRAL_NOINLINE void *corral_alloc_slow(size_t size, uint32_t id) {
    return likely(id < DENSE_IDS && size <= BLOCK_MAX)
               ? alloc_hit((id << CLASS_STRIDE_LOG) + size_class_of(size))
               : alloc_any(size, id);
}

/* A hit of a category that the thread's map has. */
CORRAL_NOINLINE void *corral_alloc_mapped(size_t size, uint32_t id) {
    const struct id_way *way = cache_way(thread_cache(), id);
    if (unlikely(way->id != id || !corral_hit_has_class(size))) {
        return alloc_any(size, id);
    }
    uint32_t place = (way->pool_base << CORRAL_PLACE_SHIFT) + corral_hit_class_place(size);
    struct corral_front *front = corral_hit_front(corral_thread.fronts, place);
    void *block = take_first(front, corral_hit_pool(place));
    return likely(block != NULL) ? block : corral_alloc_empty(front);
}

/* The pool of a block of a category, for a message; of a large one, of no class. */
static uint32_t pool_at(const void *block, uint32_t category) {
    return registry_covers((uintptr_t)block) ? registry_pool((uintptr_t)block)
                                             : (category << CLASS_STRIDE_LOG) + CLASS_NONE;
}

void corral_check_id(const void *block, uint32_t category, uint32_t id) {
    uint64_t have = corral_category_id(category);
    if (have == id) {
        return;
    }
    bool known = true;
    if (have != CORRAL_MEMORY_TYPE_OVERFLOW || corral_category_find(id, &known) != category ||
        !known) {
        corral_misuse_wrong_id(block, pool_at(block, category), id);
    }
}

bool corral_block_find(const void *block, struct block_info *info) {
    struct large_info large;
    if (!registry_covers((uintptr_t)block)) {
        info->large = large_find(large_map_find(block), &large);
        info->size = large.size;
        info->category = large.category;
        return info->large;
    }
    uint32_t pool = registry_pool((uintptr_t)block);
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    info->large = false;
    info->size = size_class->size;
    info->category = pool >> CLASS_STRIDE_LOG;
    if (likely(size_class->slabs == 1)) {
        /* Such a unit begins where its slab does: its header need not be read. */
        return size_class_begins(size_class, (uintptr_t)block & (SLAB_BYTES - 1));
    }
    uint32_t at;
    return has_blocks(pool) && slab_find_block(slab_of(block), block, &at);
}

/* Of a category whose blocks are zeroed when they are freed, and of whose the thread has none in a list, which a
 * block that is in it already would break. */
CORRAL_SLOW static void zero_block(void *block, uint32_t category) {
    struct cache *cache = thread_cache();
    struct block_info info;
    if (thread_is_attached(cache)) {
        corral_home_send_category(cache, category);
    }
    if (corral_block_find(block, &info)) {
        memset(block, 0, info.size);
    }
}

CORRAL_FAST void zero_if_asked(void *block, uint32_t category) {
    if (unlikely((control_flags(category) & CONTROL_ZERO) != 0)) {
        zero_block(block, category);
    }
}

/* The pool of a large block that was freed, for a message: of no class. */
static uint32_t large_pool(const struct large_entry *entry) {
    /* [R:figure] */
    return (large_word_category(load_relaxed(&entry->word)) << CLASS_STRIDE_LOG) + CLASS_NONE;
}

static void free_large(void *block, struct large_entry *entry) {
    enum large_freed freed = corral_large_own_free(&thread_cache()->large_own, block, entry);
    if (freed != LARGE_FREED) {
        corral_misuse(freed == LARGE_TWICE ? MISUSE_DOUBLE_FREE : MISUSE_FOREIGN, block,
                      freed == LARGE_TWICE ? large_pool(entry) : MISUSE_NO_POOL);
    }
}

static void check_large_id(const void *block, const struct large_entry *entry, uint32_t id) {
    struct large_info info;
    /* A dense id is its category. */
    if (large_find(entry, &info) && unlikely(info.category != id || id >= DENSE_IDS)) {
        corral_check_id(block, info.category, id);
    }
}

/* pool: of the slab that the address lies in. */
static void free_pooled(void *block, uint32_t pool) {
    if (!has_blocks(pool)) {
        corral_misuse(MISUSE_FOREIGN, block, MISUSE_NO_POOL);
        return;
    }
    struct cache *cache = attached();
    if (unlikely(cache == NULL)) {
        zero_if_asked(block, pool >> CLASS_STRIDE_LOG);
        category_count_free(pool >> CLASS_STRIDE_LOG);
        corral_home_alone(block);
        return;
    }
    struct corral_front *front = &cache->fronts[pool];
    if (unlikely(front->head == block)) {
        corral_misuse(MISUSE_DOUBLE_FREE, block, pool);
        return;
    }
    zero_if_asked(block, pool >> CLASS_STRIDE_LOG);
    int32_t room = front_room(front);
    front_count_free(front);
    if (room > 0) {
        front_push(front, room, block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    } else {
        corral_home_from_full(cache, block, pool);
    }
}

CORRAL_NOINLINE void corral_free_slow(void *block, uint32_t id) {
    if (unlikely(!registry_covers((uintptr_t)block))) {
        if (block != NULL) {
            struct large_entry *entry = large_map_find(block);
            check_large_id(block, entry, id);
            free_large(block, entry);
        }
        return;
    }
    uint32_t place = corral_hit_place((uintptr_t)block);
    uint32_t pool = corral_hit_pool(place);
    if (unlikely(!corral_hit_is_of(place, id)) && has_blocks(pool)) {
        corral_check_id(block, pool >> CLASS_STRIDE_LOG, id);
    }
    free_pooled(block, pool);
}

CORRAL_NOINLINE void corral_free_any(void *block) {
    if (registry_covers((uintptr_t)block)) {
        free_pooled(block, registry_pool((uintptr_t)block));
    } else if (block != NULL) {
        free_large(block, large_map_find(block));
    }
}

CORRAL_NOINLINE static void free_full(struct corral_front *front, void *block) {
    if (unlikely(!thread_is_attached(thread_cache()))) {
        /* A thread without a cache may not even know that the address lies in no arena. */
        corral_free_any(block);
    } else {
        free_pooled(block, number_of(thread_cache(), front));
    }
}

/* Apart from what follows, for the sake of its registers. */
CORRAL_NOINLINE static void free_own(struct corral_front *front, void *block, struct cache *cache,
                                     struct pool *cold) {
    if (gather_into_own(cache, cold, block)) {
        cold->fit_after--;
        front_count_free(front);
    } else {
        free_full(front, block);
    }
}

/* Of another pool than the word that was opened last, or of another word. */
CORRAL_NOINLINE static void free_apart(struct corral_front *front, void *block, struct cache *cache) {
    struct pool *cold = pool_of(cache, front);
    IN_REGISTER(cold);
    if (unlikely(cold == NULL || cold->fit_after <= 1 || front->head == block)) {
        free_full(front, block);
    } else if (gather_into_open(cold, block)) {
        cold->fit_after--;
        front_count_free(front);
    } else {
        free_own(front, block, cache, cold);
    }
}

CORRAL_NOINLINE void corral_free_full(struct corral_front *front, void *block) {
    struct cache *cache = thread_cache();
    struct pool *cold = cache->opened;
    if (likely(cache->opened_front == front && cold->fit_after > 1 && front->head != block) &&
        gather_into_open(cold, block)) {
        cold->fit_after--;
        front_count_free(front);
    } else {
        free_apart(front, block, cache);
    }
}

void corral_free_found(void *block, const struct block_info *info) {
    if (info->large) {
        free_large(block, large_map_find(block));
    } else {
        free_pooled(block, registry_pool((uintptr_t)block));
    }
}
