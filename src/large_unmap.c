/* SPDX-License-Identifier: MIT
 *
 * large_unmap: see large_unmap.h.
 *
 * Owns:     nothing.
 * Callers:  through large_unmap.h.
 * Promises: as large_unmap.h.
 * Does not: count what is kept.
 */
#include "large_unmap.h"

#include "backend.h"
#include "check.h"
#include "control.h"
#include "keep.h"
#include "large_parked.h"
#include "poison.h"

/* Bytes that wait for a tick, about: who frees at the same time, and what a tick has in hand, comes on top. */
#define DUE_MOST ((size_t)(256 * 1024 * KIB))

void corral_large_unmap(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    check_debug(large_word_state(word) == LARGE_IS_KEPT);
    size_t bytes = large_word_bytes(word);
    if (control_is_isolated(large_word_category(word))) {
        corral_large_park(block, entry);
        return;
    }
    store_relaxed(&entry->word, 0);                              /* [R:holder] */
    unpoison(block, bytes);
    if (!corral_backend_release(block, bytes)) {
        corral_backend_purge(block, bytes);
    }
}

bool corral_large_unmap_due(void) {
    void *block = corral_large_due_take();
    bool any = block != NULL;
    while (block != NULL) {
        struct large_entry *entry = large_map_find(block);
        void *next = corral_large_due_next(entry);
        corral_large_unmap(block, entry);
        block = next;
    }
    return any;
}

void corral_large_let_go(void *block, struct large_entry *entry) {
    if (corral_keep_is_ticked() && corral_large_due_bytes() < DUE_MOST) {
        corral_large_due_put(block, entry, 0);
        return;
    }
    corral_large_unmap(block, entry);
    corral_large_settle();
}

CORRAL_SLOW void corral_large_settle_now(void) {
    if (!corral_keep_is_ticked()) {
        corral_large_unmap_due();
    }
}
