/* SPDX-License-Identifier: MIT
 *
 * The few atomic operations of the demo, with their memory order in the verb.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: no other file of the demo names a memory order, and none uses the implicit one.
 * Does not: carry data from thread to thread. Queues, barriers and joins do that here, so that
 *           relaxed counters are enough nearly everywhere.
 */
#ifndef GAME_SERVER_SHARED_H
#define GAME_SERVER_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Relaxed: the value alone matters, and nothing else is read because of it. */
#define load_relaxed(place)         atomic_load_explicit((place), memory_order_relaxed)
#define store_relaxed(place, value) atomic_store_explicit((place), (value), memory_order_relaxed)
#define add_relaxed(place, value)   atomic_fetch_add_explicit((place), (value), memory_order_relaxed)

/* Adds without a locked instruction: legal only where the calling thread is the one writer. */
#define add_owner(place, value) store_relaxed((place), load_relaxed(place) + (value))

/* Acquire: what its publisher wrote before is seen. Release: the other end of that. */
#define load_acquire(place) atomic_load_explicit((place), memory_order_acquire)

/* Publishes `fresh` where *expected is still in place; else false, and *expected is what another
 * thread published. Both outcomes acquire, as the loser uses what the winner made. */
#define publish_once(place, expected, fresh)                                                       \
    atomic_compare_exchange_strong_explicit((place), (expected), (fresh), memory_order_acq_rel,    \
                                            memory_order_acquire)

/* Sets a flag and tells whether this call was the first to do so. */
static inline bool set_first(_Atomic bool *flag) {
    return !atomic_exchange_explicit(flag, true, memory_order_relaxed);
}

#endif
