/* SPDX-License-Identifier: MIT
 *
 * large_unmap: freed large blocks go back to the backend: at once, or by a tick.
 *
 * Owns:     nothing.
 * Callers:  large_kept, large; tick; pool, when it makes a slab. Who unmaps a block has it.
 * Promises: one that the OS does not take back stays mapped, purged; so does one of an isolated category, which may have
 *           it again.
 * Does not: choose which block goes.
 */
#ifndef CORRAL_LARGE_UNMAP_H
#define CORRAL_LARGE_UNMAP_H

#include "large_due.h"

/* Unmaps a block that has ended. Calls the OS. */
void corral_large_unmap(void *block, struct large_entry *entry);
/* Unmaps a block that has ended; or, where the program ticks, leaves it to a tick, unless so much is already that none
 * has had time for. */
void corral_large_let_go(void *block, struct large_entry *entry);
/* Unmaps all blocks that wait for a tick. False when there was none. */
bool corral_large_unmap_due(void);

/* The same, where the program ticks no more. */
void corral_large_settle_now(void);
CORRAL_FAST void corral_large_settle(void) {
    if (unlikely(corral_large_due_bytes() != 0)) {
        corral_large_settle_now();
    }
}

#endif
