/* SPDX-License-Identifier: MIT
 *
 * reap: caches whose threads ended without giving them back.
 *
 * Owns:     the mark of a cache's thread.
 * Callers:  thread, when it gives a thread a cache or takes it back.
 * Promises: a thread that ended without its exit hook (by a raw system call; or one whose first use
 *           of corral was in the last round of its destructors) keeps its cache, and all that the
 *           cache holds, only until another thread needs a cache and looks.
 * Does not: take a cache of a thread of another process. The child of a fork has copies of its
 *           parent's caches, and cannot know that their threads were not inside corral.
 *
 * Synchronization (row beside column):
 *            hold    release    take
 *   hold     –       –          any     a cache is one thread's
 *   release  –       –          any     the thread runs, so take does not succeed
 *   take     any     any        CAS     of those who find the thread gone, one has the cache
 * A mark has a number that each hold raises, so that a mark that was read before the cache changed
 * hands differs from the next, even when the two threads have the same identity.
 */
#ifndef CORRAL_REAP_H
#define CORRAL_REAP_H

#include "cache.h"

/* Marks the cache as the calling thread's. Calls the OS. */
void corral_reap_hold(struct cache *cache);
/* Takes the mark away, before the thread gives the cache up. */
void corral_reap_release(struct cache *cache);
/* Looks at `most` caches for one whose thread is gone, and takes it; NULL when none of them is.
 * Calls the OS once for each cache that a thread has. */
struct cache *corral_reap_take(unsigned most);
/* The same before a new cache is made: looks at a few, and at all when there are twice as many caches
 * as threads had when all were looked at last. So there are at most twice as many as threads ever
 * used at a time, and one that finds none looks at a constant number, on average. Threads of the parent
 * count as such for good in the child of a fork. */
struct cache *corral_reap_search(void);

#endif
