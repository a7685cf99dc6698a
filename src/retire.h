/* SPDX-License-Identifier: MIT
 *
 * retire: free slabs whose memory is kept a while.
 *
 * Owns:     the dirty bits of registry entries.
 * Callers:  arena, decay. Who retires slabs holds their bits in `taken`.
 * Promises: no more is kept than may be (keep.h): what is beyond is purged at once; but where the program ticks,
 *           by the next tick that has time for it.
 * Does not: choose what to purge later (decay.h). A thread that is stopped between counting and
 *           marking slabs takes their bytes from what may be kept.
 */
#ifndef CORRAL_RETIRE_H
#define CORRAL_RETIRE_H

#include "keep.h"
#include "registry.h"

/* Slabs that are about to be free: keeps their memory, or purges it. start: the first one's. */
void corral_retire(struct registry_entry *entry, void *start, uint64_t mask);
/* The same, but purges it unless it is of a reserve. False when it was not, or that failed: then it is kept as it
 * is. */
bool corral_retire_at_once(struct registry_entry *entry, void *start, uint64_t mask);
/* Is there no room to keep so many slabs more? */
bool corral_retire_is_full(unsigned slabs);
/* Is there nothing of a free arena to keep: was all of it purged, or most of it where as much is kept as
 * may be, or is more kept than that? */
bool corral_retire_is_over(const struct registry_entry *entry);
/* The memory of these slabs is in use again, or gone: it is no longer kept. */
void corral_unretire(struct registry_entry *entry, uint64_t mask);

#endif
