/* SPDX-License-Identifier: MIT
 *
 * shelf: see shelf.h.
 *
 * Owns:     the shelves; untouched ones cost no memory.
 * Callers:  through shelf.h.
 * Promises: as shelf.h.
 * Does not: touch a slab after another may have it.
 */
#include "shelf.h"

#include "queue.h"
#include "slab.h"

/* Slabs that a refill takes off a shelf at once. */
#define TAKE_MAX 4u
/* Empty slabs are looked for when they are this part of a shelf. */
#define EMPTY_DIVISOR 8

struct shelf {
    _Atomic(struct slab *) top; /* atomic [E:shelf] */
    _Atomic int32_t count;      /* atomic, relaxed: slabs on the shelf, about */
    _Atomic uint32_t emptied;   /* atomic [E:emptied]: slabs that became empty here, ever */
    _Atomic uint32_t found;     /* atomic, relaxed: those of them that were found, ever */
};

static struct shelf shelves[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG];

static struct slab *link_of(const struct slab *slab) {
    return load_relaxed(&slab_remote(slab)->next); /* [R:holder] */
}

static void set_link(const struct slab *slab, struct slab *next) {
    store_relaxed(&slab_remote(slab)->next, next); /* [R:before-edge] */
}

static void push(struct shelf *shelf, struct slab *slab) {
    struct slab *top = load_relaxed(&shelf->top); /* [R:cas-reload] */
    do {
        set_link(slab, top);
        /* [E:shelf] Publishes the link and the right to the slab. */
    } while (!cas_release(&shelf->top, &top, slab));
}

/* Puts back a chain that was taken, whose end is not known. Mostly nothing was pushed meanwhile; if
 * something was, its end is found, since it is short, and it goes before the chain. Each turn means
 * that another thread pushed. */
static void put_back(struct shelf *shelf, struct slab *first) {
    struct slab *none = NULL;
    while (first != NULL && !cas_release(&shelf->top, &none, first)) { /* [E:shelf] as in push */
        /* [E:shelf] Sees the links, and has the right to all of the chain. */
        struct slab *pushed = exchange_acquire(&shelf->top, NULL);
        struct slab *last = pushed;
        for (struct slab *next; last != NULL && (next = link_of(last)) != NULL;) {
            last = next;
        }
        if (last != NULL) {
            set_link(last, first);
            first = pushed;
        }
        none = NULL;
    }
}

/* Makes a slab off the shelf the caller's own. */
static void unshelve(struct shelf *shelf, struct slab *slab, uint16_t owner) {
    fetch_sub_relaxed(&shelf->count, 1); /* [R:hint] */
    if (!corral_slab_unshelve_holder(slab, owner)) {
        fetch_add_relaxed(&shelf->found, 1); /* [R:hint] */
    }
}

/* Takes the whole shelf, gives back what is empty, and puts back the rest. */
static void give_back_empty(struct shelf *shelf) {
    struct slab *rest = NULL;
    /* [E:shelf] Sees the links, and has the right to all of the chain. */
    struct slab *slab = exchange_acquire(&shelf->top, NULL);
    for (struct slab *next; slab != NULL; slab = next) {
        next = link_of(slab);
        if (!corral_slab_is_shelved_holder(slab)) {
            unshelve(shelf, slab, 0);
            corral_shelf_place(NULL, false, slab);
        } else {
            set_link(slab, rest);
            rest = slab;
        }
    }
    put_back(shelf, rest);
}

static bool is_due(const struct shelf *shelf, uint32_t emptied) {
    int32_t waiting = (int32_t)(emptied - load_relaxed(&shelf->found));             /* [R:hint] */
    return waiting > 0 && waiting * EMPTY_DIVISOR >= load_relaxed(&shelf->count); /* [R:hint] */
}

/* Sees to the slabs that became empty, when they are many enough. Called after each push: a slab that
 * became empty while it was in somebody's hands is not on the shelf when its sender looks, but is
 * when its pusher does. Each turn after the first means that another slab became empty meanwhile. */
static void look(struct shelf *shelf) {
    uint32_t before;
    uint32_t emptied = fetch_add_acq_rel(&shelf->emptied, 0); /* [E:emptied] */
    do {
        before = emptied;
        if (!is_due(shelf, emptied)) {
            return;
        }
        give_back_empty(shelf);
        emptied = fetch_add_acq_rel(&shelf->emptied, 0); /* [E:emptied] */
    } while (emptied != before);
}

void corral_shelf_place(struct cache *cache, bool queue, struct slab *slab) {
    struct shelf *shelf = &shelves[slab->pool];
    struct pool *pool = queue ? cache_pool(cache, slab->pool) : NULL;
    /* Each turn after the first means that others sent blocks home: it ends. */
    for (;;) {
        corral_slab_collect_owner(slab);
        bool empty = slab->free_count == slab->capacity;
        if (empty && corral_slab_give_back_owner(slab)) {
            return;
        }
        if (!empty && pool != NULL && pool->queued < QUEUE_SLABS) {
            slab_set_owner(slab, cache->identity);
            queue_push(pool, slab);
            return;
        }
        if (slab->free_count == 0) {
            /* Nothing to hand out: it is FULL, and whoever wakes it places it. */
            if (corral_slab_let_go_owner(slab, 0)) {
                return;
            }
        } else if (corral_slab_shelve_holder(slab)) {
            break;
        }
    }
    fetch_add_relaxed(&shelf->count, 1); /* [R:hint] */
    push(shelf, slab);
    look(shelf);
}

void corral_shelf_take(struct cache *cache, uint32_t index) {
    struct shelf *shelf = &shelves[index];
    struct pool *pool = cache_pool_if(cache, index);
    if (load_relaxed(&shelf->top) == NULL) { /* [R:poll] */
        return;
    }
    /* [E:shelf] Sees the links, and has the right to all of the chain. */
    struct slab *slab = exchange_acquire(&shelf->top, NULL);
    struct slab *mine[TAKE_MAX];
    unsigned count = 0;
    for (; slab != NULL && count < TAKE_MAX; slab = link_of(slab)) {
        mine[count++] = slab;
    }
    put_back(shelf, slab);
    for (unsigned i = 0; i < count; i++) {
        unshelve(shelf, mine[i], cache->identity);
        corral_slab_collect_owner(mine[i]);
        /* Of empty ones, one is enough for the caller. */
        if (mine[i]->free_count == mine[i]->capacity && pool->queue != NULL) {
            corral_shelf_place(cache, false, mine[i]);
        } else {
            queue_push(pool, mine[i]);
        }
    }
    if (slab != NULL) {
        look(shelf);
    }
}

void corral_shelf_send(struct cache *cache, uint32_t pool, struct slab *slab, unsigned word,
                       uint64_t bits) {
    unsigned named;
    enum sent sent = corral_slab_send_remote(slab, word, bits, &named);
    if (unlikely(sent == SENT_WOKE)) {
        corral_shelf_place(cache, cache != NULL && named == cache->identity, slab);
    } else if (unlikely(sent == SENT_LAST)) {
        fetch_add_acq_rel(&shelves[pool].emptied, 1); /* [E:emptied] */
        look(&shelves[pool]);
    }
}
