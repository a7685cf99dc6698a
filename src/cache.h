/* SPDX-License-Identifier: MIT
 *
 * cache: all pools of one thread, and the table of all caches.
 *
 * Owns:     caches: made on demand, never freed; their identities are never used again for another
 *           cache, so a stale one in a state word or in owner[] names a cache that still exists.
 * Callers:  the thread that has the cache (owner); anyone through the table (any).
 * Promises: an id maps to its category's first pool in a few loads when it was met lately.
 * Does not: know which thread has which cache (thread.h).
 *
 *   thread ─► cache
 *             fronts[category][class]    16 bytes each, flat: what a hit reads and writes
 *             map[set][way]              ids met lately → first pool of their category
 *             rows[category] ──────────► row: pools[class]: run, current slab, queue, open word
 *
 * Synchronization: all fields are the owner's, but for those tagged atomic. A cache changes hands
 * through its bit in the set of orphans: whoever clears the bit has the cache.
 *                take          give
 *   take         fetch_and     any        the one that cleared the bit has it
 *   give         any           fetch_or
 * An orphan has no slabs and no blocks: it is its identity, its tables and its counters; but for one whose thread
 * ended while a category was reset of which it had pools (pool.h).
 *
 * What a cache keeps while its thread idles, or for good when the thread is stopped for ever, or
 * was left behind by a fork:
 *   slabs of its pools       HOLD_BUDGET and a unit, or what is in use (turn.h)
 *   queued slabs             QUEUE_BUDGET, and of all threads QUEUE_SHARED (queue.h)
 *   blocks in front lists    FRONT_BUDGET (front.h)
 *   open words               up to 64 blocks of each pool in the ring (home.h)
 *   rows                     sizeof(struct row) for each category that it used
 * A block in a front list or an open word keeps its slab from its arena, not from other threads.
 * What the thread has in hand in the middle of a call is lost besides: one unit (slab.h, shelf.h),
 * up to an arena's empty slabs (decay.h), a range (range.h), a part of what may be kept (retire.h,
 * large_kept.h).
 */
#ifndef CORRAL_CACHE_H
#define CORRAL_CACHE_H

#include "arena.h"
#include "atomic.h"
#include "base.h"
#include "large_own.h"
#include "options.h"
#include "size_class.h"

#include <corral/hit.h>

#define CACHE_LIMIT 65536u /* identities are 16 bits; 0 is none */
#define MAP_SETS    128u
#define MAP_WAYS    2u

/* Does a pool hold more than queued slabs; was it used since the hand came by? See turn.h. */
enum pool_turn { TURN_OUT, TURN_LAID, TURN_IN };

/* One thread's part of a category and size class, beside its front list.
 * Law: net = blocks taken from slabs − blocks sent home;
 *      blocks that callers hold, over all threads = sum of (net − front count − bits of the run
 *      and of the open word). */
struct pool {
    _Alignas(CACHE_LINE) _Atomic uint64_t run; /* atomic, written by the owner alone: blocks of
                                                  the current slab being handed out */
    char *run_base;                            /* owner: the first block of the run's word */
    struct slab *current;                      /* owner */
    _Atomic int64_t net;                       /* atomic, written by the owner alone */
    uint32_t size;                             /* owner: bytes of a block; 0: never in the ring */
    uint32_t reciprocal;                       /* owner: see size_class.h; likewise */
    uint32_t run_span;                         /* owner: bytes of the run's word; 0: no run */
    uint32_t run_word;                         /* owner: its number in the current slab's bitmap */
    char *open_base;                           /* owner: the first block of the open word; when none is
                                                  open, of the last one, or the block of an own slab
                                                  that came home since */
    _Atomic uint64_t open_bits;                /* atomic, written by the owner alone: gathered and
                                                  not yet sent */
    uint32_t open_span;                        /* owner: bytes of the open word; 0: none */
    uint32_t open_left;                        /* owner: bits to gather before they are sent */
    struct slab *open_slab;                    /* owner */
    struct slab *queue;                        /* owner: slabs with free blocks */
    uint32_t open_word;                        /* owner: its number in its slab's bitmap */
    uint32_t fit_after;                        /* owner: blocks that come home before the front
                                                  list's limit is looked at; 0: the list was
                                                  empty since it was last full */
    _Atomic uint64_t refills, sent;            /* atomic, written by the owner alone */
    union {
        void *aside;                           /* owner: laid aside, the front list */
        void *top;                             /* owner: in the ring, the front list's first block when
                                                  a look left the list alone or shortened it; else NULL */
    };
    union {
        uint32_t turn_next;                    /* owner: in the ring, the next pool of it */
        uint32_t out_at;                       /* owner: out of it, put_out then; 0: never in it */
    };
    uint8_t turn;                              /* owner: enum pool_turn */
    bool gone;                                 /* owner: no block of the front list is left, since
                                                  many came home; fit_after counts those that follow */
    uint16_t limit_then;                       /* owner: what the front list's limit was before it was
                                                  lowered, less with time (front.h) */
};

#define CLASS_WORDS ((CLASS_COUNT + 63) / 64)

/* What pools were never used of costs no memory. */
struct row {
    struct row *next;  /* const: the row made before */
    uint32_t category; /* const */
    uint32_t recalls;  /* owner: the category's, when its blocks last went home for that (control.h) */
    _Atomic uint32_t gate; /* atomic [E:gate]: who may touch the pools now (gate.h) */
    _Atomic uint64_t used[CLASS_WORDS]; /* atomic, written by the owner alone: pools that were ever used */
    struct pool pools[CLASS_COUNT];
};

struct id_way {
    uint32_t id;        /* an id of no dense category; 0, which is dense, means unused */
    uint32_t pool_base; /* its category's first pool */
};

struct cache {
    struct corral_front fronts[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG]; /* owner */
    struct corral_front none;    /* const: all 0. Where a free finds itself whose address is no arena's */
    struct id_way map[MAP_SETS][MAP_WAYS];                           /* owner */
    uint16_t identity;           /* const */
    struct corral_front *ran_front;    /* owner: of the pool that a run began in last; NULL: none yet */
    struct pool *ran;                  /* owner: that pool */
    struct corral_front *opened_front; /* owner: of the pool that a word was opened in last */
    struct pool *opened;               /* owner: that pool */
    size_t front_budget;         /* owner: bytes of front limits not granted yet */
    ptrdiff_t queue_budget;      /* owner: bytes of slabs that may yet be queued */
    uint32_t queue_loans;        /* owner: loans in that (queue.h) */
    _Atomic ptrdiff_t unqueued;  /* atomic: bytes of slabs that resets took out of its queues, and that
                                    queue_budget does not have again yet */
    ptrdiff_t held, allowed;     /* owner: cost of the ring (turn.h), and what it may be */
    uint32_t hand, turns;        /* owner: the pool that was looked at last; pools in the ring */
    uint32_t put_out;            /* owner: slabs that all pools put out did cost */
    uint32_t refused;            /* owner: front lists that got no room since the hand moved */
    uint32_t patience, met;      /* owner: logarithm of how many move it; pools it met since that
                                    grew */
    uint32_t looked_at;          /* owner: ms when a tick last moved the hand */
    _Atomic uint64_t mark;       /* atomic, relaxed: see reap.h */
    uint32_t holds;              /* owner: times that a thread was given the cache */
    struct large_own large_own;  /* owner */
    struct row *row_list;        /* owner: all rows, the last made first */
    _Atomic(struct row *) rows[CATEGORY_LIMIT + 1]; /* atomic [E:row]; the last one, of no category, is NULL */
};

static_assert(offsetof(struct cache, fronts) == 0, "a cache is found by its fronts");
static_assert(offsetof(struct cache, none) == CATEGORY_LIMIT << CORRAL_ROW_SHIFT, "its place is behind all categories'");
static_assert(offsetof(struct pool, open_span) == CACHE_LINE, "a run's fields share a line");
static_assert(sizeof(struct pool) == 2 * CACHE_LINE, "a pool is two lines");

/* All pools empty, all limits 0, no row: what a thread without a cache has. Never written. */
extern CORRAL_HIDDEN struct cache corral_cache_empty;

/* A new cache, not an orphan. NULL when memory or identities are used up. May call the OS. */
struct cache *corral_cache_make(void);
/* The cache of an identity; NULL for one that is not complete yet. Wait-free. */
struct cache *corral_cache_named(unsigned identity);
/* Identities given so far: the highest is this less one. */
unsigned corral_cache_count(void);

/* Makes the cache an orphan: anyone may take it. The caller does not touch it any more. */
void corral_cache_orphan(struct cache *cache);
/* Takes any orphan; NULL when there is none. Lock-free. */
struct cache *corral_cache_take_orphan(void);

/* Takes a cache if it is an orphan. Lock-free. */
bool corral_cache_take_if_orphan(struct cache *cache);

/* The row of a category, made if need be; NULL when memory is exhausted. */
struct row *corral_cache_row_slow(struct cache *cache, uint32_t category);
/* The first pool of the category of an id that is not dense. */
uint32_t corral_cache_map_slow(struct cache *cache, uint32_t id);

/* What the inline form knows of a cache is its fronts. */
CORRAL_FAST struct cache *cache_of_fronts(struct corral_front *fronts) {
    return (struct cache *)fronts;
}

CORRAL_FAST struct pool *cache_pool_if(const struct cache *cache, uint32_t pool) {
    /* [R:own] The owner made the row itself. */
    struct row *row = load_relaxed(&cache->rows[pool >> CLASS_STRIDE_LOG]);
    return likely(row != NULL) ? &row->pools[pool & (CLASS_STRIDE - 1)] : NULL;
}

CORRAL_FAST struct pool *cache_pool(struct cache *cache, uint32_t pool) {
    struct pool *found = cache_pool_if(cache, pool);
    if (unlikely(found == NULL)) {
        struct row *row = corral_cache_row_slow(cache, pool >> CLASS_STRIDE_LOG);
        found = row == NULL ? NULL : &row->pools[pool & (CLASS_STRIDE - 1)];
    }
    return found;
}

/* Where the map has `id`, if it does. Which of the two ways that is, no branch tells. */
CORRAL_FAST const struct id_way *cache_way(const struct cache *cache, uint32_t id) {
    const struct id_way *set = cache->map[(id * UINT32_C(0x9E3779B1)) >> 25];
    return &set[set[0].id != id];
}

/* The number of the pool that a front list of the cache's is of. */
CORRAL_FAST uint32_t cache_number_of(const struct cache *cache, const struct corral_front *front) {
    return (uint32_t)(front - cache->fronts);
}

/* The pool of a front list of the cache's; NULL when the cache is the empty one, or has no such row: so where a free
 * finds no arena at its address. */
CORRAL_FAST struct pool *cache_pool_of(const struct cache *cache, const struct corral_front *front) {
    uint32_t pool = cache_number_of(cache, front);
    return size_class_has_blocks(pool) ? cache_pool_if(cache, pool) : NULL;
}

/* Notes that a pool of the row is used: who sums up looks at those alone. */
CORRAL_FAST void row_use(struct row *row, unsigned class_index) {
    _Atomic uint64_t *word = &row->used[class_index / 64];
    store_relaxed(word, load_relaxed(word) | UINT64_C(1) << class_index % 64); /* [R:single-writer] */
}

/* Which pools of the row were used, of those of a word. */
CORRAL_FAST uint64_t row_used(const struct row *row, unsigned word) {
    return load_relaxed(&row->used[word]); /* [R:figure] */
}

/* The first pool of the category of `id`. */
CORRAL_FAST uint32_t cache_pool_base(struct cache *cache, uint32_t id) {
    if (id < DENSE_IDS) {
        return id << CLASS_STRIDE_LOG;
    }
    const struct id_way *way = cache_way(cache, id);
    return likely(way->id == id) ? way->pool_base : corral_cache_map_slow(cache, id);
}

/* The row of a category, for another thread; NULL when there is no cache, or it has none. */
CORRAL_FAST struct row *cache_row_of(const struct cache *cache, uint32_t category) {
    return cache == NULL ? NULL : load_acquire(&cache->rows[category]); /* [E:row] */
}

/* Counters with one writer. */
CORRAL_FAST void pool_net_add(struct pool *pool, int64_t blocks) {
    store_relaxed(&pool->net, load_relaxed(&pool->net) + blocks); /* [R:single-writer] */
}

CORRAL_FAST void counter_add(_Atomic uint64_t *counter, uint64_t more) {
    store_relaxed(counter, load_relaxed(counter) + more); /* [R:single-writer] */
}

CORRAL_FAST void front_count_allocation(struct corral_front *front) {
    corral_hit_count_allocation(front);
}

CORRAL_FAST void front_count_free(struct corral_front *front) {
    corral_hit_count_free(front);
}

static_assert(MAP_SETS == 1u << 7, "the hash above gives 7 bits");

#endif
