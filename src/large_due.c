/* SPDX-License-Identifier: MIT
 *
 * large_due: see large_due.h.
 *
 * Owns:     the top of the stack. A block's link lies where, of a live one, the bytes behind it are counted.
 * Callers:  through large_due.h.
 * Promises: as large_due.h.
 * Does not: count a block whose size changes meanwhile: who takes blocks counts all off.
 */
#include "large_due.h"

static _Atomic uintptr_t top;

void corral_large_due_put(void *block, struct large_entry *entry) {
    uintptr_t below = load_relaxed(&top); /* [R:cas-reload] */
    do {
        store_relaxed(&entry->behind, below); /* [R:before-edge] */
        /* [E:due] Publishes the link and the last use of the block. */
    } while (!cas_release(&top, &below, (uintptr_t)block));
}

void *corral_large_due_take(void) {
    if (load_relaxed(&top) == 0) { /* [R:poll] */
        return NULL;
    }
    return (void *)exchange_acquire(&top, 0); /* [E:due] Sees all links. */
}

void *corral_large_due_next(const struct large_entry *entry) {
    return (void *)load_relaxed(&entry->behind); /* [R:holder] */
}
