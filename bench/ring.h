/* SPDX-License-Identifier: MIT
 *
 * A ring through which one thread hands blocks to another.
 *
 * Owns:     RING_SLOTS bursts of RING_BURST pointers, and two counters.
 * Callers:  one sending and one receiving thread.
 * Promises: a burst is filled and emptied in place, and two counters move for each burst: the
 *           hand-over costs little against what is handed over, and the same for every allocator.
 * Does not: block in the kernel, unless the other side does not answer for long.
 *
 *   operation             beside ring_fill  beside ring_filled  beside ring_drain, ring_drained
 *   ring_fill, _filled    no                no                  yes
 *   ring_drain, _drained  yes               yes                 no
 *
 * The law: taken <= sent <= taken + RING_SLOTS, counting bursts.
 */
#ifndef BENCH_RING_H
#define BENCH_RING_H

#include "atomic.h"

#include <sched.h>

enum { RING_SLOTS = 16, RING_BURST = 64, RING_PATIENCE = 4096 };

typedef struct ring {
    _Alignas(64) _Atomic(size_t) sent;  /* atomic: written by the sender */
    size_t taken_seen;                  /* owner: the sender's */
    _Alignas(64) _Atomic(size_t) taken; /* atomic: written by the receiver */
    size_t sent_seen;                   /* owner: the receiver's */
    _Alignas(64) void *slot[RING_SLOTS][RING_BURST];
} ring;

/* Forgets what is in the ring. Nobody else uses it meanwhile, and whoever comes next is started
 * afterwards, so the order of these stores is of no importance. */
static inline void ring_empty(ring *self) {
    self->taken_seen = 0;
    self->sent_seen = 0;
    bench_store_release(&self->sent, 0);
    bench_store_release(&self->taken, 0);
}

/* The burst to fill next, or NULL while the ring is full. */
static inline void **ring_fill(ring *self, size_t sent) {
    if (sent - self->taken_seen == RING_SLOTS) {
        /* The acquire pairs with ring_drained: the slot is read out before it is filled again. */
        self->taken_seen = bench_load_acquire(&self->taken);
        if (sent - self->taken_seen == RING_SLOTS) {
            return NULL;
        }
    }
    return self->slot[sent % RING_SLOTS];
}

/* Hands over the burst that ring_fill gave, the sender's number `sent`. */
static inline void ring_filled(ring *self, size_t sent) {
    /* The release publishes the pointers and what was written to their blocks. */
    bench_store_release(&self->sent, sent + 1);
}

/* The burst to empty next, or NULL while there is none. */
static inline void **ring_drain(ring *self, size_t taken) {
    if (self->sent_seen == taken) {
        /* The acquire pairs with ring_filled. */
        self->sent_seen = bench_load_acquire(&self->sent);
        if (self->sent_seen == taken) {
            return NULL;
        }
    }
    return self->slot[taken % RING_SLOTS];
}

/* Gives back the burst that ring_drain gave, the receiver's number `taken`. */
static inline void ring_drained(ring *self, size_t taken) {
    /* The release lets the sender fill the slot again. */
    bench_store_release(&self->taken, taken + 1);
}

/* Waits a little. The processor is given away only when the other side seems not to run. */
static inline void ring_wait(unsigned *waits) {
    if (++*waits % RING_PATIENCE == 0) {
        sched_yield();
    }
    bench_relax();
}

#endif
