/* SPDX-License-Identifier: MIT
 *
 * large_due: freed large blocks that wait to be unmapped.
 *
 * Owns:     a stack of them.
 * Callers:  large. Any thread.
 * Promises: while the program ticks (keep.h), a block that is not kept comes here in place of being unmapped by who
 *           freed it. Put is lock-free, take wait-free.
 * Does not: give a block back to who asks for one: those are in large's slots.
 *
 * Synchronization (row beside column):
 *            put        take
 *   put      CAS        any        a block is on the stack once: who puts it has it
 *   take     any        exchange   takes all of them, so a block never comes off alone, nor back below another
 * A thread that is stopped with what it took keeps those blocks mapped.
 */
#ifndef CORRAL_LARGE_DUE_H
#define CORRAL_LARGE_DUE_H

#include "large_map.h"

/* Puts a block there that the caller has. entry: its own. */
void corral_large_due_put(void *block, struct large_entry *entry);
/* Bytes of those that are there; it steers only. */
size_t corral_large_due_bytes(void);
/* Takes all blocks, which are the caller's then; NULL when there is none. */
void *corral_large_due_take(void);
/* The block behind one of them; NULL behind the last. */
void *corral_large_due_next(const struct large_entry *entry);
#endif
