/* SPDX-License-Identifier: MIT
 *
 * registry: see registry.h.
 *
 * Owns:     the chains and the tables; untouched parts of them cost no memory.
 * Callers:  through registry.h.
 * Promises: as registry.h.
 * Does not: unmap anything.
 */
#include "registry.h"

#include "category.h"
#include "check.h"

struct corral_registry_tables corral_registry;

static struct registry_entry entries[REGISTRY_LIMIT];
static _Atomic uint32_t next_number = 1;

void corral_registry_set_pool(const struct registry_entry *entry, unsigned slab, uint32_t pool) {
    /* [R:holder] */
    store_relaxed(&corral_registry.places[entry->number][slab], pool << CORRAL_PLACE_SHIFT);
}

void corral_registry_begin(void) {
    _Atomic uint32_t *none = corral_registry.places[0];
    uint32_t place = CATEGORY_LIMIT << CORRAL_ROW_SHIFT;
    if (load_acquire(&none[ARENA_SLABS - 1]) == place) { /* [E:none] Sees all of them. */
        return;
    }
    for (unsigned slab = 0; slab < ARENA_SLABS - 1; slab++) {
        store_relaxed(&none[slab], place); /* [R:before-edge] */
    }
    store_release(&none[ARENA_SLABS - 1], place); /* [E:none] Publishes the others. */
}

void corral_registry_cover(const struct registry_entry *entry, const struct arena *arena) {
    uintptr_t slot = (uintptr_t)arena >> ARENA_SHIFT;
    check_debug(slot < ADDRESS_SLOTS);
    for (unsigned slab = 0; slab < ARENA_SLABS; slab++) {
        corral_registry_set_pool(entry, slab, entry->category << CLASS_STRIDE_LOG | CLASS_NONE);
    }
    /* [R:holder] Published with the slab that the maker claims for itself. */
    store_relaxed(&corral_registry.numbers[slot], (uint16_t)entry->number);
}

void corral_registry_uncover(const struct arena *arena) {
    uintptr_t slot = (uintptr_t)arena >> ARENA_SHIFT;
    store_relaxed(&corral_registry.numbers[slot], 0); /* [R:holder] Nobody holds a block of it. */
}

uint32_t corral_registry_count(void) {
    return load_relaxed(&next_number); /* [R:number-only] */
}

struct registry_entry *corral_registry_entry(uint32_t number) {
    return &entries[number];
}

struct registry_entry *corral_registry_first(uint32_t category) {
    return load_acquire(&corral_categories[category].chain); /* [E:chain] */
}

/* An entry that was never used, or NULL when all are. */
static struct registry_entry *take_entry(void) {
    uint32_t number = load_relaxed(&next_number); /* [R:number-only] */
    while (number < REGISTRY_LIMIT) {
        if (cas_relaxed(&next_number, &number, number + 1)) { /* [R:number-only] */
            entries[number].number = number;
            return &entries[number];
        }
    }
    return NULL;
}

static struct registry_entry *push_entry(uint32_t category) {
    struct registry_entry *entry = take_entry();
    if (entry == NULL) {
        return NULL;
    }
    store_relaxed(&entry->taken, ~UINT64_C(0));   /* [R:before-edge] */
    store_relaxed(&entry->arena, ENTRY_BUSY);     /* [R:before-edge] */
    entry->category = category;
    corral_registry.ids[entry->number] = corral_category_any_id(category);
    entry->next = load_relaxed(&corral_categories[category].chain); /* [R:cas-reload] */
    /* [E:chain] Publishes the entry. Push only, so an old head that came back is still the head. */
    while (!cas_release(&corral_categories[category].chain, &entry->next, entry)) {
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
