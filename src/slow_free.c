/* SPDX-License-Identifier: MIT
 *
 * slow_free: see slow_free.h.
 *
 * Owns:     nothing.
 * Callers:  through slow_free.h, and corral/hit.h.
 * Promises: a thread that can have no cache is served all the same: its frees send single bits.
 * Does not: read a header of an address that the registry does not cover.
 */
#include "slow_free.h"

#include "category.h"
#include "gather.h"
#include "guard.h"
#include <corral/corral.h>
#include "home.h"
#include "large.h"
#include "mark.h"
#include "misuse.h"
#include "thread.h"

#include <string.h>

void corral_check_id(const void *block, uint32_t category, uint32_t id) {
    uint64_t have = corral_category_id(category);
    if (have == id) {
        return;
    }
    bool known = true;
    if (have != CORRAL_MEMORY_TYPE_OVERFLOW || corral_category_find(id, &known) != category ||
        !known) {
        corral_misuse_wrong_id(block, block_pool_at(block, category), id);
    }
}

/* What lies at an address in a range of blocks between guard pages. */
static bool find_guarded(const void *block, struct block_info *info) {
    const struct guard_block *it = guard_find(block);
    info->large = false;
    info->guarded = true;
    if (it != NULL) {
        info->size = load_relaxed(&it->asked); /* [R:holder] */
        info->bytes = corral_classes[guard_pool(it) & (CLASS_STRIDE - 1)].size;
        info->category = it->range->category;
    }
    return it != NULL;
}

bool corral_block_find(const void *block, struct block_info *info) {
    struct large_info large;
    if (GUARDS) {
        info->guarded = false;
    }
    if (!registry_covers((uintptr_t)block)) {
        if (GUARDS && guard_covers(block)) {
            return find_guarded(block, info);
        }
        info->large = large_find(large_map_find(block), &large);
        info->size = large.size;
        info->bytes = large.size;
        info->category = large.category;
        return info->large;
    }
    uint32_t pool = registry_pool((uintptr_t)block);
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    info->large = false;
    info->bytes = size_class->size;
    info->size = size_class->size;
    info->category = pool >> CLASS_STRIDE_LOG;
    /* A unit of one slab begins where that does: its header need not be read. */
    uint32_t at;
    bool begins = likely(size_class->slabs == 1)
                      ? size_class_begins(size_class, (uintptr_t)block & (SLAB_BYTES - 1))
                      : size_class_has_blocks(pool) && slab_find_block(slab_of(block), block, &at);
    if (HARDENED && begins) {
        info->size = corral_hardened_asked(block, pool);
    }
    return begins;
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
        memset(block, 0, info.bytes);
    }
}

/* Of a category that keeps origins. False when the block is not to go home now: a walk reads it, and brings it home
 * then, or it is free already. */
CORRAL_SLOW static bool end_origin(void *block, uint32_t pool) {
    struct mark *mark = corral_mark_find(block);
    enum mark_ended ended = mark == NULL ? MARK_NONE : corral_mark_end(mark);
    if (ended == MARK_TWICE) {
        corral_misuse(MISUSE_DOUBLE_FREE, block, pool);
        ended = corral_mark_let_go(mark) ? MARK_ENDED : MARK_LEFT; /* the walk may have gone meanwhile */
    }
    if (ended == MARK_ENDED) {
        corral_record_end(block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    }
    return ended != MARK_LEFT;
}

/* What a category asks for before its blocks go home. False when this one is not to go now. */
CORRAL_FAST bool may_go(void *block, uint32_t pool) {
    uint32_t flags = control_flags(pool >> CLASS_STRIDE_LOG);
    if (likely((flags & (CONTROL_ZERO | CONTROL_ORIGINS)) == 0)) {
        return true;
    }
    if ((flags & CONTROL_ORIGINS) != 0 && !end_origin(block, pool)) {
        return false;
    }
    if ((flags & CONTROL_ZERO) != 0) {
        zero_block(block, pool >> CLASS_STRIDE_LOG);
    }
    return true;
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

/* id: that it is freed with, or CORRAL_MEMORY_TYPE_NONE, where none was given. */
CORRAL_SLOW static void free_guarded(void *block, uint64_t id) {
    const struct guard_block *it = guard_find(block);
    if (it != NULL && id != CORRAL_MEMORY_TYPE_NONE) {
        corral_check_id(block, it->range->category, (uint32_t)id);
    }
    guard_free(block);
}

/* A block is freed whose front list is full, and takes it in all the same: the one that waited longest goes home. */
static void take_in(struct cache *cache, struct corral_front *front, void *block, uint32_t pool) {
    void *longest = front->head;
    uint32_t bytes = corral_classes[pool & (CLASS_STRIDE - 1)].size;
    if (longest != NULL) {
        front_pop(front, longest, bytes);
        front_push(front, front_room(front), block, bytes);
    }
    corral_home_from_full(cache, longest != NULL ? longest : block, pool);
}

/* pool: of the slab that the address lies in. */
static void free_pooled(void *block, uint32_t pool) {
    if (!size_class_has_blocks(pool)) {
        corral_misuse(MISUSE_FOREIGN, block,
                      pool >> CLASS_STRIDE_LOG < CATEGORY_LIMIT ? pool : MISUSE_NO_POOL);
        return;
    }
    /* Before the block is filled, which a walk may read. */
    if (HARDENED && unlikely(!corral_hardened_may_free(block, pool) || !may_go(block, pool))) {
        return;
    }
    if (HARDENED && (control_flags(pool >> CLASS_STRIDE_LOG) & CONTROL_ZERO) == 0) {
        corral_hardened_fill(block, pool);
    }
    struct cache *cache = thread_cache_attached();
    if (unlikely(cache == NULL)) {
        if (!HARDENED && !may_go(block, pool)) {
            return;
        }
        category_count_free(pool >> CLASS_STRIDE_LOG);
        corral_home_alone(block);
        return;
    }
    struct corral_front *front = &cache->fronts[pool];
    if (unlikely(front->head == block)) {
        corral_misuse(MISUSE_DOUBLE_FREE, block, pool);
        return;
    }
    if (!HARDENED && !may_go(block, pool)) {
        return;
    }
    int32_t room = front_room(front);
    front_count_free(front);
    if (room > 0) {
        front_push(front, room, block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    } else if (HARDENED) {
        take_in(cache, front, block, pool);
    } else {
        corral_home_from_full(cache, block, pool);
    }
}

CORRAL_NOINLINE void corral_free_slow(void *block, uint32_t id) {
    if (unlikely(!registry_covers((uintptr_t)block))) {
        if (GUARDS && guard_covers(block)) {
            free_guarded(block, id);
        } else if (block != NULL) {
            struct large_entry *entry = large_map_find(block);
            check_large_id(block, entry, id);
            free_large(block, entry);
        }
        return;
    }
    uint32_t pool = registry_pool((uintptr_t)block);
    bool is_of_id = corral_hit_is_of(corral_hit_registry(), registry_number((uintptr_t)block), id);
    if (unlikely(!is_of_id) && size_class_has_blocks(pool)) {
        corral_check_id(block, pool >> CLASS_STRIDE_LOG, id);
    }
    free_pooled(block, pool);
}

CORRAL_NOINLINE void corral_free_any(void *block) {
    if (registry_covers((uintptr_t)block)) {
        free_pooled(block, registry_pool((uintptr_t)block));
    } else if (GUARDS && guard_covers(block)) {
        free_guarded(block, CORRAL_MEMORY_TYPE_NONE);
    } else if (block != NULL) {
        free_large(block, large_map_find(block));
    }
}

CORRAL_NOINLINE static void free_full(struct corral_front *front, void *block) {
    if (unlikely(front == &thread_cache()->none)) {
        corral_free_slow(block, 0); /* the id that it was found with */
    } else if (unlikely(!thread_is_attached(thread_cache()))) {
        /* A thread without a cache may not even know that the address lies in no arena. */
        corral_free_any(block);
    } else {
        free_pooled(block, cache_number_of(thread_cache(), front));
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
    struct pool *cold = cache_pool_of(cache, front);
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
    } else if (GUARDS && info->guarded) {
        corral_guard_free(block);
    } else {
        free_pooled(block, registry_pool((uintptr_t)block));
    }
}

bool corral_block_may_resize(void *block, const struct block_info *info) {
    if (GUARDS && info->guarded) {
        return corral_guard_may_resize(corral_guard_find(block));
    }
    return !HARDENED || info->large || corral_hardened_may_free(block, registry_pool((uintptr_t)block));
}
