/* SPDX-License-Identifier: MIT
 *
 * wake: see wake.h.
 *
 * Owns:     nothing of its own; the stacks lie in the caches, the links in the remote part of the
 *           slabs' headers.
 * Callers:  through wake.h.
 * Promises: a taken chain stays private to its taker until it is settled.
 * Does not: touch a slab after another may have it.
 */
#include "wake.h"

#include "queue.h"
#include "slab.h"

/* Pushes a slab that the caller won. Returns the bytes that wait there, about. */
static size_t push(struct cache *target, struct slab *slab) {
    _Atomic(struct slab *) *link = &slab_remote(slab)->next;
    size_t bytes = slab->slabs * SLAB_BYTES;
    struct slab *top = load_relaxed(&target->woken); /* [R:cas-reload] */
    do {
        store_relaxed(link, top); /* [R:before-edge] */
        /* [E:woken] Publishes the link and the right to the slab. */
    } while (!cas_release(&target->woken, &top, slab));
    return fetch_add_relaxed(&target->woken_bytes, bytes) + bytes; /* [R:hint] */
}

/* Takes a whole stack and puts it before what `cache` has not settled yet. */
static void take_all(struct cache *cache, struct cache *from) {
    store_relaxed(&from->woken_bytes, 0); /* [R:hint] */
    /* [E:woken] Sees the pushed links, and has the right to all of the chain. */
    struct slab *first = exchange_acquire(&from->woken, NULL);
    if (first == NULL) {
        return;
    }
    struct slab *last = first;
    for (struct slab *next; (next = load_relaxed(&slab_remote(last)->next)) != NULL;) { /* [R:won] */
        last = next;
    }
    store_relaxed(&slab_remote(last)->next, cache->woken_private); /* [R:won] */
    cache->woken_private = first;
}

/* Puts a slab back among those to settle later. */
static void postpone(struct cache *cache, struct slab *slab) {
    store_relaxed(&slab_remote(slab)->next, cache->woken_private); /* [R:won] */
    cache->woken_private = slab;
}

/* Finds the place of a slab that `cache` owns. False when it must wait: a sender is between its two
 * steps, and there is no memory for a pool. */
static bool place(struct cache *cache, struct slab *slab) {
    struct pool *pool = cache_pool(cache, slab->pool);
    for (;;) {
        corral_slab_collect_owner(slab);
        bool empty = slab->free_count == slab->capacity;
        if (empty && corral_slab_give_back_owner(slab)) {
            return true;
        }
        if (pool != NULL && (empty || pool->queued < QUEUE_SLABS)) {
            queue_push(pool, slab);
            return true;
        }
        if (empty) {
            return false;
        }
        /* Each failure means that a wake's worth of blocks came home: it ends. */
        if (corral_slab_let_go_owner(slab, cache->identity)) {
            return true;
        }
    }
}

unsigned corral_wake_settle(struct cache *cache, unsigned most) {
    if (cache->woken_private == NULL) {
        take_all(cache, cache);
    }
    unsigned placed = 0;
    for (; placed < most && cache->woken_private != NULL; placed++) {
        struct slab *slab = cache->woken_private;
        cache->woken_private = load_relaxed(&slab_remote(slab)->next); /* [R:won] */
        corral_slab_take_woken(slab, cache->identity);
        if (!place(cache, slab)) {
            postpone(cache, slab);
            break;
        }
    }
    return placed;
}

/* Brings a slab that the caller woke to the cache it names. */
CORRAL_SLOW static void deliver(struct cache *cache, struct slab *slab, unsigned identity) {
    if (cache != NULL && identity == cache->identity) {
        postpone(cache, slab);
        corral_wake_settle(cache, 1);
        return;
    }
    struct cache *target = corral_cache_named(identity);
    size_t waiting = push(target, slab);
    if (cache != NULL && (waiting > WOKEN_BYTES || corral_cache_is_orphan(target))) {
        take_all(cache, target);
        corral_wake_settle(cache, 2);
    }
}

void corral_wake_send(struct cache *cache, struct slab *slab, unsigned word, uint64_t bits) {
    unsigned identity = corral_slab_send_remote(slab, word, bits);
    if (identity != 0) {
        deliver(cache, slab, identity);
    } else if (cache != NULL && cache->woken_private != NULL) {
        corral_wake_settle(cache, 1);
    }
}
