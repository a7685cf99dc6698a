/* SPDX-License-Identifier: MIT
 *
 * gate: who may touch what a thread has of a category that the thread does not use at the moment.
 *
 * Owns:     the gates of rows.
 * Callers:  home and pool, before they touch pools of another category than the one that the thread was called
 *           for; reset, which empties the pools of all threads; reap.
 * Promises: wait-free. Who finds a gate shut goes on without what is behind it.
 * Does not: keep out a thread's own calls in the category: who resets it sees to it that there are none.
 *
 * A thread's pools are its own, and a category that is reset is used by no thread. But a thread that uses other
 * categories looks at its idle pools, of any category (home.h), and a thread that ends sends all home. Those go
 * through the gate.
 *
 * Synchronization (row beside column):
 *            enter      close
 *   enter    –          CAS       a cache is one thread's; who finds its own gate entered is within it
 *   close    CAS        CAS       of two one has the gate
 * A thread that is stopped within a gate lets no reset of that category begin; one that is gone does so until its
 * cache is taken (reap.h); in the child of a fork, the parent's other threads do for good. One that is stopped in the
 * middle of a reset keeps what caches have of the category, and the slabs of caches whose threads end.
 */
#ifndef CORRAL_GATE_H
#define CORRAL_GATE_H

#include "cache.h"

enum gate { GATE_OPEN, GATE_OWNER, GATE_RESET };

/* Takes a gate that is open. */
CORRAL_FAST bool gate_take(struct row *row, enum gate by) {
    uint32_t open = GATE_OPEN;
    /* [E:gate] Sees all that the last one wrote of the pools. */
    return cas_acquire(&row->gate, &open, (uint32_t)by);
}

CORRAL_FAST void gate_open(struct row *row) {
    store_release(&row->gate, GATE_OPEN); /* [E:gate] Publishes the pools. */
}

/* By the owner. Where it is within the gate already, *within tells that it is not to leave it. False: it is shut. */
CORRAL_FAST bool gate_enter(struct row *row, bool *within) {
    *within = load_relaxed(&row->gate) == GATE_OWNER; /* [R:own] */
    return *within || gate_take(row, GATE_OWNER);
}

CORRAL_FAST void gate_leave(struct row *row, bool within) {
    if (!within) {
        gate_open(row);
    }
}

/* Enters all gates of a cache. False, and none, when one is shut. */
bool corral_gate_enter_all(struct cache *cache);
void corral_gate_leave_all(struct cache *cache);
/* Opens those that a thread which is gone was within. */
void corral_gate_free_all(struct cache *cache);

/* Closes those of a category in all caches. False, and none, when a thread is within one, or another has closed
 * it. */
bool corral_gate_close(uint32_t category);
void corral_gate_reopen(uint32_t category);

#endif
