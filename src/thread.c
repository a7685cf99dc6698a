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

__thread struct corral_thread_state corral_thread = {.fronts = corral_cache_empty.fronts};

struct cache *corral_thread_borrow(void) {
    struct cache *cache = corral_cache_take_orphan();
    cache = cache != NULL ? cache : corral_reap_search();
    cache = cache != NULL ? cache : corral_cache_make();
    return cache != NULL ? cache : corral_reap_take(CACHE_LIMIT);
}

void corral_thread_return(struct cache *cache) {
    corral_large_own_end(&cache->large_own);
    corral_pool_send_all_home(cache);
    corral_cache_orphan(cache);
}

/* The exit hook. */
static void leave(void *argument) {
    corral_thread.fronts = corral_cache_empty.fronts;
    corral_thread.exited = true;
    corral_reap_release(argument);
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
    corral_thread.fronts = cache->fronts;
    if (!corral_os->on_thread_exit(leave, cache)) {
        corral_thread.fronts = corral_cache_empty.fronts;
        corral_reap_release(cache);
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
    corral_thread.fronts = corral_cache_empty.fronts;
    /* No destructor runs for a NULL value. Clearing one that is set does not fail. */
    corral_os->on_thread_exit(leave, NULL);
    corral_reap_release(cache);
    corral_thread_return(cache);
}
