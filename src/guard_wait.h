/* SPDX-License-Identifier: MIT
 *
 * guard_wait: freed blocks between guard pages, whose addresses wait for their next use.
 *
 * Owns:     the ring of those that wait.
 * Callers:  guard. Any thread.
 * Promises: lock-free. Up to WAIT_BLOCKS wait, of up to WAIT_UNITS units and those that threads are just bringing; who
 *           waited longest goes first. They have no memory but what is known of them.
 * Does not: know of categories. A thread that is stopped for ever while it brings one, or takes one out, keeps the addresses
 *           of one from use.
 *
 *   ring[at % WAIT_BLOCKS], at: first ··· last
 *
 * Synchronization (row beside column):
 *            bring      take
 *   bring    CAS        CAS        each place of the ring changes hands by one operation. What stands there already has
 *   take     CAS        CAS        waited for a whole round: who brings another takes it out
 */
#ifndef CORRAL_GUARD_WAIT_H
#define CORRAL_GUARD_WAIT_H

#include "guard_range.h"

/* A quarter of all there can be. */
#define WAIT_UNITS  (RANGES_MOST * GUARD_UNITS / 4)
#define WAIT_BLOCKS (WAIT_UNITS / 2)

/* Lets a block wait that is freed and traps; gives the runs back of those that waited long enough. */
void corral_guard_wait(struct guard_block *it);
/* Gives the runs back of all that wait. */
void corral_guard_wait_no_more(void);
/* Units of those that wait, when no thread brings one. */
uint32_t corral_guard_waiting(void);

#endif
