/* SPDX-License-Identifier: MIT
 *
 * guard_range: addresses for blocks between guard pages.
 *
 * Owns:     which units are taken, and how many ranges there are.
 * Callers:  guard, guard_wait. Any thread.
 * Promises: lock-free, but for the OS. All pages of a range trap but those that guard made usable. A range gets addresses
 *           at need, up to RANGES_MOST at a time: so many mappings at most are made of them as the kernel allows a process by
 *           half. It gives them back when memory is exhausted, unless its category is isolated.
 * Does not: take units that were given back as long as there are others behind those taken last.
 *
 * Synchronization (row beside column):
 *            claim      give         begin      end
 *   claim    CAS        any          any        CAS: end needs that no unit is taken, and takes all
 *   give     any        fetch_and    –          the giver's bits keep end out, and are its alone until then
 *   begin    any        –            CAS        –         on start, from 0
 */
#ifndef CORRAL_GUARD_RANGE_H
#define CORRAL_GUARD_RANGE_H

#include "guard_map.h"

/* A test has fewer. */
#ifndef RANGES_MOST
#define RANGES_MOST 256u
#endif

/* A run of `units` units of a category's, and with it what is to be known of its block, which is NONE. NULL when there is
 * none to be had, or pages cannot be made to trap. May call the OS. */
struct guard_block *corral_guard_claim(uint32_t category, unsigned units);
/* Gives the run of a block back that is not live. It traps. */
void corral_guard_give(struct guard_block *it);
/* Gives the addresses back of ranges of which no unit is taken. False when there are none. */
bool corral_guard_end_empty(void);

#endif
