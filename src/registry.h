/* SPDX-License-Identifier: MIT
 *
 * registry: which arenas there are, which of their slabs are taken, which addresses are theirs.
 *
 * Owns:     an entry for each arena, never unmapped; each category's chain of entries; a bitmap
 *           with one bit for each arena-sized range of the address space.
 * Callers:  arena (claim, give back, make); free and the checks (is an address ours?). Any thread.
 * Promises: an entry belongs to its category for ever; its arena comes and goes.
 * Does not: read or write an arena.
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

struct arena;

/* Law: taken has the header's bits while there is an arena and all bits while there is none;
 * dirty & taken is 0 but for moments of a claim. */
struct registry_entry {
    _Alignas(CACHE_LINE) _Atomic uint64_t taken; /* atomic [E:slabs] */
    _Atomic uint64_t dirty;                      /* atomic, relaxed: only steers */
    _Atomic uintptr_t arena;                     /* atomic [E:entry] */
    struct registry_entry *next;                 /* const after the push */
    uint32_t category;                           /* const after the push */
    uint32_t range;                              /* owner: who made the arena, then who releases it */
    _Atomic uint32_t retired_at;                 /* atomic, relaxed: ms when slabs were last kept */
};

#define ENTRY_BUSY ((uintptr_t)1)

#define ADDRESS_SLOTS ((size_t)1 << (ADDRESS_BITS - ARENA_SHIFT))

/* One bit for each arena-sized range: does an arena stand on it? */
extern CORRAL_HIDDEN _Atomic uint64_t corral_address_bits[ADDRESS_SLOTS / 64];

/* True when `address` lies in an arena. One load. */
CORRAL_FAST bool registry_covers(uintptr_t address) {
    uintptr_t slot = address >> ARENA_SHIFT;
    if (unlikely(slot >= ADDRESS_SLOTS)) {
        return false;
    }
    /* [R:holder] Who holds a block got it after its arena's bit was set. */
    return load_relaxed(&corral_address_bits[slot / 64]) >> (slot % 64) & 1;
}

void corral_registry_cover(const struct arena *arena);
void corral_registry_uncover(const struct arena *arena);

/* The first entry of a category's chain. */
struct registry_entry *corral_registry_first(uint32_t category);
/* An entry of the category without an arena, now ENTRY_BUSY and the caller's; NULL with no memory
 * for one. May call the OS. */
struct registry_entry *corral_registry_reserve_entry(uint32_t category);

#endif
