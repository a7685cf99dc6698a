/* SPDX-License-Identifier: MIT
 *
 * gather: see gather.h.
 *
 * Owns:     nothing of its own; open words lie in caches.
 * Callers:  through gather.h.
 * Promises: as gather.h.
 * Does not: touch a block.
 */
#include "gather.h"

#include "category.h"
#include "control.h"
#include "front.h"
#include "misuse.h"
#include "queue.h"
#include "shelf.h"

/* The part of a pool's blocks that a thread frees in a row which frees many. */
#define FREEING_PART 32

/* The part of a slab's blocks that are home when it is taken back: it is of use to who needs blocks. */
#define HOME_PART 64

/* The slab that holds blocks of the class at an address, and the block's number in it; NULL when no
 * block begins there. */
static struct slab *find(const struct size_class *size_class, const void *block, uint32_t *at) {
    struct arena *arena = arena_of(block);
    unsigned number = arena_slab_number(block);
    number = size_class->slabs == 1 ? number : arena->unit[number];
    size_t offset = (size_t)((const char *)block - arena_slab_start(arena, number));
    *at = size_class_index(size_class, offset);
    bool begins = (size_t)*at * size_class->size == offset && *at < size_class->capacity;
    return likely(begins) ? &arena->slabs[number] : NULL;
}

static void put_own(struct cache *cache, struct pool *pool, struct slab *slab, unsigned word,
                    uint64_t bits) {
    uint64_t twice = corral_slab_put_owner(slab, word, bits);
    if (unlikely(twice != 0)) {
        corral_slab_report_twice(slab, word, twice, true);
    }
    if (slab != pool->current) {
        queue_give_back_if_empty(cache, pool, slab);
    }
}

/* Blocks that the thread freed past the full front list since that was last empty, whoever allocated them;
 * fewer while the list is made shorter. */
CORRAL_FAST uint32_t freed_past_list(const struct pool *pool, uint32_t limit) {
    uint32_t gone = GONE_MOST * pool->limit_then;
    if (pool->fit_after <= limit + 1) {
        return pool->fit_after == 0 ? 0 : limit + 1 - pool->fit_after;
    }
    return (pool->fit_after <= gone ? gone : UINT32_MAX) - pool->fit_after;
}

/* How many blocks of the pool's the thread may have allocated that are not freed. What the pool counts is too
 * much when others free them, but there are no more than the slabs hold; and too little when it frees others',
 * which what a slab must have to be taken back makes up for. */
CORRAL_FAST int64_t blocks_outside(const struct pool *pool, uint32_t index) {
    int64_t all = (int64_t)load_relaxed(&corral_slab_counts[index]) * /* [R:hint] */
                  corral_classes[index & (CLASS_STRIDE - 1)].capacity;
    int64_t net = load_relaxed(&pool->net); /* [R:own] */
    return net > 0 && net < all ? net : all;
}

/* Did the thread free a good part of the pool's blocks by now, and allocate none but out of its list? Then
 * many of each slab's will follow. That its list is full says nothing: some may have lain in it for long. */
CORRAL_FAST bool is_freeing(const struct cache *cache, const struct pool *pool, uint32_t index) {
    uint32_t limit = front_limit(&cache->fronts[index]);
    uint32_t past = freed_past_list(pool, limit);
    return past > limit / 2 && (int64_t)(limit + past) * FREEING_PART >= blocks_outside(pool, index);
}

/* Takes a slab back that the cache let go FULL and a part of whose blocks came home since, if there is room
 * for it in the queue. One that holds a single block is empty when that comes home. */
CORRAL_NOINLINE static bool take_back(struct cache *cache, struct pool *pool, struct slab *slab) {
    if (slab->capacity == 1 || !slab_was_let_go_by(slab, cache->identity, slab->capacity / HOME_PART)) {
        return false;
    }
    bool taken = queue_finds_room(cache, slab) &&
                 corral_slab_take_back_remote(slab, cache->identity);
    if (taken) {
        queue_push(cache, pool, slab);
    } else if (cache->queue_loans > 0) {
        corral_queue_repay(cache);
    }
    return taken;
}

/* Is a slab the cache's own? One that it let go FULL, while it is freeing many, is so again. */
CORRAL_FAST bool is_own(struct cache *cache, struct pool *pool, struct slab *slab, uint32_t index) {
    return slab_is_owned_by(slab, cache->identity) ||
           (is_freeing(cache, pool, index) && take_back(cache, pool, slab));
}

CORRAL_NOINLINE void corral_gather_send(struct cache *cache, struct pool *pool) {
    uint64_t bits = load_relaxed(&pool->open_bits); /* [R:single-writer] */
    if (bits == 0) {
        return;
    }
    struct slab *slab = pool->open_slab;
    pool->open_span = 0;
    store_relaxed(&pool->open_bits, 0); /* [R:single-writer] */
    pool_net_add(pool, -(int64_t)bits_count(bits));
    if (is_own(cache, pool, slab, slab->pool)) {
        put_own(cache, pool, slab, pool->open_word, bits);
    } else {
        counter_add(&pool->sent, bits_count(bits));
        corral_shelf_send(cache, slab, pool->open_word, bits);
    }
}

/* bit: of an address that cannot go home; 0 when no block begins there. */
CORRAL_SLOW static void refuse(const void *block, uint64_t bit) {
    corral_misuse(bit == 0 ? MISUSE_FOREIGN : MISUSE_DOUBLE_FREE, block,
                  registry_pool((uintptr_t)block));
}

/* The bit of the block that begins at an offset in a word; 0 when none does. */
CORRAL_FAST uint64_t bit_at(const struct pool *pool, size_t offset) {
    uint64_t at = (uint64_t)offset * pool->reciprocal >> 32;
    return likely(at * pool->size == offset) ? UINT64_C(1) << at : 0;
}

/* Of a block whose word is not open: of the cache's own slabs, it goes home by itself, unless it lies
 * beside the one before; then, and of others', it opens the word. */
CORRAL_NOINLINE void corral_gather_open(struct cache *cache, struct pool *pool, void *block,
                                        uint32_t index) {
    const struct size_class *size_class = &corral_classes[index & (CLASS_STRIDE - 1)];
    uint32_t at;
    struct slab *slab = find(size_class, block, &at);
    if (unlikely(slab == NULL)) {
        refuse(block, 0);
        return;
    }
    corral_gather_send(cache, pool);
    if (!gather_is_neighbour(pool, block) && is_own(cache, pool, slab, index)) {
        pool->open_base = block;
        pool_net_add(pool, -1);
        poison(block, pool->size);
        put_own(cache, pool, slab, at / 64, UINT64_C(1) << at % 64);
        return;
    }
    cache->opened_front = &cache->fronts[index];
    cache->opened = pool;
    uint32_t span = word_span(slab, at / 64, pool->size);
    uint32_t most = control_is_apart(index >> CLASS_STRIDE_LOG) ? 1 : OPEN_BYTES / pool->size;
    uint32_t blocks = span / pool->size;
    pool->open_slab = slab;
    pool->open_word = at / 64;
    pool->open_base = (char *)block - (size_t)(at % 64) * pool->size;
    pool->open_span = span;
    pool->open_left = blocks < most ? blocks : most;
    poison(block, pool->size);
    store_relaxed(&pool->open_bits, UINT64_C(1) << at % 64); /* [R:single-writer] */
    if (pool->open_left <= 1) {
        corral_gather_send(cache, pool);
    }
}

CORRAL_NOINLINE void corral_gather_into_open(struct cache *cache, struct pool *pool, void *block,
                                             size_t offset) {
    uint64_t bit = bit_at(pool, offset);
    uint64_t bits = load_relaxed(&pool->open_bits); /* [R:single-writer] */
    if (unlikely(bit == 0 || (bits & bit) != 0)) {
        refuse(block, bit);
        return;
    }
    poison(block, pool->size);
    store_relaxed(&pool->open_bits, bits | bit); /* [R:single-writer] */
    if (--pool->open_left == 1) {
        corral_gather_send(cache, pool);
    }
}

CORRAL_NOINLINE void corral_gather_into_run(struct pool *pool, void *block, size_t offset) {
    uint64_t bit = bit_at(pool, offset);
    uint64_t run = load_relaxed(&pool->run); /* [R:single-writer] */
    uint64_t free = run | *slab_free_word(pool->current, pool->run_word);
    if (unlikely(bit == 0 || (free & bit) != 0)) {
        refuse(block, bit);
        return;
    }
    poison(block, pool->size);
    store_relaxed(&pool->run, run | bit); /* [R:single-writer] */
}
