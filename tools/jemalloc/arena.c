/* SPDX-License-Identifier: MIT
 *
 * arena: see arena.h.
 *
 * An entry is one word, the id and the arena, so that it is seen whole or not at all. An id is looked for
 * from where it hashes to on, up to the first entry that is 0.
 *
 * Owns:     the table.
 * Callers:  through arena.h.
 * Promises: as arena.h. Of two threads that make an id's arena, one destroys its own again.
 * Does not: order anything: a number of an arena is good for whoever has it.
 */
#include "arena.h"

#include <jemalloc/jemalloc.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* More than jemalloc has arenas (4,094), and a power of two. */
#define ENTRIES 8192u
#define ARENA_BITS 13u

static _Atomic uint64_t entries[ENTRIES];

/* Ids are below 2^34. 0 is no entry. */
static uint64_t entry_of(uint64_t id, unsigned arena) {
    return (id + 1) << ARENA_BITS | arena;
}

static unsigned place_of(uint64_t id) {
    return (unsigned)(id * UINT64_C(0x9E3779B97F4A7C15) >> 51) % ENTRIES;
}

/* Looks an id up. False when it is not there: *place is where it may be entered, or ENTRIES. */
static bool find(uint64_t id, unsigned *arena, unsigned *place) {
    unsigned at = place_of(id);
    for (unsigned looked = 0; looked < ENTRIES; looked++, at = (at + 1) % ENTRIES) {
        uint64_t entry = atomic_load_explicit(&entries[at], memory_order_relaxed);
        if (entry >> ARENA_BITS == id + 1) {
            *arena = (unsigned)(entry & ((1u << ARENA_BITS) - 1));
            return true;
        }
        if (entry == 0) {
            *place = at;
            return false;
        }
    }
    *place = ENTRIES;
    return false;
}

static void set_decay(unsigned arena, const char *which) {
    char name[64];
    ssize_t at_once = 0;
    snprintf(name, sizeof name, "arena.%u.%s", arena, which);
    mallctl(name, NULL, NULL, &at_once, sizeof at_once);
}

static bool make(unsigned *arena) {
    size_t size = sizeof *arena;
    if (mallctl("arenas.create", arena, &size, NULL, 0) != 0) {
        return false;
    }
    set_decay(*arena, "dirty_decay_ms");
    set_decay(*arena, "muzzy_decay_ms");
    return true;
}

static void destroy(unsigned arena) {
    char name[64];
    snprintf(name, sizeof name, "arena.%u.destroy", arena);
    mallctl(name, NULL, NULL, NULL, 0);
}

bool corral_jemalloc_arena_find(uint64_t id, unsigned *arena) {
    unsigned place;
    return find(id, arena, &place);
}

/* Enters an arena. False when another thread was first, whose it is then. */
static bool enter(uint64_t id, unsigned mine, unsigned *arena) {
    unsigned place;
    while (!find(id, arena, &place)) {
        uint64_t none = 0;
        *arena = mine;
        if (place == ENTRIES ||
            atomic_compare_exchange_strong_explicit(&entries[place], &none, entry_of(id, mine),
                                                    memory_order_relaxed, memory_order_relaxed)) {
            return true;
        }
    }
    return false;
}

void corral_jemalloc_arena_of(uint64_t id, unsigned *arena) {
    unsigned mine = 0, place;
    if (find(id, arena, &place)) {
        return;
    }
    bool made = make(&mine);
    /* Where there are no more, the id shares jemalloc's first, which nobody else uses. */
    if (!enter(id, mine, arena) && made) {
        destroy(mine);
    }
}
