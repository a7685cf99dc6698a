/* SPDX-License-Identifier: MIT
 *
 * large_parked: freed large blocks of isolated categories, which stay mapped.
 *
 * Owns:     nothing: that a block is parked is in its entry of the map.
 * Callers:  large. Any thread.
 * Promises: a parked block has no memory, where the OS takes that back, and serves its own category only.
 * Does not: have a list: who looks for one walks the map. Make one block of two, or two of one: addresses that fit no
 *           size that is asked for lie idle.
 *
 * Synchronization: park beside take: one CAS on the entry's word makes a parked block the taker's.
 */
#ifndef CORRAL_LARGE_PARKED_H
#define CORRAL_LARGE_PARKED_H

#include "large_map.h"

/* Parks a block that nobody else has. Calls the OS. */
void corral_large_park(void *block, struct large_entry *entry);
/* Takes the smallest parked block of a category that is so aligned, of `bytes` to twice as many. *word: its entry's.
 * NULL when none is seen. Lock-free, in time proportional to the addresses that large blocks ever had. */
void *corral_large_take_parked(size_t bytes, size_t alignment, uint32_t category, uint64_t *word);

#endif
