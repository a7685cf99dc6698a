/* SPDX-License-Identifier: MIT
 *
 * Walks over all slabs, and over all caches.
 *
 * Owns:     nothing.
 * Callers:  see loss.h.
 * Promises: a slab counts as reachable with the free and remote bits that it has on its shelf. One of
 *           a cache, one that is FULL for ever, and one that was in a thread's hands are lost whole.
 * Does not: change anything.
 */
#include "loss.h"

#include "cache.h"
#include "slab.h"

/* Slabs in a pool's queue that are looked at, at most: the fork may have left the list at odds. */
#define QUEUE_MOST 100000u

static size_t unit_bytes(const struct slab *slab) {
    return (size_t)slab->capacity * slab_class(slab)->size;
}

static size_t reachable_bytes(const struct slab *slab) {
    const struct remote *remote = slab_remote(slab);
    if ((load_relaxed(&remote->state) & STATE_SHELVED) == 0) {
        return 0;
    }
    size_t blocks = slab->free_count;
    for (unsigned word = 0; word < BITMAP_WORDS; word++) {
        blocks += bits_count(load_relaxed(slab_remote_word(slab, word)));
    }
    return blocks * slab_class(slab)->size;
}

static size_t lost_in_arena(uint32_t number) {
    uintptr_t address = load_relaxed(&corral_registry_entry(number)->arena);
    size_t lost = 0;
    for (unsigned i = HEADER_SLABS; address > ENTRY_BUSY && i < ARENA_SLABS; i++) {
        const struct arena *arena = (const struct arena *)address;
        if ((registry_slab_pool(number, i) & (CLASS_STRIDE - 1)) != CLASS_NONE &&
            arena->unit[i] == i) {
            lost += unit_bytes(&arena->slabs[i]) - reachable_bytes(&arena->slabs[i]);
        }
    }
    return lost;
}

static size_t held_in_pool(const struct corral_front *front, const struct pool *pool) {
    int32_t length = load_relaxed(&front->limit) - load_relaxed(&front->room);
    size_t blocks = (size_t)(length > 0 ? length : 0) +
                    bits_count(load_relaxed(&pool->open_bits));
    size_t held = blocks * pool->size * WAKE_DIVISOR / (WAKE_DIVISOR - 1);
    held += pool->current != NULL ? unit_bytes(pool->current) : 0;
    unsigned count = 0;
    for (const struct slab *slab = pool->queue; slab != NULL && count < QUEUE_MOST; count++) {
        held += unit_bytes(slab);
        slab = slab->next;
    }
    return held;
}

static size_t held_in_cache(const struct cache *cache) {
    size_t held = 0;
    for (const struct row *row = cache->row_list; row != NULL; row = row->next) {
        const struct corral_front *fronts = &cache->fronts[row->category << CLASS_STRIDE_LOG];
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            held += held_in_pool(&fronts[i], &row->pools[i]);
        }
    }
    return held;
}

struct loss loss_measure(size_t largest) {
    struct loss loss = {.slack = 2 * corral_classes[size_class_of(largest)].slabs * SLAB_BYTES};
    for (uint32_t number = 1; number < corral_registry_count(); number++) {
        loss.lost += lost_in_arena(number);
    }
    for (unsigned identity = 1; identity < corral_cache_count(); identity++) {
        const struct cache *cache = corral_cache_named(identity);
        loss.held += cache == NULL ? 0 : held_in_cache(cache);
    }
    return loss;
}
