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
 *   address ─► numbers[address / arena size] ─► ids[number], places[number][slab]
 *   What free reads, and corral/layout.h declares, is apart from the arenas and dense: arenas lie a
 *   power of two apart, and the same line of each would fall on the same cache and TLB sets.
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

#include <corral/hit.h>

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

#define ADDRESS_SLOTS CORRAL_ADDRESS_SLOTS
/* Entries there can be, in all; number 0 is no arena. */
#define REGISTRY_LIMIT CORRAL_REGISTRY_LIMIT

/* The number of the arena that an address lies in, or 0. Two branches and a load. */
CORRAL_FAST size_t registry_number(uintptr_t address) {
    return corral_hit_number(corral_hit_registry(), address);
}

/* True when `address` lies in an arena. */
CORRAL_FAST bool registry_covers(uintptr_t address) {
    return registry_number(address) != 0;
}

/* The pool whose blocks lie in a slab. */
CORRAL_FAST uint32_t registry_slab_pool(size_t number, size_t slab) {
    return corral_hit_pool(corral_hit_slab_place(corral_hit_registry(), number, slab));
}

/* The same for an address in an arena. */
CORRAL_FAST uint32_t registry_pool(uintptr_t address) {
    return corral_hit_pool(corral_hit_place(address));
}

/* Sets what is found for an address in no arena. Before a thread has a cache. */
void corral_registry_begin(void);
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
