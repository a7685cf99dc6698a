/* SPDX-License-Identifier: MIT
 *
 * large_due: freed large blocks that wait to be unmapped.
 *
 * Owns:     a stack of them.
 * Callers:  large_unmap, large_kept, tick. Any thread.
 * Promises: while the program ticks (keep.h), a block that is not kept comes here in place of being unmapped by who
 *           freed it. How much of it was purged since is remembered. Put is lock-free, take wait-free. What waited longest
 *           is taken first: where a tick puts back what it did not get to, so it stays.
 * Does not: give a block back to who asks for one: those are in large's slots.
 *
 * Synchronization (row beside column):
 *            put        take
 *   put      CAS        any        a block is on the stack once: who puts it has it
 *   take     any        exchange   takes all of them, so a block never comes off alone, nor back below another
 * A thread that is stopped with what it took keeps those blocks mapped; one that is stopped just before that counts them
 * for as long as others are there.
 */
#ifndef CORRAL_LARGE_DUE_H
#define CORRAL_LARGE_DUE_H

#include "large_map.h"

/* Blocks are purged by multiples of that. */
#define DUE_UNIT ((size_t)(64 * KIB))
/* Of a block, more than that is not remembered. */
#define DUE_KNOWN_MOST (ARENA_MASK * DUE_UNIT)

/* Puts a block there that the caller has. entry: its own. purged: bytes from its start on that were, of which whole units
 * are remembered, or all of the block. */
void corral_large_due_put(void *block, struct large_entry *entry, size_t purged);
/* Bytes of those that are there and are not known to be purged, and a unit of each that is; it steers only. 0 when none is
 * there, but for one that is put at that moment. */
size_t corral_large_due_bytes(void);
/* Takes all blocks, which are the caller's then, and returns the one that was put first; NULL when there is none. In time
 * proportional to them. */
void *corral_large_due_take(void);
/* The block that was put after one of them; NULL after the last. */
void *corral_large_due_next(const struct large_entry *entry);
/* Bytes of one of them that were purged; more than it has where all were. */
size_t corral_large_due_purged(const struct large_entry *entry);

#endif
