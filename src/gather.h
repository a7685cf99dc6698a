/* SPDX-License-Identifier: MIT
 *
 * gather: blocks on their way home, by words of their slabs' bitmaps.
 *
 * Owns:     open words; which slabs a thread takes back.
 * Callers:  home; pool, for the run and the open word; slow, for the short ways. The thread that has the
 *           cache.
 * Promises: constant time, but for a slab that wakes or becomes empty (shelf.h), or is taken back. At most
 *           OPEN_BYTES, or 64 blocks, or one block, of each category and class are gathered and not yet
 *           home.
 * Does not: look at front lists but for their limits, or at the ring of pools.
 *
 *   a block of the run's word ......... back into the run: handed out again before blocks that were
 *                                       not touched yet, the lowest first
 *   of the open word .................. one more bit of it
 *   of another word ................... the open word goes out, and this one is opened; but of the
 *                                       cache's own slabs, only when the block lies beside the one
 *                                       before: else it goes home by itself
 * An open word goes out when it is full, replaced, worth OPEN_BYTES, or of the slab that a refill
 * comes to: as free bits if the slab is the cache's own by then, else as remote bits. While it holds
 * a bit, its slab has a block outside, so nobody gives the slab back.
 *
 * A thread that frees a good part of a pool's blocks in a row, more than its front list takes in, takes
 * FULL slabs back that it let go, those of which a part is home: their blocks that follow cost no atomic
 * operation. As many slabs as its queue takes, with what it may borrow (queue.h). Were it to do so for a few
 * blocks, it would have queues of slabs with one free block each.
 */
#ifndef CORRAL_GATHER_H
#define CORRAL_GATHER_H

#include "cache.h"
#include "slab.h"

/* A block that is worth this much is sent home at once; smaller ones gather up to it. */
#define OPEN_BYTES ((uint32_t)(16 * KIB))

/* As many times the front list's last limit as may come home after it was lowered to none, while it is to
 * begin with that again. */
#define GONE_MOST 8u

/* Sends the open word, if there is one. */
void corral_gather_send(struct cache *cache, struct pool *pool);
/* Brings a block home of whose word neither the run nor the open word is. */
void corral_gather_open(struct cache *cache, struct pool *pool, void *block, uint32_t index);
/* Puts a block into the open word, or the run. offset: from the first block of the word. */
void corral_gather_into_open(struct cache *cache, struct pool *pool, void *block, size_t offset);
void corral_gather_into_run(struct pool *pool, void *block, size_t offset);

/* Brings a block of the pool home. Runs the misuse policy when the address is no block, or the block is
 * free already. */
CORRAL_FAST void gather_put(struct cache *cache, struct pool *pool, void *block, uint32_t index) {
    size_t in_run = (uintptr_t)block - (uintptr_t)pool->run_base;
    size_t in_open = (uintptr_t)block - (uintptr_t)pool->open_base;
    if (in_open < pool->open_span) {
        corral_gather_into_open(cache, pool, block, in_open);
    } else if (in_run < pool->run_span) {
        corral_gather_into_run(pool, block, in_run);
    } else {
        corral_gather_open(cache, pool, block, index);
    }
}

CORRAL_FAST void pool_end_run(struct pool *pool) {
    pool->run_span = 0;
    store_relaxed(&pool->run, 0); /* [R:single-writer] */
}

/* Does a block lie beside the last of an own slab that came home, or before the last word? Of no meaning
 * while a word is open. */
CORRAL_FAST bool gather_is_neighbour(const struct pool *pool, const void *block) {
    uintptr_t before = (uintptr_t)pool->open_base;
    return (uintptr_t)block == before + pool->size || (uintptr_t)block == before - pool->size;
}

/* The short ways: what most blocks of many that are freed meet. Each brings a block home when nothing else
 * is to be done for that, and else does nothing, and returns false. */

/* A block of the open word, when that goes on to be open. */
CORRAL_FAST bool gather_into_open(struct pool *pool, void *block) {
    size_t offset = (uintptr_t)block - (uintptr_t)pool->open_base;
    if (offset >= pool->open_span) {
        return false;
    }
    uint64_t product = (uint64_t)offset * pool->reciprocal;
    uint64_t at = product >> 32;
    uint64_t bits = load_relaxed(&pool->open_bits); /* [R:single-writer] */
    /* Of larger classes, a word goes out before it has so many. */
    static_assert(OPEN_BYTES / LOW_HALF_TELLS <= 2, "the low half tells");
    if (unlikely(pool->open_left <= 2 || !low_half_begins(product, pool->reciprocal) ||
                 (bits >> at & 1) != 0)) {
        return false;
    }
    pool->open_left--;
    poison(block, pool->size);
    store_relaxed(&pool->open_bits, bits | UINT64_C(1) << at); /* [R:single-writer] */
    return true;
}

/* A block of the cache's own slab, when that is not the current one and does not become empty, no word is
 * open, and the block does not lie beside the one before. */
CORRAL_FAST bool gather_into_own(const struct cache *cache, struct pool *pool, void *block) {
    struct arena *arena = arena_of(block);
    IN_REGISTER(arena);
    unsigned number = arena_slab_number(block);
    const struct slab *slab = &arena->slabs[number];
    IN_REGISTER(slab);
    uint32_t size = pool->size;
    /* [R:own-identity] */
    if (load_relaxed(&arena->owner[number]) != cache->identity || size > SMALL_MAX ||
        pool->open_span != 0 || slab == pool->current) {
        return false;
    }
    uint32_t offset = (uint32_t)((uintptr_t)block & (SLAB_BYTES - 1));
    uint32_t at = (uint32_t)((uint64_t)offset * pool->reciprocal >> 32);
    if (unlikely(at * size != offset || at >= slab->capacity ||
                 slab->free_count + 1 >= slab->capacity || gather_is_neighbour(pool, block) ||
                 !slab_put_block_owner(arena, number, at))) {
        return false;
    }
    pool->open_base = block;
    pool_net_add(pool, -1);
    poison(block, size);
    return true;
}

/* Blocks of a slab's word of bits. */
CORRAL_FAST uint32_t word_span(const struct slab *slab, unsigned word, uint32_t size) {
    uint32_t blocks = slab->capacity - word * 64;
    return (blocks < 64 ? blocks : 64) * size;
}

#endif
