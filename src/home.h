/* SPDX-License-Identifier: MIT
 *
 * home: the way of a block back to its slab, and of what an idle pool holds.
 *
 * Owns:     open words; the hand of the ring of pools (turn.h).
 * Callers:  the thread that has the cache; for corral_home_alone, any thread.
 * Promises: constant time, but for a slab that wakes or becomes empty (shelf.h), and for what idle
 *           pools send home when another one joins the ring, or is refused a front list, which is
 *           bounded. At most OPEN_BYTES, or 64 blocks, or one block, of each category and class are
 *           gathered and not yet home.
 * Does not: free in bulk otherwise: each call brings at most two words of blocks to slabs.
 *
 *   a block of the run's word ......... back into the run: handed out again before blocks that were
 *                                       not touched yet, the lowest first
 *   of the open word .................. one more bit of it
 *   of another word ................... the open word goes out, and this one is opened; but of the
 *                                       cache's own slabs, the first block goes home by itself
 * An open word goes out when it is full, replaced, worth OPEN_BYTES, or of the slab that a refill
 * comes to: as free bits if the slab is the cache's own by then, else as remote bits. While it holds
 * a bit, its slab has a block outside, so nobody gives the slab back.
 *
 * A thread that frees a good part of a pool's blocks in a row, of which its front list takes none in,
 * takes the FULL slabs back that it let go: their blocks that follow cost no atomic operation. As many
 * slabs as its queue takes, with what it may borrow (queue.h). Were it to do so for a few blocks, it would
 * have queues of slabs with one free block each.
 *
 * What idle pools hold. Each pool in the ring (turn.h) costs a unit. When the cost of all comes near
 * to what is allowed, a pool that joins moves the hand on: it lays the pools that it meets aside,
 * and puts out those that are still laid aside when it meets them again: their blocks go home, their
 * slabs to the arena or the shelf. So the pools that were not used while it went round twice cost at
 * most what is allowed and a unit; those in use stay, whatever they cost, while the front lists of
 * all fit the thread's budget. The hand looks at a bounded number of pools, and sends a bounded
 * number of blocks home, each time. It also moves on by one pool when pools are refused room in their
 * front lists, since others have the budget: at each refusal, or, while the pools that it meets are in
 * use, at one of many (turn_may_look).
 */
#ifndef CORRAL_HOME_H
#define CORRAL_HOME_H

#include "front.h"
#include "slab.h"

/* A block that is worth this much is sent home at once; smaller ones gather up to it. */
#define OPEN_BYTES ((uint32_t)(16 * KIB))

/* Brings a block of the pool's category and class home. Runs the misuse policy when the address is
 * no block, or the block is free already. */
void corral_home(struct cache *cache, void *block, uint32_t pool);
/* The same for a block that the pool's full front list did not take in, which is then made longer, or
 * shorter by one block that goes home too. */
void corral_home_from_full(struct cache *cache, void *block, uint32_t pool);
/* The same for a thread that has no cache. */
void corral_home_alone(void *block);
/* Sends the open word, if there is one. */
void corral_home_send_open(struct cache *cache, struct pool *pool);

/* Before a pool that is out of the ring, or laid aside, is used: takes it up, or makes room for it
 * and lets it join. True when it has a front list. */
bool corral_home_enter(struct cache *cache, struct pool *pool, uint32_t index);
/* Gives a pool in the ring more room in its front list. When other pools have all of the thread's
 * budget, the hand moves on by one of them instead, so that what idle ones have is there for a later
 * call. */
void corral_home_grant(struct cache *cache, uint32_t index);
/* Sends home what a pool holds apart from slabs. */
void corral_home_send_blocks(struct cache *cache, struct pool *pool, uint32_t index);
/* Gives a pool's slabs back, or to the shelf. */
void corral_home_send_slabs(struct cache *cache, struct pool *pool);

CORRAL_FAST void pool_end_run(struct pool *pool) {
    pool->run_span = 0;
    store_relaxed(&pool->run, 0); /* [R:single-writer] */
}

/* Gathers a block of the open word, when that goes on to be open and the front list is not to be looked
 * at yet: what most blocks of many that are freed in order meet. False when nothing was done. */
CORRAL_FAST bool home_gather(struct pool *pool, void *block) {
    size_t offset = (uintptr_t)block - (uintptr_t)pool->open_base;
    if (offset >= pool->open_span) {
        return false;
    }
    uint64_t at = (uint64_t)offset * pool->reciprocal >> 32;
    if (unlikely(at * pool->size != offset || pool->open_left <= 2 || pool->fit_after <= 1)) {
        return false;
    }
    uint64_t bits = load_relaxed(&pool->open_bits); /* [R:single-writer] */
    if (unlikely((bits >> at & 1) != 0)) {
        return false;
    }
    pool->open_left--;
    pool->fit_after--;
    poison(block, pool->size);
    store_relaxed(&pool->open_bits, bits | UINT64_C(1) << at); /* [R:single-writer] */
    return true;
}

/* Blocks of a slab's word of bits. */
CORRAL_FAST uint32_t word_span(const struct slab *slab, unsigned word, uint32_t size) {
    uint32_t blocks = slab->capacity - word * 64;
    return (blocks < 64 ? blocks : 64) * size;
}

#endif
