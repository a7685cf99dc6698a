/* SPDX-License-Identifier: MIT
 *
 * pool: see pool.h.
 *
 * Owns:     nothing of its own; pools lie in caches.
 * Callers:  through pool.h.
 * Promises: as pool.h.
 * Does not: attach or detach threads.
 */
#include "pool.h"

#include "category.h"
#include "decay.h"
#include "figures.h"
#include "misuse.h"
#include "queue.h"
#include "shelf.h"

/* The first grant of a front list: so many blocks, worth so many bytes, one block at least. */
#define FRONT_FIRST       16u
#define FRONT_FIRST_BYTES ((uint32_t)(8 * KIB))
/* Remote bits that become a list at once: writing all of a slab's returned blocks in one burst
 * overlaps the misses that the caller would else take one by one. The rest become free bits. */
#define BURST_MAX 256u
static uint32_t front_limit(const struct front *front) {
    return (uint32_t)load_relaxed(&front->limit); /* [R:single-writer] */
}

static void front_set_limit(struct front *front, uint32_t limit) {
    int32_t more = (int32_t)(limit - front_limit(front));
    store_relaxed(&front->limit, (int32_t)limit);           /* [R:single-writer] */
    store_relaxed(&front->room, front_room(front) + more); /* [R:single-writer] */
}

/* Grants a front list room, out of the thread's budget: a little at first, then twice as much each
 * time. */
static void grant(struct cache *cache, uint32_t index) {
    const struct size_class *size_class = &corral_classes[index & (CLASS_STRIDE - 1)];
    struct front *front = &cache->fronts[index];
    uint32_t have = front_limit(front);
    uint32_t first = FRONT_FIRST_BYTES / size_class->size;
    first = first > FRONT_FIRST ? FRONT_FIRST : first == 0 ? 1 : first;
    uint32_t limit = have == 0 ? first : have * 2;
    limit = limit < size_class->front_max ? limit : size_class->front_max;
    size_t cost = (size_t)(limit - have) * size_class->size;
    if (cost <= cache->front_budget) {
        cache->front_budget -= cost;
        front_set_limit(front, limit);
    }
}

/* A block out of the current slab's free bits. NULL when there is none. */
static void *take_run(struct pool *pool) {
    unsigned word;
    uint64_t run = corral_slab_take_run_owner(pool->current, &word);
    if (run == 0) {
        return NULL;
    }
    pool_net_add(pool, bits_count(run));
    pool->run_word = word;
    pool->run_base = slab_start(pool->current) + (size_t)word * 64 * pool->size;
    return pool_take_from_run(pool, run);
}

/* A block out of the current slab's remote bits; the others become the front list. */
static void *take_burst(struct pool *pool, struct front *front) {
    struct block_list list = corral_slab_collect_list_owner(pool->current, BURST_MAX);
    if (list.length == 0) {
        return NULL;
    }
    pool_net_add(pool, list.length);
    front->head = list.first;
    /* [R:single-writer] */
    store_relaxed(&front->room, front_room(front) - (int32_t)list.length);
    front_pop(front, list.first, pool->size);
    return list.first;
}

/* A new current slab, the last one being let go. False when memory is exhausted. */
static bool next_slab(struct cache *cache, struct pool *pool, uint32_t index) {
    corral_shelf_take(cache, index);
    pool->current = queue_pop(cache, pool);
    if (pool->current == NULL) {
        corral_decay_step();
        pool->current = corral_slab_make(index, cache->identity);
        corral_figures_note_peak(index >> CLASS_STRIDE_LOG);
    }
    return pool->current != NULL;
}

/* Lets the current slab go when it has nothing to hand out. One that holds a single block goes with
 * it, so that the holder may grow it in place. */
static void let_go(struct cache *cache, struct pool *pool) {
    if (corral_slab_let_go_owner(pool->current, cache->identity)) {
        pool->current = NULL;
        pool->run_word = RUN_NONE;
    }
}

CORRAL_NOINLINE void *corral_pool_refill(struct cache *cache, uint32_t index) {
    struct pool *pool = cache_pool(cache, index);
    if (pool == NULL) {
        return NULL;
    }
    struct front *front = &cache->fronts[index];
    counter_add(&pool->refills, 1);
    pool->missed = true;
    if (front_limit(front) == 0) {
        grant(cache, index);
    }
    do {
        while (pool->current != NULL) {
            void *block = take_run(pool);
            block = block != NULL ? block : take_burst(pool, front);
            if (block == NULL || pool->current->capacity == 1) {
                let_go(cache, pool);
            }
            if (block != NULL) {
                return block;
            }
        }
    } while (next_slab(cache, pool, index));
    return NULL;
}

static void send_open_word(struct cache *cache, struct pool *pool) {
    struct slab *slab = pool->open_slab;
    counter_add(&pool->sent, pool->open_count);
    pool->open_slab = NULL;
    corral_shelf_send(cache, slab, pool->open_word, pool->open_bits);
}

/* Is the slab this cache's? First an open word that the block does not fit goes out, which may bring
 * the very slab to this cache. */
static bool is_own(struct cache *cache, uint32_t index, const struct slab *slab, uint32_t at) {
    struct pool *pool = cache_pool_if(cache, index);
    if (slab_is_owned_by(slab, cache->identity)) {
        return true;
    }
    if (pool->open_slab == NULL || (pool->open_slab == slab && pool->open_word == at / 64)) {
        return false;
    }
    send_open_word(cache, pool);
    return slab_is_owned_by(slab, cache->identity);
}

/* Gathers a block of another's slab into the pool's open word, which is empty or fits. */
static void home_remote(struct cache *cache, uint32_t index, struct slab *slab, uint32_t at) {
    struct pool *pool = cache_pool_if(cache, index);
    uint64_t bit = UINT64_C(1) << (at % 64);
    if (pool->open_slab == NULL) {
        pool->open_slab = slab;
        pool->open_word = at / 64;
        pool->open_bits = 0;
        pool->open_count = 0;
    }
    pool->open_bits |= bit;
    pool->open_count++;
    if (pool->open_count == 64 || pool->open_count * pool->size >= OPEN_BYTES) {
        send_open_word(cache, pool);
    }
}

static bool is_open(const struct pool *pool, const struct slab *slab, uint32_t at) {
    return pool->open_slab == slab && pool->open_word == at / 64 &&
           (pool->open_bits >> (at % 64) & 1) != 0;
}

/* An own block goes back into the run when it is of the run's word: then it is handed out again
 * before blocks that were not touched yet, the lowest first. Else it becomes a free bit. False when
 * it is free already. */
static bool home_own(struct cache *cache, struct pool *pool, struct slab *slab, uint32_t at) {
    uint64_t bit = UINT64_C(1) << (at % 64);
    if (slab == pool->current && at / 64 == pool->run_word) {
        uint64_t run = load_relaxed(&pool->run); /* [R:single-writer] */
        if (unlikely(((run | slab_free_words(slab)[at / 64]) & bit) != 0)) {
            return false;
        }
        store_relaxed(&pool->run, run | bit); /* [R:single-writer] */
        return true;
    }
    if (unlikely(!corral_slab_put_one_owner(slab, at))) {
        return false;
    }
    pool_net_add(pool, -1);
    if (slab != pool->current) {
        queue_give_back_if_empty(cache, pool, slab);
    }
    return true;
}

CORRAL_NOINLINE void corral_pool_home(struct cache *cache, void *block, uint32_t index) {
    struct slab *slab = slab_of(block);
    uint32_t at;
    if (!slab_find_block(slab, block, &at)) {
        corral_misuse(MISUSE_FOREIGN, block);
        return;
    }
    struct pool *pool = cache_pool(cache, index);
    if (unlikely(pool == NULL)) {
        corral_pool_home_alone(block);
        return;
    }
    if (pool->missed) {
        /* The front list was empty since it was last full: it is too short for what comes and goes.
         * One that only hands out, or only takes in, keeps its length. */
        pool->missed = false;
        grant(cache, index);
    }
    poison(block, pool->size);
    bool own = is_own(cache, index, slab, at);
    if (unlikely(own ? !home_own(cache, pool, slab, at) : is_open(pool, slab, at))) {
        corral_misuse(MISUSE_DOUBLE_FREE, block);
    } else if (!own) {
        pool_net_add(pool, -1);
        home_remote(cache, index, slab, at);
    }
}

CORRAL_SLOW void corral_pool_home_alone(void *block) {
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

/* Puts what is left of the run back into its slab, which is the current one. */
static void run_home(struct pool *pool) {
    uint64_t run = load_relaxed(&pool->run); /* [R:single-writer] */
    if (run == 0) {
        return;
    }
    store_relaxed(&pool->run, 0); /* [R:single-writer] */
    pool_net_add(pool, -(int64_t)bits_count(run));
    corral_slab_put_owner(pool->current, pool->run_word, run);
}

/* As many as the list is long by its count, and no more: a block freed twice may have made a ring of
 * it, of which each block comes home once. */
static void front_home(struct cache *cache, uint32_t index) {
    struct front *front = &cache->fronts[index];
    int32_t length = (int32_t)front_limit(front) - front_room(front);
    for (; length > 0 && front->head != NULL; length--) {
        void *block = front->head;
        front->head = link_get(block);
        store_relaxed(&front->room, front_room(front) + 1); /* [R:single-writer] */
        corral_pool_home(cache, block, index);
    }
    front->head = NULL;
    store_relaxed(&front->room, 0);  /* [R:single-writer] */
    store_relaxed(&front->limit, 0); /* [R:single-writer] */
}

/* Sends home what a pool holds apart from slabs. */
static void blocks_home(struct cache *cache, struct pool *pool, uint32_t index) {
    front_home(cache, index);
    run_home(pool);
    if (pool->open_slab != NULL) {
        send_open_word(cache, pool);
    }
}

static void slabs_home(struct cache *cache, struct pool *pool) {
    struct slab *slab = pool->current;
    pool->current = NULL;
    pool->run_word = RUN_NONE;
    for (; slab != NULL || (slab = queue_pop(cache, pool)) != NULL; slab = NULL) {
        corral_shelf_place(cache, false, slab);
    }
}

/* Blocks first, of all pools: on their way home they may bring slabs to a pool's queue. */
void corral_pool_send_all_home(struct cache *cache) {
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        uint32_t base = row->category << CLASS_STRIDE_LOG;
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            blocks_home(cache, &row->pools[i], base + i);
        }
    }
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            slabs_home(cache, &row->pools[i]);
        }
    }
    cache->front_budget = FRONT_BUDGET;
    corral_decay_step();
}
