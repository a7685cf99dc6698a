/* SPDX-License-Identifier: MIT
 *
 * states: see states.h.
 *
 * Owns:     nothing.
 * Callers:  through states.h.
 * Promises: as states.h.
 * Does not: stop anyone: of an arena that is being made or ended, all is counted or nothing.
 */
#include "states.h"

#include "arena.h"
#include "shelf.h"

/* Slabs of the units on shelves. A unit's first slab says of which class it is. */
static uint64_t shelved_of(uint32_t number, uint64_t taken) {
    uint64_t slabs = 0;
    for (uint64_t on = corral_shelf_spots(number) & taken; on != 0; on &= on - 1) {
        unsigned class_index = registry_slab_pool(number, bits_lowest(on)) & (CLASS_STRIDE - 1);
        slabs += class_index < CLASS_COUNT ? corral_classes[class_index].slabs : 0;
    }
    return slabs;
}

static void add(struct states *states, const struct registry_entry *entry) {
    uint64_t taken = load_relaxed(&entry->taken); /* [R:figure] */
    uint64_t dirty = load_relaxed(&entry->dirty); /* [R:figure] */
    /* [R:figure] All bits are an arena's that is full, or say that there is none. */
    if (taken == ~UINT64_C(0) && load_relaxed(&entry->arena) <= ENTRY_BUSY) {
        return;
    }
    uint64_t claimed = bits_count(taken & ~HEADER_BITS);
    uint64_t shelved = shelved_of(entry->number, taken & ~HEADER_BITS);
    shelved = shelved < claimed ? shelved : claimed;
    states->shelved += shelved;
    states->held += claimed - shelved;
    states->kept += bits_count(dirty & ~taken);
    states->headers += HEADER_SLABS;
}

void corral_states_count(uint32_t category, struct states *states) {
    *states = (struct states){0};
    const struct registry_entry *entry = corral_registry_first(category);
    for (; entry != NULL; entry = entry->next) {
        add(states, entry);
    }
}
