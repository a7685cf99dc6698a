/* SPDX-License-Identifier: MIT
 *
 * retire: see retire.h.
 *
 * Owns:     the count of kept bytes.
 * Callers:  through retire.h.
 * Promises: a slab whose purge fails counts as kept.
 * Does not: split a purge: the slabs of a unit go in one call.
 */
#include "retire.h"

#include "backend.h"
#include "os.h"

static _Atomic size_t kept_bytes;

static size_t bytes_of(uint64_t mask) {
    return (size_t)bits_count(mask) << SLAB_SHIFT;
}

/* Keeps the memory of slabs, where no more than `most` is kept then, or where the OS does not purge it. Else purges
 * it: true. */
static bool retire(struct registry_entry *entry, void *start, uint64_t mask, size_t most) {
    size_t bytes = bytes_of(mask);
    size_t kept = fetch_add_relaxed(&kept_bytes, bytes) + bytes; /* [R:hint] */
    if (kept > most && corral_backend_purge(start, bytes)) {
        fetch_sub_relaxed(&kept_bytes, bytes); /* [R:hint] */
        return true;
    }
    uint32_t now = (uint32_t)corral_os->milliseconds();
    store_relaxed(&entry->retired_at, now); /* [R:hint] */
    fetch_or_relaxed(&entry->dirty, mask);  /* [R:hint] */
    return false;
}

void corral_retire(struct registry_entry *entry, void *start, uint64_t mask) {
    retire(entry, start, mask, RETIRE_BYTES);
}

bool corral_retire_at_once(struct registry_entry *entry, void *start, uint64_t mask) {
    return retire(entry, start, mask, 0);
}

bool corral_retire_is_any(void) {
    return load_relaxed(&kept_bytes) != 0; /* [R:hint] */
}

bool corral_retire_is_full(unsigned slabs) {
    /* [R:hint] */
    return load_relaxed(&kept_bytes) + ((size_t)slabs << SLAB_SHIFT) > RETIRE_BYTES;
}

bool corral_retire_is_over(const struct registry_entry *entry) {
    uint64_t dirty = load_relaxed(&entry->dirty); /* [R:hint] */
    /* [R:hint] More than may be kept is kept where the OS does not purge. */
    return dirty == 0 || (bits_count(dirty) < ARENA_SLABS / 2 && corral_retire_is_full(1)) ||
           load_relaxed(&kept_bytes) > RETIRE_BYTES;
}

void corral_unretire(struct registry_entry *entry, uint64_t mask) {
    if ((load_relaxed(&entry->dirty) & mask) != 0) {                   /* [R:hint] */
        uint64_t was = fetch_and_relaxed(&entry->dirty, ~mask) & mask; /* [R:hint] */
        fetch_sub_relaxed(&kept_bytes, bytes_of(was));                 /* [R:hint] */
    }
}
