/* SPDX-License-Identifier: MIT
 *
 * cache: see cache.h.
 *
 * Owns:     the table of caches and the set of orphans.
 * Callers:  through cache.h.
 * Promises: as cache.h.
 * Does not: unmap a cache.
 */
#include "cache.h"

#include "backend.h"
#include "category.h"
#include "check.h"
#include "control.h"
#include "meta.h"
#include "os.h"

#include <corral/corral.h>

struct cache corral_cache_empty;

static _Atomic(struct cache *) caches[CACHE_LIMIT];
static _Atomic uint32_t identities = 1;
static _Atomic uint64_t orphans[CACHE_LIMIT / 64];

/* An identity that was not given yet, or 0. */
static unsigned take_identity(void) {
    uint32_t next = load_relaxed(&identities); /* [R:number-only] */
    while (next < CACHE_LIMIT) {
        if (cas_relaxed(&identities, &next, next + 1)) { /* [R:number-only] */
            return next;
        }
    }
    return 0;
}

struct cache *corral_cache_make(void) {
    corral_registry_begin();
    size_t size = round_up(sizeof(struct cache), corral_os_page_size());
    struct cache *cache = corral_backend_reserve(size, corral_os_page_size(), CORRAL_MEMORY_TYPE_NONE);
    unsigned identity = cache == NULL ? 0 : take_identity();
    if (identity == 0) {
        if (cache != NULL) {
            corral_backend_release(cache, size);
        }
        return NULL;
    }
    cache->identity = (uint16_t)identity;
    cache->front_budget = FRONT_BUDGET;
    cache->queue_budget = QUEUE_BUDGET;
    cache->allowed = HOLD_LEAST;
    store_release(&caches[identity], cache); /* [E:cache] */
    return cache;
}

struct cache *corral_cache_named(unsigned identity) {
    return load_acquire(&caches[identity]); /* [E:cache] */
}

unsigned corral_cache_count(void) {
    return load_relaxed(&identities); /* [R:number-only] */
}

void corral_cache_orphan(struct cache *cache) {
    /* [E:orphan] Publishes all that the owner wrote. */
    fetch_or_release(&orphans[cache->identity / 64], UINT64_C(1) << (cache->identity % 64));
}

/* Clears the bit of an identity; whoever does has the cache. */
static bool take_bit(unsigned identity) {
    _Atomic uint64_t *word = &orphans[identity / 64];
    uint64_t bit = UINT64_C(1) << (identity % 64);
    if ((load_relaxed(word) & bit) == 0) { /* [R:poll] */
        return false;
    }
    /* [E:orphan] Sees all that the last owner wrote. */
    return (fetch_and_acquire(word, ~bit) & bit) != 0;
}

struct cache *corral_cache_take_orphan(void) {
    unsigned count = corral_cache_count();
    for (unsigned word = 0; word * 64 < count; word++) {
        uint64_t bits = load_relaxed(&orphans[word]); /* [R:poll] */
        for (; bits != 0; bits &= bits - 1) {
            unsigned identity = word * 64 + bits_lowest(bits);
            if (take_bit(identity)) {
                return corral_cache_named(identity);
            }
        }
    }
    return NULL;
}

bool corral_cache_take_if_orphan(struct cache *cache) {
    return take_bit(cache->identity);
}

CORRAL_SLOW struct row *corral_cache_row_slow(struct cache *cache, uint32_t category) {
    struct row *row = corral_meta_take(sizeof *row);
    if (row == NULL) {
        return NULL;
    }
    row->category = category;
    row->next = cache->row_list;
    cache->row_list = row;
    category_use(category);
    control_use(category);
    store_release(&cache->rows[category], row); /* [E:row] */
    return row;
}

CORRAL_SLOW uint32_t corral_cache_map_slow(struct cache *cache, uint32_t id) {
    uint32_t pool_base = corral_category_of_id(id) << CLASS_STRIDE_LOG;
    if (cache != &corral_cache_empty) {
        struct id_way *set = cache->map[(id * UINT32_C(0x9E3779B1)) >> 25];
        set[1] = set[0];
        set[0] = (struct id_way){.id = id, .pool_base = pool_base};
    }
    return pool_base;
}
