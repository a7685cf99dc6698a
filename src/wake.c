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

void corral_wake_take_over(struct cache *cache, struct cache *from) {
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
        corral_wake_take_over(cache, cache);
    }
    unsigned placed = 0;
    for (; placed < most && cache->woken_private != NULL; placed++) {
        struct slab *slab = cache->woken_private;
        cache->woken_private = load_relaxed(&slab_remote(slab)->next); /* [R:won] */
        corral_slab_take_woken(slab, cache->identity);
        if (!place(cache, slab)) {
            /* It waits without an owner: what this thread frees meanwhile goes there as bits too. */
            slab_set_owner(slab, 0);
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
        corral_wake_take_over(cache, target);
        corral_wake_settle(cache, 2);
    }
}

/* Sees to a slab that became empty in a cache without a thread. The slab itself tells nothing any
 * more, so it is looked for in the cache. If another has taken the cache, it will see to it. */
CORRAL_SLOW static void give_back_parked(uint32_t index, const struct slab *slab,
                                         unsigned identity) {
    struct cache *cache = corral_cache_named(identity);
    if (!corral_cache_take_if_orphan(cache)) {
        return;
    }
    struct pool *pool = cache_pool_if(cache, index);
    struct slab *queued = pool == NULL ? NULL : pool->queue;
    while (queued != NULL && queued != slab) {
        queued = queued->next;
    }
    if (queued != NULL) {
        corral_slab_collect_owner(queued);
        queue_give_back_if_empty(pool, queued);
    }
    corral_cache_orphan(cache);
}

void corral_wake_send(struct cache *cache, uint32_t pool, struct slab *slab, unsigned word,
                      uint64_t bits) {
    unsigned identity;
    enum sent sent = corral_slab_send_remote(slab, word, bits, &identity);
    if (unlikely(sent == SENT_WOKE)) {
        deliver(cache, slab, identity);
    } else if (unlikely(sent == SENT_LAST)) {
        give_back_parked(pool, slab, identity);
    } else if (cache != NULL && cache->woken_private != NULL) {
        corral_wake_settle(cache, 1);
    }
}
