/* SPDX-License-Identifier: MIT
 *
 * large_due: see large_due.h.
 *
 * Owns:     the top of the stack. A block's link lies where, of a live one, the bytes behind it are counted; in its low
 *           bits, since blocks are aligned as arenas are, the units that were purged.
 * Callers:  through large_due.h.
 * Promises: as large_due.h.
 * Does not: know what a block's bytes are but from its entry, when it is put and when it is taken.
 */
#include "large_due.h"

static _Atomic uintptr_t top;
static _Atomic size_t bytes_there;

/* What a block counts for. */
static size_t counted(size_t bytes, size_t units) {
    size_t known = units * DUE_UNIT;
    return known < bytes ? bytes - known : DUE_UNIT;
}

void corral_large_due_put(void *block, struct large_entry *entry, size_t purged) {
    size_t bytes = large_word_bytes(load_relaxed(&entry->word)); /* [R:holder] */
    uint64_t units = purged < bytes ? purged / DUE_UNIT : (bytes + DUE_UNIT - 1) / DUE_UNIT;
    units = units > ARENA_MASK ? ARENA_MASK : units;
    fetch_add_relaxed(&bytes_there, counted(bytes, (size_t)units)); /* [R:count-only] */
    uintptr_t below = load_relaxed(&top); /* [R:cas-reload] */
    do {
        store_relaxed(&entry->behind, below | units); /* [R:before-edge] */
        /* [E:due] Publishes the link and the last use of the block. */
    } while (!cas_release(&top, &below, (uintptr_t)block));
}

void *corral_large_due_take(void) {
    if (load_relaxed(&top) == 0) { /* [R:poll] */
        return NULL;
    }
    void *block = (void *)exchange_acquire(&top, 0), *first = NULL; /* [E:due] Sees all links. */
    size_t taken = 0;
    while (block != NULL) {
        struct large_entry *entry = large_map_find(block);
        void *next = corral_large_due_next(entry);
        uint64_t units = load_relaxed(&entry->behind) & ARENA_MASK; /* [R:holder] */
        taken += counted(large_word_bytes(load_relaxed(&entry->word)), (size_t)units); /* [R:holder] */
        store_relaxed(&entry->behind, (uintptr_t)first | units); /* [R:holder] */
        first = block;
        block = next;
    }
    fetch_sub_relaxed(&bytes_there, taken); /* [R:count-only] It was added before what was taken came there. */
    return first;
}

size_t corral_large_due_bytes(void) {
    /* [R:hint] A thread that is stopped in the middle of a put or a take never counts right what it has. */
    return load_relaxed(&top) == 0 ? 0 : load_relaxed(&bytes_there);
}

void *corral_large_due_next(const struct large_entry *entry) {
    return (void *)(load_relaxed(&entry->behind) & ~(uint64_t)ARENA_MASK); /* [R:holder] */
}

size_t corral_large_due_purged(const struct large_entry *entry) {
    return (size_t)(load_relaxed(&entry->behind) & ARENA_MASK) * DUE_UNIT; /* [R:holder] */
}
