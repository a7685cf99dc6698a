/* SPDX-License-Identifier: MIT
 *
 * guard_wait: see guard_wait.h.
 *
 * Owns:     the ring.
 * Callers:  through guard_wait.h.
 * Promises: as guard_wait.h.
 * Does not: make anything trap.
 */
#include "guard_wait.h"

static _Atomic(struct guard_block *) ring[WAIT_BLOCKS];
static _Atomic uint64_t first_at, last_at; /* by how many were taken, or brought, so far */
static _Atomic uint32_t waiting;           /* units */

uint32_t corral_guard_waiting(void) {
    return load_relaxed(&waiting); /* [R:hint] */
}

static void give(struct guard_block *it) {
    fetch_sub_relaxed(&waiting, guard_units(it)); /* [R:hint] */
    corral_guard_give(it);
}

/* Puts a block, or NULL, into a place. The one that stood there before is the caller's. */
static struct guard_block *swap(_Atomic(struct guard_block *) *place, struct guard_block *it) {
    struct guard_block *before = load_relaxed(place); /* [R:cas-reload] */
    /* [E:waiting] Publishes the last use of a block, or that its place was passed; sees that of the one before. */
    while (!cas_acq_rel(place, &before, it)) {
    }
    return before;
}

/* Who brings the next round's takes out what was left of this one: those places are passed at once. */
static uint64_t pass_over(uint64_t first, uint64_t last) {
    if (last - first > WAIT_BLOCKS) {
        uint64_t oldest = last - WAIT_BLOCKS;
        if (cas_relaxed(&first_at, &first, oldest)) { /* [R:hint] */
            first = oldest;
        }
    }
    return first;
}

/* The one that waited longest; NULL when none is seen. A place may be empty whose block is just being brought: it is
 * passed, and who brings the block finds that. */
static struct guard_block *take(void) {
    for (;;) {
        uint64_t first = load_relaxed(&first_at); /* [R:hint] */
        uint64_t last = load_relaxed(&last_at);   /* [R:hint] */
        if (first >= last) {
            return NULL;
        }
        first = pass_over(first, last);
        if (cas_relaxed(&first_at, &first, first + 1)) { /* [R:before-edge] */
            struct guard_block *it = swap(&ring[first % WAIT_BLOCKS], NULL);
            if (it != NULL) {
                return it;
            }
        }
    }
}

static void give_if(struct guard_block *it) {
    if (it != NULL) {
        give(it);
    }
}

void corral_guard_wait(struct guard_block *it) {
    fetch_add_relaxed(&waiting, guard_units(it)); /* [R:hint] */
    uint64_t at = fetch_add_relaxed(&last_at, 1); /* [R:hint] */
    _Atomic(struct guard_block *) *place = &ring[at % WAIT_BLOCKS];
    give_if(swap(place, it));
    if (unlikely(load_relaxed(&first_at) > at)) { /* [R:after-edge] It was passed before the block stood there. */
        give_if(swap(place, NULL));
    }
    while (load_relaxed(&waiting) > WAIT_UNITS) { /* [R:hint] */
        struct guard_block *longest = take();
        if (longest == NULL) {
            return;
        }
        give(longest);
    }
}

void corral_guard_wait_no_more(void) {
    for (struct guard_block *it = take(); it != NULL; it = take()) {
        give(it);
    }
}
