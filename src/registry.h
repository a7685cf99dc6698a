/* SPDX-License-Identifier: MIT
 *
 * registry: which arenas there are, which of their slabs are taken, which addresses are theirs.
 *
 * Owns:     an entry for each arena, never unmapped; each category's chain of entries; a table by
 *           address that tells which entry's arena stands there; what free reads of an arena.
 * Callers:  arena (claim, give back, make); free and the checks (is an address ours?). Any thread.
 * Promises: an entry belongs to its category for ever; its arena comes and goes.
 * Does not: read or write an arena.
 *
 *   address ─► numbers[address / arena size] ─► ids[number], pools[number][slab]
 *   What free reads is apart from the arenas and dense: arenas lie a power of two apart, and the same
 *   line of each would fall on the same cache and TLB sets.
 *
 *   chain[category] ─► entry ─► entry ─► NULL                       (push only)
 *                      taken   one bit a slab; all ones: no arena here
 *                      dirty   free slabs whose memory may be resident
 *                      arena   the arena; NULL: none; ENTRY_BUSY: one is being made or released
 *
 * Synchronization (row beside column):
 *                 claim       give        make        release
 *     claim       CAS         any         any         CAS: release needs exactly the header's bits
 *     give        any         fetch_and   any         the giver's bits keep release out
 *     make        any         any         CAS on arena, from NULL
 *     release     CAS         –           –           CAS on taken, to all ones
 */
#ifndef CORRAL_REGISTRY_H
#define CORRAL_REGISTRY_H

#include "atomic.h"
#include "base.h"
#include "options.h"
#include "size_class.h"

struct arena;

/* Law: taken has the header's bits while there is an arena and all bits while there is none;
 * dirty & taken is 0 but for moments of a claim. */
struct registry_entry {
    _Alignas(CACHE_LINE) _Atomic uint64_t taken; /* atomic [E:slabs] */
    _Atomic uint64_t dirty;                      /* atomic, relaxed: only steers */
    _Atomic uintptr_t arena;                     /* atomic [E:entry] */
    struct registry_entry *next;                 /* const after the push */
    uint32_t category;                           /* const after the push */
    uint32_t number;                             /* const after the push */
    uint32_t range;                              /* owner: who made the arena, then who releases it */
    _Atomic uint32_t retired_at;                 /* atomic, relaxed: ms when slabs were last kept */
};

#define ENTRY_BUSY ((uintptr_t)1)

#define ADDRESS_SLOTS ((size_t)1 << (ADDRESS_BITS - ARENA_SHIFT))
/* Entries there can be, in all; number 0 is no arena. */
#define REGISTRY_LIMIT 65536u

/* By address: the number of the entry whose arena stands there, or 0. */
extern CORRAL_HIDDEN _Atomic uint16_t corral_registry_numbers[ADDRESS_SLOTS];
/* By number: the memory type id plus 1; more than 2^32 for the overflow category. 0 is no arena. */
extern CORRAL_HIDDEN uint64_t corral_registry_ids[REGISTRY_LIMIT];
/* By number and slab: the pool whose blocks lie there; of class CLASS_NONE where none do. */
extern CORRAL_HIDDEN _Atomic uint32_t corral_registry_pools[REGISTRY_LIMIT][ARENA_SLABS];

/* The number of the arena that an address lies in, or 0. Two branches and a load. */
CORRAL_FAST size_t registry_number(uintptr_t address) {
    uintptr_t slot = address >> ARENA_SHIFT;
    /* [R:holder] Who holds a block got it after its arena was entered. */
    return likely(slot < ADDRESS_SLOTS) ? load_relaxed(&corral_registry_numbers[slot]) : 0;
}

/* True when `address` lies in an arena. */
CORRAL_FAST bool registry_covers(uintptr_t address) {
    return registry_number(address) != 0;
}

/* True when there is an arena of that number, and it is of this id. */
CORRAL_FAST bool registry_is_of(size_t number, uint32_t id) {
    return corral_registry_ids[number] == (uint64_t)id + 1;
}

/* The pool whose blocks lie in a slab. */
CORRAL_FAST uint32_t registry_slab_pool(size_t number, size_t slab) {
    /* [R:holder] It is constant while a block of the slab is live. The shelf looks at it to steer. */
    return load_relaxed(&corral_registry_pools[number][slab]);
}

/* The same for an address, given its arena's number. */
CORRAL_FAST uint32_t registry_pool(size_t number, uintptr_t address) {
    return registry_slab_pool(number, address >> SLAB_SHIFT & (ARENA_SLABS - 1));
}

void corral_registry_set_pool(const struct registry_entry *entry, unsigned slab, uint32_t pool);
void corral_registry_cover(const struct registry_entry *entry, const struct arena *arena);
void corral_registry_uncover(const struct arena *arena);

/* Numbers given so far: the highest is this less one. */
uint32_t corral_registry_count(void);
/* The entry of a number below the count. It may not be in a chain yet: then all is taken. */
struct registry_entry *corral_registry_entry(uint32_t number);
/* The first entry of a category's chain. */
struct registry_entry *corral_registry_first(uint32_t category);
/* An entry of the category without an arena, now ENTRY_BUSY and the caller's; NULL with no memory
 * for one. May call the OS. */
struct registry_entry *corral_registry_reserve_entry(uint32_t category);

#endif
