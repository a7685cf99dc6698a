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

/* The first grant of a front list: so many blocks, worth so many bytes, one block at least. */
#define FRONT_FIRST       16u
#define FRONT_FIRST_BYTES ((uint32_t)(8 * KIB))

static void set_limit(struct corral_front *front, uint32_t limit) {
    int32_t more = (int32_t)(limit - front_limit(front));
    store_relaxed(&front->limit, (int32_t)limit);           /* [R:single-writer] */
    store_relaxed(&front->room, front_room(front) + more); /* [R:single-writer] */
}

void corral_front_grant(struct cache *cache, uint32_t pool) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    struct corral_front *front = &cache->fronts[pool];
    uint32_t have = front_limit(front);
    uint32_t first = FRONT_FIRST_BYTES / size_class->size;
    first = first > FRONT_FIRST ? FRONT_FIRST : first == 0 ? 1 : first;
    uint32_t limit = have == 0 ? first : have * 2;
    limit = limit < size_class->front_max ? limit : size_class->front_max;
    size_t cost = (size_t)(limit - have) * size_class->size;
    if (cost <= cache->front_budget) {
        cache->front_budget -= cost;
        set_limit(front, limit);
    }
}

void *corral_front_shorten(struct cache *cache, uint32_t pool) {
    struct corral_front *front = &cache->fronts[pool];
    void *block = front->head;
    if (block != NULL && front_limit(front) > 0) {
        /* Length and limit both fall by one, so room stays as it is. */
        front->head = link_get(block);
        store_relaxed(&front->limit, (int32_t)front_limit(front) - 1); /* [R:single-writer] */
        cache->front_budget += corral_classes[pool & (CLASS_STRIDE - 1)].size;
        return block;
    }
    return NULL;
}

void corral_front_trim(struct cache *cache, uint32_t pool) {
    struct corral_front *front = &cache->fronts[pool];
    int32_t room = front_room(front);
    if (room > 0) {
        set_limit(front, front_limit(front) - (uint32_t)room);
        cache->front_budget += (size_t)room * corral_classes[pool & (CLASS_STRIDE - 1)].size;
    }
}
