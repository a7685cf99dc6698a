/* SPDX-License-Identifier: MIT
 *
 * large_map: from an address to the large block that begins there.
 *
 * Owns:     the map's leaves, never unmapped, and what an entry's words mean.
 * Callers:  large, large_own; figures for the meaning of a word. Any thread.
 * Promises: a large block begins at an arena-sized boundary, so one entry of the map is its alone.
 *           Looking up is wait-free.
 * Does not: change the state of a block.
 *
 *   roots[address high] ─► leaf: entries[address low]       one entry for each arena-sized range
 *
 *   entry.word:  | units of 4 KiB (40) | category (16) | state (8): none, live, kept, parked, guards |
 *
 * Where blocks lie between guard pages there is no large block, but a range of those (guard_map.h), which the entry's
 * other word leads to.
 */
#ifndef CORRAL_LARGE_MAP_H
#define CORRAL_LARGE_MAP_H

#include "atomic.h"
#include "base.h"
#include "options.h"

#define LARGE_LEAF_LOG2    12u
#define LARGE_LEAF_ENTRIES ((size_t)1 << LARGE_LEAF_LOG2)
#define LARGE_ROOTS        ((size_t)1 << (ADDRESS_BITS - ARENA_SHIFT - LARGE_LEAF_LOG2))
/* Of no OS is a page smaller, and all are multiples of it. */
#define LARGE_UNIT_LOG2 12u
#define LARGE_UNIT      ((size_t)1 << LARGE_UNIT_LOG2)

enum large_state { LARGE_IS_NONE, LARGE_IS_LIVE, LARGE_IS_KEPT, LARGE_IS_PARKED, LARGE_IS_GUARDS };

struct large_entry {
    _Atomic uint64_t word;   /* atomic: written by who has the block; two frees race by CAS */
    _Atomic uint64_t behind; /* atomic, relaxed: bytes mapped behind those that the caller of a live
                                block has; of who has it. Of guards: where their range is */
};

struct large_leaf {
    struct large_entry entries[LARGE_LEAF_ENTRIES];
    _Atomic uint64_t made[LARGE_LEAF_ENTRIES / 64]; /* atomic: which entries ever had a block */
};

extern CORRAL_HIDDEN _Atomic(struct large_leaf *) corral_large_roots[LARGE_ROOTS];

CORRAL_FAST uint64_t large_word(size_t bytes, uint32_t category, enum large_state state) {
    return (uint64_t)(bytes >> LARGE_UNIT_LOG2) << 24 | (uint64_t)category << 8 | (uint64_t)state;
}

CORRAL_FAST enum large_state large_word_state(uint64_t word) {
    return (enum large_state)(word & 0xFF);
}

CORRAL_FAST uint32_t large_word_category(uint64_t word) {
    return (uint32_t)(word >> 8) & 0xFFFF;
}

CORRAL_FAST size_t large_word_bytes(uint64_t word) {
    return (size_t)(word >> 24) << LARGE_UNIT_LOG2;
}

CORRAL_FAST struct large_leaf *large_leaf_of(uintptr_t slot) {
    return load_acquire(&corral_large_roots[slot >> LARGE_LEAF_LOG2]); /* [E:leaf] */
}

/* The entry of an address; NULL when it cannot be a large block's. */
CORRAL_FAST struct large_entry *large_map_find(const void *block) {
    uintptr_t slot = (uintptr_t)block >> ARENA_SHIFT;
    if (unlikely(((uintptr_t)block & ARENA_MASK) != 0 || slot >> LARGE_LEAF_LOG2 >= LARGE_ROOTS)) {
        return NULL;
    }
    struct large_leaf *leaf = large_leaf_of(slot);
    return unlikely(leaf == NULL) ? NULL : &leaf->entries[slot & (LARGE_LEAF_ENTRIES - 1)];
}

/* The entry of the range of an arena's size that an address lies in; NULL when it has none. */
CORRAL_FAST struct large_entry *large_map_around(const void *address) {
    return large_map_find((const void *)((uintptr_t)address & ~ARENA_MASK));
}

/* The entry of a large block, made if need be. NULL when memory is exhausted. */
struct large_entry *corral_large_map_make(const void *block);

typedef void large_visitor(void *block, struct large_entry *entry, void *argument);

/* Calls visit(block, entry, argument) for each address at which there ever was a large block; for one that is made
 * meanwhile, perhaps. Wait-free, in time proportional to the addresses. */
void corral_large_map_visit(large_visitor *visit, void *argument);

#endif
