/* SPDX-License-Identifier: MIT
 *
 * trim: memory goes back now.
 *
 * Owns:     nothing.
 * Callers:  a program's thread, through corral/upkeep.h; malloc_trim.
 * Promises: as corral/upkeep.h.
 * Does not: wait for a thread.
 */
#include <corral/upkeep.h>

#include "arena.h"
#include "decay.h"
#include "figures.h"
#include "home.h"
#include "large_kept.h"
#include "pool.h"
#include "reap.h"
#include "thread.h"
#include "trial.h"

/* A cache that is the thread's meanwhile, so that another has it should the thread be gone. */
static void empty(struct cache *cache) {
    corral_reap_hold(cache);
    corral_thread_return(cache);
}

/* What caches hold whose threads are gone. An orphan holds something when its thread ended while a category was
 * reset. */
static void empty_left_caches(void) {
    struct cache *left;
    while ((left = corral_reap_take(CACHE_LIMIT)) != NULL) {
        empty(left);
    }
    for (unsigned i = 1, count = corral_cache_count(); i < count; i++) {
        struct cache *cache = corral_cache_named(i);
        if (cache != NULL && corral_cache_take_if_orphan(cache)) {
            empty(cache);
        }
    }
}

/* What a category keeps beyond the target. */
static uint64_t trim_kept(uint32_t category, uint64_t target) {
    size_t kept = corral_keep_free(category);
    uint64_t purged = kept > target ? corral_decay_category(category, kept - (size_t)target) : 0;
    if (target == 0) {
        corral_arena_end_empty_of(category);
    }
    return purged;
}

static uint64_t trim(uint32_t category, uint64_t target) {
    struct cache *cache = thread_cache();
    corral_recall(category);
    if (thread_is_attached(cache)) {
        corral_pool_send_category_home(cache, category);
    }
    return trim_kept(category, target);
}

uint64_t corral_trim(uint32_t memory_type_id, uint64_t target) {
    bool known;
    uint32_t category = corral_category_find(memory_type_id, &known);
    if (!known) {
        return 0;
    }
    empty_left_caches();
    uint64_t purged = trim(category, target);
    if (target == 0) {
        corral_large_release_kept();
    }
    return purged;
}

uint64_t corral_trim_all(uint64_t target) {
    uint32_t end = load_relaxed(&corral_category_end); /* [R:hint] */
    uint64_t purged = 0;
    empty_left_caches();
    corral_thread_detach();
    for (uint32_t category = 0; category < end; category++) {
        purged += trim(category, target);
    }
    if (target == 0) {
        corral_large_release_kept();
    }
    return purged;
}
