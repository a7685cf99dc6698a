/* SPDX-License-Identifier: MIT
 *
 * thread: which cache the calling thread has.
 *
 * Owns:     the thread's pointer to its cache, and its scope: which category malloc takes from.
 * Callers:  the public functions, on the calling thread.
 * Promises: a thread without a cache points to the empty one, so that "not attached", "empty" and
 *           "exhausted" are one test on the hot path.
 * Does not: serve blocks.
 *
 *   not attached ── attach ──► attached ── exit, detach ──► not attached
 *   After its exit hook ran, a thread stays unattached: later destructors of its thread-specific
 *   data free without a cache, and borrow one for a single allocation.
 */
#ifndef CORRAL_THREAD_H
#define CORRAL_THREAD_H

#include "cache.h"

/* corral_thread is declared in corral/layout.h: hits read it, also inlined ones. */
CORRAL_FAST struct cache *thread_cache(void) {
    return cache_of_fronts(corral_thread.fronts);
}

CORRAL_FAST bool thread_is_attached(const struct cache *cache) {
    return cache != &corral_cache_empty;
}

/* What a thread begins with. */
#define THREAD_BEGINS                                                                              \
    {.fronts = corral_cache_empty.fronts,                                                          \
     .scoped = corral_cache_empty.fronts,                                                          \
     .scope = CORRAL_SCOPE_NONE}

/* The category whose front lists malloc takes from, as the place of its first pool; CORRAL_SCOPE_NONE: the
 * default one's. Returns what it was. Wait-free. */
uint32_t corral_thread_set_scope(uint32_t place);

/* True when malloc is to ask whose call it is: then, outside of scopes, it finds no block in a front list. Set
 * at the program's start, if at all; a thread that has a cache then sees it at its next miss. */
extern CORRAL_HIDDEN _Atomic bool corral_thread_asks;

CORRAL_FAST bool thread_asks(void) {
    return unlikely(load_relaxed(&corral_thread_asks)); /* [R:poll] */
}

/* Gives the calling thread, which has none, a cache: an orphan or a new one. NULL when memory is
 * exhausted, or the thread's exit hook has run. */
struct cache *corral_thread_attach(void);
/* A cache for one operation of a thread that cannot attach; NULL when memory is exhausted. */
struct cache *corral_thread_borrow(void);
void corral_thread_return(struct cache *cache);

/* The calling thread's cache, attached if it has none; NULL when it cannot be. */
CORRAL_FAST struct cache *thread_cache_attached(void) {
    struct cache *cache = thread_cache();
    return likely(thread_is_attached(cache)) ? cache : corral_thread_attach();
}

#endif
