/* SPDX-License-Identifier: MIT
 *
 * home: what goes back to its slab (gather.h): blocks that front lists do not take in, and what an idle
 *       pool holds.
 *
 * Owns:     the hand of the ring of pools (turn.h); when front lists get longer or shorter.
 * Callers:  the thread that has the cache; for corral_home_alone, any thread.
 * Promises: constant time, but for a slab that wakes or becomes empty (shelf.h), and for what idle
 *           pools send home when another one joins the ring, or is refused a front list, which is
 *           bounded. At most OPEN_BYTES, or 64 blocks, or one block, of each category and class are
 *           gathered and not yet home.
 * Does not: free in bulk otherwise: each call brings at most three words of blocks to slabs.
 *
 * What idle pools hold. Each pool in the ring (turn.h) costs a unit. When the cost of all comes near
 * to what is allowed, a pool that joins moves the hand on: it lays the pools that it meets aside,
 * and puts out those that are still laid aside when it meets them again: their blocks go home, their
 * slabs to the arena or the shelf. So the pools that were not used while it went round twice cost at
 * most what is allowed and a unit; those in use stay, whatever they cost, while the front lists of
 * all fit the thread's budget. The hand looks at a bounded number of pools, and sends a bounded
 * number of blocks of front lists home, each time, and the slabs that wait in the queues of those pools:
 * as many as a thread may have. It also moves on by one pool when pools are refused room in their
 * front lists, since others have the budget: at each refusal, or, while the pools that it meets are in
 * use, at one of many (turn_may_look).
 */
#ifndef CORRAL_HOME_H
#define CORRAL_HOME_H

#include "control.h"
#include "front.h"
#include "slab.h"

/* Brings a block of the pool's category and class home. Runs the misuse policy when the address is
 * no block, or the block is free already. */
void corral_home(struct cache *cache, void *block, uint32_t pool);
/* The same for a block that the pool's full front list did not take in, which is then made longer, or
 * shorter by one block that goes home too. */
void corral_home_from_full(struct cache *cache, void *block, uint32_t pool);
/* The same for a thread that has no cache. */
void corral_home_alone(void *block);
/* Before a pool that is out of the ring, or laid aside, is used: takes it up, or makes room for it
 * and lets it join. True when it has a front list. */
bool corral_home_enter(struct cache *cache, struct pool *pool, uint32_t index);
/* Gives a pool in the ring more room in its front list. When other pools have all of the thread's
 * budget, the hand moves on by one of them instead, so that what idle ones have is there for a later
 * call. */
void corral_home_grant(struct cache *cache, uint32_t index);
/* Moves the hand on by one pool of the ring, which is not empty. */
void corral_home_look(struct cache *cache);
/* Sends home what a pool holds apart from slabs. */
void corral_home_send_blocks(struct cache *cache, struct pool *pool, uint32_t index);
/* Gives a pool's slabs back, or to the shelf. */
void corral_home_send_slabs(struct cache *cache, struct pool *pool);

/* Sends home what the cache has at hand of a category: front lists, runs and open words. */
void corral_home_send_category(struct cache *cache, uint32_t category);

/* The same, if that was asked for since (control.h). The cache has a row of the category. */
CORRAL_FAST void home_send_if_recalled(struct cache *cache, uint32_t category) {
    const struct row *row = load_relaxed(&cache->rows[category]); /* [R:own] */
    if (unlikely(row->recalls != control_recalls(category))) {
        corral_home_send_category(cache, category);
    }
}

#endif
