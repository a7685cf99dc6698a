/* SPDX-License-Identifier: MIT
 *
 * retire: see retire.h.
 *
 * Owns:     nothing of its own; the bits lie in registry's entries.
 * Callers:  through retire.h.
 * Promises: a slab whose purge fails counts as kept.
 * Does not: split a purge: the slabs of a unit go in one call.
 */
#include "retire.h"

#include "backend.h"
#include "os.h"
#include "range.h"

static size_t bytes_of(uint64_t mask) {
    return (size_t)bits_count(mask) << SLAB_SHIFT;
}

/* Slabs that are counted as kept: purges them, or keeps them as they are. */
static bool purge(struct registry_entry *entry, void *start, size_t bytes) {
    bool purged = corral_keep_free(entry->category) >= bytes && corral_backend_purge(start, bytes);
    if (purged) {
        corral_keep_count(entry->category, -(int64_t)bytes);
    }
    return purged;
}

static void keep(struct registry_entry *entry, uint64_t mask) {
    store_relaxed(&entry->retired_at, (uint32_t)corral_os->milliseconds()); /* [R:hint] */
    fetch_or_relaxed(&entry->dirty, mask);                                  /* [R:hint] */
}

/* Slabs that are parts of huge pages have memory as long as their arena lives. */
static bool has_own_pages(const struct registry_entry *entry) {
    return likely(!corral_range_is_huge(entry->range));
}

void corral_retire(struct registry_entry *entry, void *start, uint64_t mask) {
    if (!has_own_pages(entry)) {
        return;
    }
    corral_keep_count(entry->category, (int64_t)bytes_of(mask));
    if (corral_keep_excess_of(entry->category) == 0 || corral_keep_is_ticked() ||
        !purge(entry, start, bytes_of(mask))) {
        keep(entry, mask);
    }
}

bool corral_retire_at_once(struct registry_entry *entry, void *start, uint64_t mask) {
    if (!has_own_pages(entry)) {
        return false;
    }
    corral_keep_count(entry->category, (int64_t)bytes_of(mask));
    bool purged = purge(entry, start, bytes_of(mask));
    if (!purged) {
        keep(entry, mask);
    }
    return purged;
}

bool corral_retire_is_full(unsigned slabs) {
    return corral_keep_excess((size_t)slabs << SLAB_SHIFT) != 0;
}

bool corral_retire_is_over(const struct registry_entry *entry) {
    uint64_t dirty = load_relaxed(&entry->dirty); /* [R:hint] */
    /* More than may be kept is kept where the OS does not purge. */
    return dirty == 0 || (bits_count(dirty) < ARENA_SLABS / 2 && corral_retire_is_full(1)) ||
           corral_keep_excess(0) != 0;
}

void corral_unretire(struct registry_entry *entry, uint64_t mask) {
    if ((load_relaxed(&entry->dirty) & mask) != 0) {                   /* [R:hint] */
        uint64_t was = fetch_and_relaxed(&entry->dirty, ~mask) & mask; /* [R:hint] */
        corral_keep_count(entry->category, -(int64_t)bytes_of(was));
    }
}
