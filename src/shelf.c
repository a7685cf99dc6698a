/* SPDX-License-Identifier: MIT
 *
 * shelf: see shelf.h.
 *
 * Owns:     the stacks and the bits; untouched ones cost no memory.
 * Callers:  through shelf.h.
 * Promises: as shelf.h.
 * Does not: walk a stack: it looks at the first arena only, and drops it when it has nothing.
 */
#include "shelf.h"

#include "queue.h"
#include "slab.h"

/* Arenas without a slab of the class that a refill drops at most, before it makes a slab instead.
 * Each of them was linked once since it was last dropped, so this many are met rarely. */
#define DROP_MAX 32u

#define SPOTS_IN_WORD 32u
#define SPOT_ON       UINT64_C(1)
#define SPOT_LOOK     UINT64_C(2)
#define SPOTS_ON      UINT64_C(0x5555555555555555)

#define LINKED_WORDS ((CLASS_STRIDE + 63) / 64)

/* What the shelves know of an arena. */
struct stand {
    _Alignas(CACHE_LINE) _Atomic uint64_t spots[ARENA_SLABS / SPOTS_IN_WORD]; /* atomic [E:spot] */
    _Atomic uint64_t linked[LINKED_WORDS]; /* atomic [E:linked]: one bit a class */
    _Atomic uint16_t next[CLASS_STRIDE];   /* atomic [E:shelf]: by class, the next arena's number */
};

/* The first arena's number in the low bits, and a tag that each pop raises: a top that was read
 * before others popped and pushed the same arena differs from the one after. */
#define TOP_NUMBER_MASK UINT64_C(0xFFFF)
#define TOP_TAG         UINT64_C(0x10000)

static_assert(REGISTRY_LIMIT <= TOP_NUMBER_MASK + 1, "a number fits beside the tag");

static struct stand stands[REGISTRY_LIMIT];
static _Atomic uint64_t tops[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG]; /* atomic [E:shelf] */

static unsigned class_of(uint32_t pool) {
    return pool & (CLASS_STRIDE - 1);
}

static _Atomic uint64_t *linked_of(uint32_t number, uint32_t pool) {
    return &stands[number].linked[class_of(pool) / 64];
}

static uint64_t class_bit(uint32_t pool) {
    return UINT64_C(1) << (class_of(pool) % 64);
}

static _Atomic uint64_t *spots_of(uint32_t number, unsigned slab) {
    return &stands[number].spots[slab / SPOTS_IN_WORD];
}

static uint64_t spot(uint64_t bits, unsigned slab) {
    return bits << (slab % SPOTS_IN_WORD * 2);
}

/* Takes the slab that is on its shelf at a spot. NULL when none is there, or another took it; then
 * LOOK stays for whoever puts one there. */
static struct slab *take_spot(uint32_t number, unsigned slab) {
    _Atomic uint64_t *spots = spots_of(number, slab);
    uint64_t before = load_relaxed(spots); /* [R:cas-reload] */
    while ((before & spot(SPOT_ON, slab)) != 0) {
        uint64_t after = before & ~spot(SPOT_ON | SPOT_LOOK, slab);
        /* [E:spot] Sees all that the one who put the slab there wrote. */
        if (cas_acquire(spots, &before, after)) {
            return arena_slab(number, slab);
        }
    }
    return NULL;
}

/* A slab of the pool that is on its shelf, as far as the caller can see; false when there is none. */
static bool find_spot(uint32_t number, uint32_t pool, unsigned *slab) {
    for (unsigned word = 0; word < ARENA_SLABS / SPOTS_IN_WORD; word++) {
        /* [R:hint] Who takes the slab finds out. */
        uint64_t on = load_relaxed(&stands[number].spots[word]) & SPOTS_ON;
        for (; on != 0; on &= on - 1) {
            *slab = word * SPOTS_IN_WORD + bits_lowest(on) / 2;
            if (registry_slab_pool(number, *slab) == pool) {
                return true;
            }
        }
    }
    return false;
}

static void push(uint32_t number, uint32_t pool) {
    _Atomic uint64_t *top = &tops[pool];
    uint64_t before = load_relaxed(top); /* [R:cas-reload] */
    uint64_t after;
    do {
        /* [R:before-edge] */
        store_relaxed(&stands[number].next[class_of(pool)], (uint16_t)(before & TOP_NUMBER_MASK));
        after = (before & ~TOP_NUMBER_MASK) | number;
        /* [E:shelf] Publishes the link. */
    } while (!cas_release(top, &before, after));
}

/* Sees to it that the arena is on the stack, after a slab of it was put on the shelf. */
static void link_arena(uint32_t number, uint32_t pool) {
    uint64_t bit = class_bit(pool);
    /* [E:linked] If the bit is set, who clears it next sees the slab's spot. If it is not, the last
     * link was read by who cleared it. */
    if ((fetch_or_acq_rel(linked_of(number, pool), bit) & bit) == 0) {
        push(number, pool);
    }
}

/* Takes the first arena off the stack, in which no slab of the class was seen. False when the stack
 * changed. */
static bool drop(uint64_t top, uint32_t pool) {
    uint32_t number = (uint32_t)(top & TOP_NUMBER_MASK);
    uint64_t bit = class_bit(pool);
    /* [R:after-edge] When it is not the link that was pushed with this top, the tag has changed. */
    uint64_t next = load_relaxed(&stands[number].next[class_of(pool)]);
    uint64_t rest = ((top & ~TOP_NUMBER_MASK) + TOP_TAG) | next;
    if (!cas_relaxed(&tops[pool], &top, rest)) { /* [R:after-edge] The top was read before. */
        return false;
    }
    /* [E:linked] Sees the spots of all who found the bit set; lets the next one write the link. */
    fetch_and_acq_rel(linked_of(number, pool), ~bit);
    unsigned slab;
    if (find_spot(number, pool, &slab)) {
        link_arena(number, pool);
    }
    return true;
}

/* Arms a slab and puts it on its shelf. Returns a slab that the caller has to itself instead when
 * something came home meanwhile: this one, or when others were faster, the one that stands at its spot
 * by now. */
static struct slab *put(struct slab *slab) {
    if (!corral_slab_shelve_holder(slab)) {
        return slab;
    }
    uint32_t pool = slab->pool;
    uint32_t number = arena_of(slab)->entry->number;
    unsigned at = slab_number(slab);
    /* [E:spot] Publishes the slab to who takes it; sees whether its last block came home. */
    uint64_t before = fetch_or_release(spots_of(number, at), spot(SPOT_ON, at));
    struct slab *again = (before & spot(SPOT_LOOK, at)) != 0 ? take_spot(number, at) : NULL;
    if (again != NULL) {
        corral_slab_unshelve_holder(again, 0);
    } else {
        link_arena(number, pool);
    }
    return again;
}

void corral_shelf_place(struct cache *cache, bool queue, struct slab *slab) {
    /* Each turn after the first means that others sent blocks home: it ends. */
    while (slab != NULL) {
        corral_slab_collect_owner(slab);
        struct pool *pool = queue ? cache_pool(cache, slab->pool) : NULL;
        bool empty = slab->free_count == slab->capacity;
        if (empty && corral_slab_give_back_owner(slab)) {
            return;
        }
        if (!empty && pool != NULL && queue_has_room(cache, slab)) {
            slab_set_owner(slab, cache->identity);
            queue_push(cache, pool, slab);
            return;
        }
        if (slab->free_count > 0) {
            slab = put(slab);
        } else if (corral_slab_let_go_owner(slab, 0)) {
            /* It is FULL, and whoever wakes it places it. */
            return;
        }
    }
}

/* Gives the caller's pool a slab that it took. */
static void settle(struct cache *cache, uint32_t index, struct slab *slab) {
    struct pool *pool = cache_pool_if(cache, index);
    corral_slab_unshelve_holder(slab, cache->identity);
    corral_slab_collect_owner(slab);
    if (slab->pool == index) {
        queue_push(cache, pool, slab);
    } else {
        /* It was given back, made anew for another class and put on that shelf, all since it was
         * found. */
        corral_shelf_place(NULL, false, slab);
    }
}

void corral_shelf_take(struct cache *cache, uint32_t index) {
    struct pool *pool = cache_pool_if(cache, index);
    uint32_t dropped = 0;
    /* Each turn drops an arena, gets a slab, or means that another changed something. */
    while (pool->queue == NULL && dropped < DROP_MAX) {
        uint64_t top = load_acquire(&tops[index]); /* [E:shelf] Sees the first arena's link. */
        uint32_t number = (uint32_t)(top & TOP_NUMBER_MASK);
        unsigned at;
        if (number == 0) {
            return;
        }
        if (!find_spot(number, index, &at)) {
            dropped += drop(top, index);
            continue;
        }
        struct slab *slab = take_spot(number, at);
        if (slab != NULL) {
            settle(cache, index, slab);
        }
    }
}

void corral_shelf_clear(uint32_t number) {
    for (unsigned word = 0; word < ARENA_SLABS / SPOTS_IN_WORD; word++) {
        store_relaxed(&stands[number].spots[word], 0); /* [R:holder] */
    }
}

uint64_t corral_shelf_spots(uint32_t number) {
    uint64_t slabs = 0;
    for (unsigned word = 0; word < ARENA_SLABS / SPOTS_IN_WORD; word++) {
        uint64_t on = load_relaxed(&stands[number].spots[word]) & SPOTS_ON; /* [R:figure] */
        for (; on != 0; on &= on - 1) {
            slabs |= UINT64_C(1) << (word * SPOTS_IN_WORD + bits_lowest(on) / 2);
        }
    }
    return slabs;
}

void corral_shelf_send(struct cache *cache, struct slab *slab, unsigned word, uint64_t bits) {
    uint32_t number = (uint32_t)registry_number((uintptr_t)slab);
    unsigned at = slab_number(slab);
    unsigned named;
    enum sent sent = corral_slab_send_remote(slab, word, bits, &named);
    if (unlikely(sent == SENT_WOKE)) {
        corral_shelf_place(cache, cache != NULL && named == cache->identity, slab);
    } else if (unlikely(sent == SENT_LAST)) {
        /* [R:look] Whoever puts the slab there sees the bit, if the slab is not there yet. If it is,
         * it may be another slab by now: then that one is placed once more. */
        uint64_t before = fetch_or_relaxed(spots_of(number, at), spot(SPOT_LOOK, at));
        struct slab *there = (before & spot(SPOT_ON, at)) != 0 ? take_spot(number, at) : NULL;
        if (there != NULL) {
            corral_slab_unshelve_holder(there, 0);
            corral_shelf_place(NULL, false, there);
        }
    }
}
