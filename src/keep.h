/* SPDX-License-Identifier: MIT
 *
 * keep: how much memory of free slabs is kept, of a category and of all, and for how long.
 *
 * Owns:     the counts of kept bytes; when a tick was last.
 * Callers:  retire, decay, arena, large_kept, large_unmap; tick. Any thread.
 * Promises: answers from what was set (control.h) and what is counted. Wait-free.
 * Does not: purge, or know of slabs.
 *
 * While a program calls corral_tick, what is kept beyond what may be waits for the next tick, and alloc and free
 * purge nothing. TICK_FRESH_MS after the last one they do so again.
 */
#ifndef CORRAL_KEEP_H
#define CORRAL_KEEP_H

#include "control.h"

#define TICK_FRESH_MS 1000u

/* Counts bytes of free slabs that are kept; below 0: that are no more. */
void corral_keep_count(uint32_t category, int64_t bytes);
/* Is anything kept? */
bool corral_keep_is_any(void);
/* So many bytes are kept of a category. */
size_t corral_keep_bytes(uint32_t category);
/* Bytes that are kept of all beyond what may be, if `more` were kept besides. */
size_t corral_keep_excess(size_t more);
/* Might so many bytes be kept, if nothing else were? */
bool corral_keep_may_ever(size_t bytes);
/* Bytes that are kept of one category beyond what may be of it or of all. 0 as long as it takes no more than its
 * reserve. */
size_t corral_keep_excess_of(uint32_t category);
/* How many of the bytes kept of a category are not of its reserve: so much may be purged. */
size_t corral_keep_free(uint32_t category);
/* Would so many bytes of a category's slabs, which are in use now, stay kept if they were given back? */
bool corral_keep_has_room(uint32_t category, size_t bytes);
/* Bytes of slabs that are to be a category's alone. */
size_t corral_keep_reserve(uint32_t category);
/* Milliseconds that a category's kept slabs stay; UINT32_MAX: for ever. */
uint32_t corral_keep_ms(uint32_t category);

/* Has `time` passed between two readings of a clock of 32 bits, in ms, that wraps? The first one may be of long
 * ago, or never made: a process may begin, or go on after a rest, at any time of the clock. Another thread's
 * reading may be ahead. */
bool corral_keep_has_passed(uint32_t time, uint32_t since, uint32_t now);

/* Notes that a tick is made. */
void corral_keep_tick(uint32_t now);
/* Does the program tick? */
bool corral_keep_is_ticked(void);

#endif
