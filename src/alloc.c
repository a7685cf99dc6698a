/* SPDX-License-Identifier: MIT
 *
 * alloc: the two functions that every user runs.
 *
 * Owns:     nothing. Their bodies are those that corral/inline.h inlines into a caller, compiled
 *           here as functions; this is the page about both forms.
 * Callers:  any thread.
 * Promises: on a hit, no lock, no atomic read-modify-write, no system call.
 * Does not: serve signal handlers.
 *
 * alloc(size, id):
 *   size at most TABLE_MAX, or constant and at most BLOCK_MAX, and a dense id?
 *     the front list of (category, class) has a block ......... pop it                 here
 *     it has none, the run has one ............................ take its lowest bit    pool
 *   an id that is not dense, corral_alloc_mapped:
 *     size at most TABLE_MAX, and the thread's map has the id?  as above
 *   otherwise, corral_alloc_slow:
 *     the thread has no cache ................................. attach, or borrow      thread
 *     size above BLOCK_MAX .................................... a mapping of its own   large
 *     the id is not dense ..................................... the thread's map       cache
 *     the front list or the run has a block ................... as above
 *     neither ................................................. refill                 pool
 *
 * free(block, id):
 *   the address lies in an arena of the id:
 *     the front list has room ................................. push it                here
 *     it is full, or takes none ............................... home                   home
 *     it is the front list's first block ...................... freed twice            misuse
 *   otherwise, corral_free_slow:
 *     NULL .................................................... nothing
 *     the address lies in no arena ............................ large, or foreign      large, misuse
 *     the slab holds no blocks ................................ foreign                misuse
 *     the id is another category's ............................ say so, and go on      misuse
 *     the thread has no cache ................................. attach, or a single bit
 *     it has one .............................................. as above
 *
 *   path          loads  branches  stores  atomic read-modify-writes  benchmark
 *   alloc, hit      5       3        2               0                (a), (c), (d)
 *   free, hit       6       3        3               0                (a), (c), (d)
 *   alloc, run     10       6        2               0                bulk
 *   free, open     16      11        3               0 own; 2 for up to     bulk, (e)
 *   word                                             64 blocks of another's
 *   free, own      31      24        7               0                bulk in random order
 *   The load of the thread's pointer is a call in the shared library and in the one for plugins.
 *   Inlined with a constant size and id, alloc has 1 load and 2 branches fewer; with the shared library
 *   an inlined free has 1 load more, of the tables' address.
 *
 * Invariants:
 *   1. A block in a front list is in no run, no open word, and has no free or remote bit.
 *   2. A front list holds blocks of one category and one class, whoever's slabs they are in.
 *   3. corral_cache_empty is never written: its lists are empty and its limits 0.
 *   4. The pool of a slab without blocks is of CLASS_NONE, whose limit is 0 in every cache.
 *
 * Ordering: the hit paths order nothing. Who frees a block got it from who allocated it, by means
 * of the caller's own; a front list is its thread's alone, until the exit hook has emptied it and
 * the set of orphans passes the cache on (E:orphan). A block that another thread will hand out
 * goes there as a remote bit (E:bits). The arena's number and id, and the place of the slab's pool, are
 * constant while a block of the slab is live: reading them needs no edge but the one that brought the block.
 */
#include <corral/corral.h>
#include "pool.h"
#include "slow.h"
#include "slow_free.h"
#include "thread.h"

#define CLASS_BYTES(pool)              corral_classes[(pool) & (CLASS_STRIDE - 1)].size
#define CORRAL_BEFORE_POP(block, pool) unpoison((block), CLASS_BYTES(pool))
#define CORRAL_AFTER_PUSH(block, pool) poison((block), CLASS_BYTES(pool))
#include <corral/inline.h>

void *corral_alloc(size_t size, uint32_t id) {
    return corral_alloc_inline(size, id);
}

void corral_free(void *block, uint32_t id) {
    corral_free_inline(block, id);
}

/* For inlined frees and allocations of programs with the shared library. */
const struct corral_table_addresses corral_tables = {
    .registry = &corral_registry,
    .class_table = corral_class_table,
};
