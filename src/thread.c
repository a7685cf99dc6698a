/* SPDX-License-Identifier: MIT
 *
 * thread: see thread.h.
 *
 * Owns:     corral_thread.
 * Callers:  through thread.h, and the OS at thread exit.
 * Promises: the pointer goes back to the empty cache before the cache is given up, so that what
 *           runs later on this thread never touches what another may have by then.
 * Does not: wait for anyone.
 */
#include "thread.h"

#include <corral/corral.h>
#include "os.h"
#include "pool.h"
#include "reap.h"

__thread struct corral_thread_state corral_thread = THREAD_BEGINS;
_Atomic bool corral_thread_asks;

/* The cache, and where malloc takes from: the scope's front lists of it. */
static void point_to(struct corral_front *fronts) {
    uint32_t scope = corral_thread.scope;
    corral_thread.fronts = fronts;
    if (scope != CORRAL_SCOPE_NONE) {
        corral_thread.scoped = corral_hit_front(fronts, scope);
    } else {
        corral_thread.scoped = thread_asks() ? corral_cache_empty.fronts : fronts;
    }
}

uint32_t corral_thread_set_scope(uint32_t place) {
    uint32_t before = corral_thread.scope;
    corral_thread.scope = place;
    point_to(corral_thread.fronts);
    return before;
}

struct cache *corral_thread_borrow(void) {
    struct cache *cache = corral_cache_take_orphan();
    cache = cache != NULL ? cache : corral_reap_search();
    cache = cache != NULL ? cache : corral_cache_make();
    return cache != NULL ? cache : corral_reap_take(CACHE_LIMIT);
}

void corral_thread_return(struct cache *cache) {
    corral_large_own_end(&cache->large_own);
    corral_pool_send_all_home(cache);
    corral_reap_release(cache);
    corral_cache_orphan(cache);
}

/* The exit hook. A C library gives a new thread the stack of an ended one, and where that one's destructors never
 * ran, the values of its keys with it: a cache that may have become another thread's. */
static void leave(void *argument) {
    if (argument != thread_cache()) {
        return;
    }
    point_to(corral_cache_empty.fronts);
    corral_thread.exited = true;
    corral_thread_return(argument);
}

CORRAL_SLOW struct cache *corral_thread_attach(void) {
    if (corral_thread.exited) {
        return NULL;
    }
    struct cache *cache = corral_thread_borrow();
    if (cache == NULL) {
        return NULL;
    }
    corral_reap_hold(cache);
    /* First, since setting the hook may itself allocate from a libc that runs on corral. */
    point_to(cache->fronts);
    if (!corral_os->on_thread_exit(leave, cache)) {
        point_to(corral_cache_empty.fronts);
        corral_thread_return(cache);
        return NULL;
    }
    return cache;
}

void corral_thread_detach(void) {
    struct cache *cache = thread_cache();
    if (!thread_is_attached(cache)) {
        return;
    }
    point_to(corral_cache_empty.fronts);
    /* No destructor runs for a NULL value. Clearing one that is set does not fail. */
    corral_os->on_thread_exit(leave, NULL);
    corral_thread_return(cache);
}
