/* SPDX-License-Identifier: MIT
 *
 * range: see range.h.
 *
 * Owns:     the table of reservations. It never shrinks; its entries are used again.
 * Callers:  through range.h.
 * Promises: as range.h.
 * Does not: retry a failed purge: the range is cleared by hand instead.
 *
 *   reservation   | base, count |  free: one bit a range   |
 *                    ▼
 *                  [arena][arena][arena] ...                 one mapping
 */
#include "range.h"

#include "atomic.h"
#include "backend.h"
#include "base.h"
#include "check.h"
#include "options.h"
#include "poison.h"
#include "served.h"

#include <string.h>

#define RESERVATIONS 16384u
#define STEP_MAX     64u
/* The handle of a range that is a reservation of its own, of no entry. */
#define ALONE UINT32_MAX
/* The same, of huge pages. */
#define HUGE  (UINT32_MAX - 1)

/* Law: a bit of `free` is set only for a range of the mapping at `base` that nobody holds. */
struct reservation {
    _Atomic uintptr_t base; /* atomic: 0 unused, 1 being filled, else the mapping. [E:range] */
    _Atomic uint64_t free;  /* atomic: ranges that nobody holds. [E:range] */
    uint32_t count;         /* const once `free` was published */
};

static struct reservation reservations[RESERVATIONS];
/* Entries ever used; arenas now mapped. Both only steer the search. */
static _Atomic uint32_t used;
static _Atomic uint32_t mapped;

static void *range_start(const struct reservation *it, unsigned bit) {
    /* [R:after-edge] The bit was taken with an acquire. */
    return (char *)load_relaxed(&it->base) + bit * ARENA_BYTES;
}

/* Takes a free range of one reservation. */
static void *take_from(uint32_t index, uint32_t *handle) {
    struct reservation *it = &reservations[index];
    uint64_t free = load_relaxed(&it->free); /* [R:cas-reload] */
    while (free != 0) {
        unsigned bit = bits_lowest(free);
        /* [E:range] Sees the base, and the purge of who gave the range back. */
        if (cas_acquire(&it->free, &free, free & ~(UINT64_C(1) << bit))) {
            *handle = index << 6 | bit;
            return range_start(it, bit);
        }
    }
    return NULL;
}

/* Maps as many arenas as are mapped already, up to STEP_MAX, or as many as the OS gives. */
static void *map_step(uint64_t id, uint32_t *count) {
    uint32_t have = load_relaxed(&mapped); /* [R:hint] */
    uint32_t step = 1;
    while (step < have && step < STEP_MAX) {
        step *= 2;
    }
    for (; step != 0; step /= 2) {
        void *base = corral_backend_reserve(step * ARENA_BYTES, ARENA_BYTES, id);
        if (base != NULL) {
            *count = step;
            return base;
        }
    }
    return NULL;
}

/* Finds an unused entry of the table and marks it as being filled. */
static struct reservation *claim_entry(void) {
    for (uint32_t index = 0; index < RESERVATIONS; index++) {
        uintptr_t unused = 0;
        struct reservation *it = &reservations[index];
        if (load_relaxed(&it->base) == 0 &&    /* [R:cas-reload] */
            cas_acquire(&it->base, &unused, 1)) { /* [E:range-entry] */
            uint32_t seen = load_relaxed(&used);   /* [R:hint] */
            while (seen <= index && !cas_relaxed(&used, &seen, index + 1)) { /* [R:hint] */
            }
            return it;
        }
    }
    return NULL;
}

static void *grow(uint64_t id, uint32_t *handle) {
    struct reservation *it = claim_entry();
    if (it == NULL) {
        return NULL;
    }
    uint32_t count;
    void *base = map_step(id, &count);
    if (base == NULL) {
        store_release(&it->base, 0); /* [E:range-entry] */
        return NULL;
    }
    it->count = count;
    fetch_add_relaxed(&mapped, count);           /* [R:hint] */
    store_relaxed(&it->base, (uintptr_t)base);   /* [R:before-edge] published with the word */
    /* [E:range] The first range is the caller's; the others are free. */
    fetch_or_release(&it->free, bits_below(count) & ~UINT64_C(1));
    *handle = (uint32_t)(it - reservations) << 6;
    return base;
}

void *corral_range_take_alone(uint64_t id, bool huge, uint32_t *handle) {
    void *range = huge ? corral_backend_reserve_huge(ARENA_BYTES, ARENA_BYTES) : NULL;
    *handle = range != NULL ? HUGE : ALONE;
    return range != NULL ? range : corral_backend_reserve(ARENA_BYTES, ARENA_BYTES, id);
}

bool corral_range_is_huge(uint32_t handle) {
    return handle == HUGE;
}

void *corral_range_take(uint64_t id, uint32_t *handle) {
    if (!corral_backend_shares()) {
        return corral_range_take_alone(id, false, handle);
    }
    uint32_t count = load_relaxed(&used); /* [R:hint] */
    for (uint32_t index = 0; index < count; index++) {
        void *range = take_from(index, handle);
        if (range != NULL) {
            return range;
        }
    }
    return grow(id, handle);
}

void *corral_range_take_new(uint64_t id, uint32_t *handle) {
    *handle = ALONE;
    return corral_served_reserve_new(ARENA_BYTES, ARENA_BYTES, id);
}

/* Unmaps a reservation whose ranges are all free. If the entry serves another by now, with more
 * ranges, of which the free ones look like all of the former, they are put back. */
static void release_if_empty(struct reservation *it, uint32_t count) {
    uint64_t all = bits_below(count);
    /* [E:range] Sees the last use of every range. */
    if (!cas_acquire(&it->free, &all, 0)) {
        return;
    }
    if (it->count != count) {
        uint32_t now = it->count;
        uint64_t before = fetch_or_release(&it->free, bits_below(count)); /* [E:range] */
        if ((before | bits_below(count)) == bits_below(now)) {
            release_if_empty(it, now);
        }
        return;
    }
    void *base = range_start(it, 0);
    if (corral_backend_release(base, count * ARENA_BYTES)) {
        fetch_sub_relaxed(&mapped, count); /* [R:hint] */
        store_release(&it->base, 0);       /* [E:range-entry] */
    } else {
        fetch_or_release(&it->free, bits_below(count)); /* [E:range] */
    }
}

/* As large does with a block of its own. */
static void give_alone(void *range) {
    if (!corral_backend_release(range, ARENA_BYTES)) {
        corral_backend_purge(range, ARENA_BYTES);
    }
}

void corral_range_give(void *range, uint32_t handle) {
    unpoison(range, ARENA_BYTES);
    if (handle == ALONE || handle == HUGE) {
        give_alone(range);
        return;
    }
    struct reservation *it = &reservations[handle >> 6];
    uint64_t bit = UINT64_C(1) << (handle & 63);
    uint32_t count = it->count;
    if (!corral_backend_purge(range, ARENA_BYTES)) {
        memset(range, 0, ARENA_BYTES);
    }
    uint64_t before = fetch_or_release(&it->free, bit); /* [E:range] */
    check_debug((before & bit) == 0);
    if ((before | bit) == bits_below(count)) {
        release_if_empty(it, count);
    }
}
