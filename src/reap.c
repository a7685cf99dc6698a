/* SPDX-License-Identifier: MIT
 *
 * reap: see reap.h.
 *
 * Owns:     the cursor over all caches, and how many there are before all are looked at.
 * Callers:  through reap.h.
 * Promises: as reap.h.
 * Does not: run at any other time than when a thread needs a cache.
 */
#include "reap.h"

#include "gate.h"
#include "os.h"

/* A mark: the thread as the OS names it, below a count of holds. 0 while no thread has the cache. */
#define THREAD_BITS 44u
#define THREAD_MASK ((UINT64_C(1) << THREAD_BITS) - 1)

/* Caches that a search looks at, but for when it looks at all. */
#define LOOK_MAX 4u

static _Atomic uint32_t next_look;
static _Atomic uint32_t look_at_all_from = 1;

void corral_reap_hold(struct cache *cache) {
    cache->holds++;
    uint64_t mark = (uint64_t)cache->holds << THREAD_BITS | (corral_os_thread() & THREAD_MASK);
    store_relaxed(&cache->mark, mark); /* [R:own] Nobody acts on it while the thread lives. */
}

void corral_reap_release(struct cache *cache) {
    store_relaxed(&cache->mark, 0); /* [R:own] as above */
}

/* Takes a cache if its thread is gone. */
static bool take(struct cache *cache) {
    uint64_t mark = load_relaxed(&cache->mark); /* [R:cas-reload] */
    return mark != 0 && corral_os_thread_is_gone(mark & THREAD_MASK) &&
           cas_relaxed(&cache->mark, &mark, 0); /* [R:gone] */
}

struct cache *corral_reap_take(unsigned most) {
    unsigned count = corral_cache_count();
    uint32_t at = load_relaxed(&next_look); /* [R:hint] */
    struct cache *found = NULL;
    for (unsigned look = 0; look < most && look + 1 < count && found == NULL; look++) {
        at = at + 1 < count ? at + 1 : 1;
        struct cache *cache = corral_cache_named(at);
        if (cache != NULL && take(cache)) {
            corral_gate_free_all(cache);
            found = cache;
        }
    }
    store_relaxed(&next_look, at); /* [R:hint] */
    return found;
}

struct cache *corral_reap_search(void) {
    uint32_t caches = corral_cache_count() - 1;
    if (caches < load_relaxed(&look_at_all_from)) { /* [R:hint] */
        return corral_reap_take(LOOK_MAX);
    }
    struct cache *found = corral_reap_take(caches);
    if (found == NULL) {
        store_relaxed(&look_at_all_from, 2 * caches + 1); /* [R:hint] */
    }
    return found;
}
