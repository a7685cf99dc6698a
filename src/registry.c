/* SPDX-License-Identifier: MIT
 *
 * registry: see registry.h.
 *
 * Owns:     the chains and the bitmap; untouched parts of both cost no memory.
 * Callers:  through registry.h.
 * Promises: as registry.h.
 * Does not: unmap anything.
 */
#include "registry.h"

#include "check.h"
#include "meta.h"

_Atomic uint64_t corral_address_bits[ADDRESS_SLOTS / 64];

static _Atomic(struct registry_entry *) chains[CATEGORY_LIMIT];

void corral_registry_cover(const struct arena *arena) {
    uintptr_t slot = (uintptr_t)arena >> ARENA_SHIFT;
    check_debug(slot < ADDRESS_SLOTS);
    /* [R:holder] Published with the slab that the maker claims for itself. */
    fetch_or_relaxed(&corral_address_bits[slot / 64], UINT64_C(1) << (slot % 64));
}

void corral_registry_uncover(const struct arena *arena) {
    uintptr_t slot = (uintptr_t)arena >> ARENA_SHIFT;
    /* [R:holder] Nobody holds a block of the arena. */
    fetch_and_relaxed(&corral_address_bits[slot / 64], ~(UINT64_C(1) << (slot % 64)));
}

struct registry_entry *corral_registry_first(uint32_t category) {
    return load_acquire(&chains[category]); /* [E:chain] */
}

static struct registry_entry *push_entry(uint32_t category) {
    struct registry_entry *entry = corral_meta_take(sizeof *entry);
    if (entry == NULL) {
        return NULL;
    }
    store_relaxed(&entry->taken, ~UINT64_C(0));   /* [R:before-edge] */
    store_relaxed(&entry->arena, ENTRY_BUSY);     /* [R:before-edge] */
    entry->category = category;
    entry->next = load_relaxed(&chains[category]); /* [R:cas-reload] */
    /* [E:chain] Publishes the entry. Push only, so an old head that came back is still the head. */
    while (!cas_release(&chains[category], &entry->next, entry)) {
    }
    return entry;
}

struct registry_entry *corral_registry_reserve_entry(uint32_t category) {
    struct registry_entry *entry = corral_registry_first(category);
    for (; entry != NULL; entry = entry->next) {
        uintptr_t none = 0;
        /* [E:entry] Sees the end of the release that left the entry without an arena. */
        if (load_relaxed(&entry->arena) == 0 && /* [R:cas-reload] */
            cas_acquire(&entry->arena, &none, ENTRY_BUSY)) {
            return entry;
        }
    }
    return push_entry(category);
}
