/* SPDX-License-Identifier: MIT
 *
 * front: see front.h.
 *
 * Owns:     nothing of its own; front lists lie in caches.
 * Callers:  through front.h.
 * Promises: as front.h.
 * Does not: send blocks home.
 */
#include "front.h"

#include "control.h"

/* The first grant of a front list: so many blocks, worth so many bytes, one block at least. */
#define FRONT_FIRST       16u
#define FRONT_FIRST_BYTES ((uint32_t)(8 * KIB))

static void set_limit(struct corral_front *front, uint32_t limit) {
    int32_t more = (int32_t)(limit - front_limit(front));
    store_relaxed(&front->limit, (int32_t)limit);           /* [R:single-writer] */
    store_relaxed(&front->room, front_room(front) + more); /* [R:single-writer] */
}

static uint32_t first_limit(const struct size_class *size_class) {
    uint32_t first = FRONT_FIRST_BYTES / size_class->size;
    return first > FRONT_FIRST ? FRONT_FIRST : first == 0 ? 1 : first;
}

/* Notes a limit that is about to be lowered. */
static void note_limit(struct cache *cache, uint32_t pool) {
    struct pool *it = cache_pool_if(cache, pool);
    uint32_t limit = front_limit(&cache->fronts[pool]);
    it->limit_then = (uint16_t)(limit > it->limit_then ? limit : it->limit_then);
}

/* The limit of a list that has none: what it had, if that is not long ago. */
static uint32_t limit_again(struct pool *pool, uint32_t first) {
    uint32_t then = pool->limit_then;
    pool->limit_then = (uint16_t)(then / 2);
    return then > first ? then : first;
}

static size_t cost_of(const struct size_class *size_class, uint32_t blocks) {
    return (size_t)blocks * size_class->size;
}

void corral_front_grant(struct cache *cache, uint32_t pool) {
    if (control_is_apart(pool >> CLASS_STRIDE_LOG)) {
        return;
    }
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    struct corral_front *front = &cache->fronts[pool];
    uint32_t have = front_limit(front);
    uint32_t first = first_limit(size_class);
    uint32_t limit = have == 0 ? limit_again(cache_pool_if(cache, pool), first) : have * 2;
    limit = limit < size_class->front_max ? limit : size_class->front_max;
    while (have == 0 && limit > first && cost_of(size_class, limit) > cache->front_budget) {
        limit /= 2;
    }
    size_t cost = cost_of(size_class, limit - have);
    if (cost <= cache->front_budget) {
        cache->front_budget -= cost;
        set_limit(front, limit);
    }
}

void *corral_front_shorten(struct cache *cache, uint32_t pool) {
    struct corral_front *front = &cache->fronts[pool];
    void *block = front->head;
    if (block != NULL && front_limit(front) > 0) {
        note_limit(cache, pool);
        /* Length and limit both fall by one, so room stays as it is. */
        front->head = front_next(block);
        store_relaxed(&front->limit, (int32_t)front_limit(front) - 1); /* [R:single-writer] */
        cache->front_budget += corral_classes[pool & (CLASS_STRIDE - 1)].size;
        if (HARDENED) {
            corral_front_see_to_cut(front);
        }
        return block;
    }
    return NULL;
}

void corral_front_trim(struct cache *cache, uint32_t pool) {
    struct corral_front *front = &cache->fronts[pool];
    int32_t room = front_room(front);
    if (room > 0) {
        note_limit(cache, pool);
        set_limit(front, front_limit(front) - (uint32_t)room);
        cache->front_budget += (size_t)room * corral_classes[pool & (CLASS_STRIDE - 1)].size;
    }
}
