/* SPDX-License-Identifier: MIT
 *
 * home: see home.h.
 *
 * Owns:     nothing of its own; open words lie in caches.
 * Callers:  through home.h.
 * Promises: as home.h.
 * Does not: touch a block.
 */
#include "home.h"

#include "category.h"
#include "misuse.h"
#include "queue.h"
#include "shelf.h"
#include "turn.h"

/* When so many blocks of front lists went home for each slab of the pool that joins, the hand
 * rests. */
#define SEND_MOST 256u
/* The part of a pool's blocks that come home in a row from a thread that frees many. */
#define FREEING_PART 16
/* As many times the list's last limit as may follow while it is to begin with that again. */
#define GONE_MOST 8u

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
        corral_slab_report_twice(slab, word, twice);
    }
    if (slab != pool->current) {
        queue_give_back_if_empty(cache, pool, slab);
    }
}

/* Blocks that came home in a row, while nobody asked for those of the full front list: about as many. */
CORRAL_FAST uint32_t came_in_a_row(const struct pool *pool, uint32_t limit) {
    uint32_t past = GONE_MOST * pool->limit_then;
    if (pool->fit_after <= limit + 1) {
        return pool->fit_after == 0 ? 0 : limit + 1 - pool->fit_after;
    }
    return pool->fit_after <= past ? past - pool->fit_after : UINT32_MAX - pool->fit_after;
}

/* Did the thread free a good part of the pool's blocks by now, one after the other? Then many of each
 * slab's will follow. */
CORRAL_FAST bool is_freeing(const struct cache *cache, const struct pool *pool, uint32_t index) {
    uint32_t came = came_in_a_row(pool, front_limit(&cache->fronts[index]));
    return came > 0 && (int64_t)came * FREEING_PART >= load_relaxed(&pool->net); /* [R:own] */
}

/* Takes a slab back that the cache let go FULL, if there is room for it in the queue. One that holds a
 * single block is empty when that comes home. */
CORRAL_NOINLINE static bool take_back(struct cache *cache, struct pool *pool, struct slab *slab) {
    if (slab->capacity == 1 || !slab_was_let_go_by(slab, cache->identity)) {
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

CORRAL_NOINLINE void corral_home_send_open(struct cache *cache, struct pool *pool) {
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
    corral_misuse(bit == 0 ? MISUSE_FOREIGN : MISUSE_DOUBLE_FREE, block);
}

/* The bit of the block that begins at an offset in a word; 0 when none does. */
CORRAL_FAST uint64_t bit_at(const struct pool *pool, size_t offset) {
    uint64_t at = (uint64_t)offset * pool->reciprocal >> 32;
    return likely(at * pool->size == offset) ? UINT64_C(1) << at : 0;
}

/* Of a block whose word is not open: of the cache's own slabs, the first of a word goes home by
 * itself, and the next one of it opens the word; of others' the first one opens it. */
CORRAL_NOINLINE static void open_word(struct cache *cache, struct pool *pool, void *block,
                                      uint32_t index) {
    const struct size_class *size_class = &corral_classes[index & (CLASS_STRIDE - 1)];
    uint32_t at;
    struct slab *slab = find(size_class, block, &at);
    if (unlikely(slab == NULL)) {
        refuse(block, 0);
        return;
    }
    corral_home_send_open(cache, pool);
    char *base = (char *)block - (size_t)(at % 64) * pool->size;
    if (base != pool->open_base && is_own(cache, pool, slab, index)) {
        pool->open_base = base;
        pool_net_add(pool, -1);
        poison(block, pool->size);
        put_own(cache, pool, slab, at / 64, UINT64_C(1) << at % 64);
        return;
    }
    uint32_t span = word_span(slab, at / 64, pool->size);
    uint32_t most = OPEN_BYTES / pool->size;
    uint32_t blocks = span / pool->size;
    pool->open_slab = slab;
    pool->open_word = at / 64;
    pool->open_base = base;
    pool->open_span = span;
    pool->open_left = blocks < most ? blocks : most;
    poison(block, pool->size);
    store_relaxed(&pool->open_bits, UINT64_C(1) << at % 64); /* [R:single-writer] */
    if (pool->open_left <= 1) {
        corral_home_send_open(cache, pool);
    }
}

static void put_into_open(struct cache *cache, struct pool *pool, void *block, size_t offset) {
    uint64_t bit = bit_at(pool, offset);
    uint64_t bits = load_relaxed(&pool->open_bits); /* [R:single-writer] */
    if (unlikely(bit == 0 || (bits & bit) != 0)) {
        refuse(block, bit);
        return;
    }
    poison(block, pool->size);
    store_relaxed(&pool->open_bits, bits | bit); /* [R:single-writer] */
    if (--pool->open_left == 1) {
        corral_home_send_open(cache, pool);
    }
}

static void put_into_run(struct pool *pool, void *block, size_t offset) {
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

CORRAL_FAST void put_home(struct cache *cache, struct pool *pool, void *block, uint32_t index) {
    size_t in_run = (uintptr_t)block - (uintptr_t)pool->run_base;
    size_t in_open = (uintptr_t)block - (uintptr_t)pool->open_base;
    if (in_open < pool->open_span) {
        put_into_open(cache, pool, block, in_open);
    } else if (in_run < pool->run_span) {
        put_into_run(pool, block, in_run);
    } else {
        open_word(cache, pool, block, index);
    }
}

/* Gives a pool that was laid aside its front list again. */
static void take_up(struct cache *cache, struct pool *pool, uint32_t index) {
    if (pool->turn == TURN_LAID) {
        cache->fronts[index].head = pool->aside;
        pool->aside = NULL;
        pool->turn = TURN_IN;
    }
}

/* Puts what is left of the run back into its slab, which is the current one. */
static void run_home(struct pool *pool) {
    uint64_t run = load_relaxed(&pool->run); /* [R:single-writer] */
    if (run == 0) {
        return;
    }
    pool_end_run(pool);
    pool_net_add(pool, -(int64_t)bits_count(run));
    corral_slab_put_owner(pool->current, pool->run_word, run);
}

/* As many as the list is long by its count, and no more: a block freed twice may have made a ring
 * of it, of which each block comes home once. */
static void front_home(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    int32_t length = (int32_t)front_limit(front) - front_room(front);
    for (; length > 0 && front->head != NULL; length--) {
        void *block = front->head;
        front->head = link_get(block);
        store_relaxed(&front->room, front_room(front) + 1); /* [R:single-writer] */
        corral_home(cache, block, index);
    }
    front->head = NULL;
    cache->front_budget += (size_t)front_limit(front) * pool->size;
    store_relaxed(&front->room, 0);  /* [R:single-writer] */
    store_relaxed(&front->limit, 0); /* [R:single-writer] */
}

void corral_home_send_blocks(struct cache *cache, struct pool *pool, uint32_t index) {
    take_up(cache, pool, index);
    front_home(cache, pool, index);
    run_home(pool);
    corral_home_send_open(cache, pool);
}

void corral_home_send_slabs(struct cache *cache, struct pool *pool) {
    struct slab *slab = pool->current;
    pool->current = NULL;
    pool_end_run(pool);
    for (; slab != NULL || (slab = queue_pop(cache, pool)) != NULL; slab = NULL) {
        corral_shelf_place(cache, false, slab);
    }
}

/* Leaves a pool nothing that a hit could use. It has its slab, and its front list for later. */
static void lay_aside(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    corral_home_send_open(cache, pool);
    run_home(pool);
    corral_front_trim(cache, index);
    pool->aside = front->head;
    front->head = NULL;
    pool->fit_after = 0;
    pool->turn = TURN_LAID;
}

/* Sends home all that a pool holds that was laid aside and not used since. Returns the number of
 * its front list's blocks. */
static uint32_t put_out(struct cache *cache, struct pool *pool, uint32_t index) {
    struct corral_front *front = &cache->fronts[index];
    int32_t length = (int32_t)front_limit(front) - front_room(front);
    corral_home_send_blocks(cache, pool, index);
    corral_home_send_slabs(cache, pool);
    return length > 0 ? (uint32_t)length : 0;
}

/* Moves the hand on by one pool, which it lays aside or puts out. Returns how many blocks of front
 * lists went home. */
static uint32_t look(struct cache *cache) {
    uint32_t index = turn_next(cache);
    struct pool *pool = cache_pool_if(cache, index);
    turn_met(cache);
    if (pool->turn == TURN_IN) {
        lay_aside(cache, pool, index);
        cache->hand = index;
        return 0;
    }
    uint32_t sent = put_out(cache, pool, index);
    corral_turn_leave_next(cache);
    return sent;
}

/* Moves the hand on, before a pool joins the ring. */
static void make_room(struct cache *cache, ptrdiff_t cost) {
    uint32_t slabs = (uint32_t)(cost >> SLAB_SHIFT);
    uint32_t sent = 0;
    uint32_t looks = slabs * TURN_LOOKS;
    for (; looks > 0 && sent < slabs * SEND_MOST && !turn_has_room(cache, cost); looks--) {
        sent += look(cache);
    }
}

/* Before a pool's first use. */
CORRAL_SLOW static void begin(struct pool *pool, uint32_t index) {
    const struct size_class *size_class = &corral_classes[index & (CLASS_STRIDE - 1)];
    pool->size = size_class->size;
    pool->reciprocal = size_class->reciprocal;
}

CORRAL_NOINLINE bool corral_home_enter(struct cache *cache, struct pool *pool, uint32_t index) {
    ptrdiff_t cost = turn_cost(index);
    if (unlikely(pool->size == 0)) {
        begin(pool, index);
    }
    if (pool->turn == TURN_OUT && cost > 0) {
        corral_turn_learn(cache, pool, cost);
        make_room(cache, cost);
        corral_turn_join(cache, pool, index);
    }
    if (pool->turn == TURN_LAID) {
        turn_was_in_vain(cache);
    }
    pool->turn = pool->turn == TURN_OUT ? TURN_IN : pool->turn;
    take_up(cache, pool, index);
    return cache->fronts[index].head != NULL;
}

void corral_home_grant(struct cache *cache, uint32_t index) {
    uint32_t before = front_limit(&cache->fronts[index]);
    corral_front_grant(cache, index);
    if (front_limit(&cache->fronts[index]) > before || before >= front_most(index)) {
        return;
    }
    if (!turn_may_look(cache)) {
        return;
    }
    if (turn_next(cache) == index) {
        cache->hand = index; /* it is in use */
    } else {
        look(cache);
    }
}

/* A front list that was empty since it was last full is too short for what comes and goes. One that
 * was not, while as many blocks as it may hold went past it, holds blocks that nobody asked for:
 * they keep their slabs from emptying, so each block that comes home takes one of them along. When
 * it has none any more, and many more blocks follow, one as long as it was would not have served
 * the next allocations for long: then it is not to begin with that again. */
static void fit_front(struct cache *cache, struct pool *pool, uint32_t index) {
    if (pool->fit_after == 0) {
        pool->gone = false;
        /* A pool without a list asks for one when it is refilled: its run may do. */
        if (front_limit(&cache->fronts[index]) == 0) {
            corral_front_grant(cache, index);
        } else {
            corral_home_grant(cache, index);
        }
        pool->fit_after = front_limit(&cache->fronts[index]) + 1;
        return;
    }
    void *block = corral_front_shorten(cache, index);
    if (block != NULL) {
        put_home(cache, pool, block, index);
    } else if (pool->limit_then > 0 && !pool->gone) {
        pool->gone = true;
        pool->fit_after = GONE_MOST * pool->limit_then;
    } else {
        pool->limit_then = 0;
        pool->fit_after = UINT32_MAX;
    }
}

CORRAL_NOINLINE static void put_home_and_fit(struct cache *cache, struct pool *pool, void *block,
                                             uint32_t index) {
    if (unlikely(pool->turn != TURN_IN)) {
        corral_home_enter(cache, pool, index);
    }
    fit_front(cache, pool, index);
    put_home(cache, pool, block, index);
}

CORRAL_NOINLINE void corral_home(struct cache *cache, void *block, uint32_t index) {
    struct pool *pool = cache_pool(cache, index);
    if (unlikely(pool == NULL)) {
        corral_home_alone(block);
        return;
    }
    if (unlikely(pool->turn != TURN_IN)) {
        corral_home_enter(cache, pool, index);
    }
    put_home(cache, pool, block, index);
}

CORRAL_NOINLINE void corral_home_from_full(struct cache *cache, void *block, uint32_t index) {
    struct pool *pool = cache_pool_if(cache, index);
    if (unlikely(pool == NULL)) {
        corral_home(cache, block, index);
    } else if (unlikely(pool->fit_after <= 1)) {
        put_home_and_fit(cache, pool, block, index);
    } else {
        pool->fit_after--;
        put_home(cache, pool, block, index);
    }
}

CORRAL_SLOW void corral_home_alone(void *block) {
    struct slab *slab = slab_of(block);
    uint32_t at;
    if (!slab_find_block(slab, block, &at)) {
        corral_misuse(MISUSE_FOREIGN, block);
        return;
    }
    category_count_stray(slab->pool >> CLASS_STRIDE_LOG, -1, slab_class(slab)->size);
    poison(block, slab_class(slab)->size);
    corral_shelf_send(NULL, slab, at / 64, UINT64_C(1) << (at % 64));
}
