/* SPDX-License-Identifier: MIT
 *
 * guard_range: see guard_range.h.
 *
 * Owns:     the number of ranges.
 * Callers:  through guard_range.h.
 * Promises: as guard_range.h.
 * Does not: lose addresses where the OS or memory fails: they are given back.
 */
#include "guard_range.h"

#include "backend.h"
#include "category.h"
#include "control.h"
#include "meta.h"
#include "served.h"

static _Atomic uint32_t ranges; /* that have addresses, or are to have some */

/* What begins a new life has no block yet. The other units of the run are the first ones of none. */
static struct guard_block *begin(struct guard_range *range, unsigned first, unsigned units) {
    struct guard_block *it = &range->blocks[first];
    for (unsigned i = 0; i < units; i++) {
        uint64_t life = guard_word_life(load_relaxed(&it[i].word)) + 1; /* [R:holder] */
        /* [R:before-edge] Who sees what is known of the new block sees its life. */
        store_relaxed(&it[i].word, guard_word(life, i == 0 ? units : 0, CLASS_NONE, GUARD_IS_NONE));
    }
    return it;
}

/* Where that many free units lie: behind those that were taken last, if there are, else anywhere. 64: nowhere. */
static unsigned find_run(struct guard_range *range, uint64_t taken, unsigned units) {
    unsigned from = load_relaxed(&range->next_at); /* [R:hint] */
    unsigned first = bits_find_run(~taken & ~bits_below(from), units);
    return first < GUARD_UNITS ? first : bits_find_run(~taken, units);
}

static struct guard_block *claim_from(struct guard_range *range, unsigned units) {
    uint64_t taken = load_relaxed(&range->taken); /* [R:cas-reload] */
    for (;;) {
        unsigned first = find_run(range, taken, units);
        if (first >= GUARD_UNITS) {
            return NULL;
        }
        /* [E:guards] Sees the last use of the units. */
        if (cas_acquire(&range->taken, &taken, taken | bits_below(units) << first)) {
            store_relaxed(&range->next_at, (first + units) % GUARD_UNITS); /* [R:hint] */
            return begin(range, first, units);
        }
    }
}

static bool count_one_more(void) {
    uint32_t have = load_relaxed(&ranges); /* [R:cas-reload] */
    while (have < RANGES_MOST) {
        if (cas_relaxed(&ranges, &have, have + 1)) { /* [R:hint] */
            return true;
        }
    }
    return false;
}

/* Addresses that trap. */
static char *map(uint32_t category) {
    uint64_t id = corral_category_id(category);
    char *start = control_is_isolated(category) ? corral_served_reserve_new(ARENA_BYTES, ARENA_BYTES, id)
                                                : corral_backend_reserve(ARENA_BYTES, ARENA_BYTES, id);
    if (start != NULL && !corral_backend_protect(start, ARENA_BYTES, false)) {
        corral_backend_release(start, ARENA_BYTES);
        return NULL;
    }
    return start;
}

/* What was known of blocks at other addresses is not known any more. */
static void clear(struct guard_range *range) {
    for (unsigned i = 0; i < GUARD_UNITS; i++) {
        begin(range, i, 1);
    }
    store_relaxed(&range->next_at, 0); /* [R:hint] */
}

/* Gives a range, which is GUARD_BUSY, addresses. False when there are none to be had. */
static bool begin_range(struct guard_range *range) {
    char *start = map(range->category);
    if (start != NULL) {
        corral_served_note(start, ARENA_BYTES);
        clear(range);
        if (corral_guard_enter(range, start)) {
            store_release(&range->taken, 0); /* [E:guards] Publishes the addresses to those who claim from them. */
            return true;
        }
        corral_backend_release(start, ARENA_BYTES);
    }
    store_release(&range->start, 0); /* [E:guard-start] */
    return false;
}

/* A range of a category that has no addresses, and is GUARD_BUSY now; a new one if need be. NULL when memory is exhausted. */
static struct guard_range *reserve_range(uint32_t category) {
    struct guard_range *range = corral_guard_ranges(category);
    for (; range != NULL; range = range->next) {
        uintptr_t none = 0;
        if (load_relaxed(&range->start) == 0 &&               /* [R:cas-reload] */
            cas_acquire(&range->start, &none, GUARD_BUSY)) { /* [E:guard-start] Sees the last use of the range. */
            return range;
        }
    }
    range = corral_meta_take(sizeof *range);
    if (range != NULL) {
        range->category = category;
        for (unsigned i = 0; i < GUARD_UNITS; i++) {
            range->blocks[i].range = range;
        }
        store_relaxed(&range->start, GUARD_BUSY);    /* [R:before-edge] */
        store_relaxed(&range->taken, ~UINT64_C(0)); /* [R:before-edge] */
        corral_guard_add(range);
    }
    return range;
}

static bool make_range(uint32_t category) {
    struct guard_range *range = reserve_range(category);
    return range != NULL && begin_range(range);
}

/* For a category of whose ranges none has a run. */
CORRAL_SLOW static bool add_range(uint32_t category) {
    if (!count_one_more()) {
        return false;
    }
    if (make_range(category)) {
        return true;
    }
    fetch_sub_relaxed(&ranges, 1); /* [R:hint] */
    return false;
}

struct guard_block *corral_guard_claim(uint32_t category, unsigned units) {
    if (units > GUARD_UNITS) {
        return NULL;
    }
    do {
        struct guard_range *range = corral_guard_ranges(category);
        for (; range != NULL; range = range->next) {
            struct guard_block *it = claim_from(range, units);
            if (it != NULL) {
                return it;
            }
        }
    } while (add_range(category));
    return NULL;
}

static bool end_range(struct guard_range *range) {
    uint64_t none = 0;
    /* [E:guards] Sees the last use of every unit. */
    if (control_is_isolated(range->category) || !cas_acquire(&range->taken, &none, ~UINT64_C(0))) {
        return false;
    }
    void *start = (void *)load_relaxed(&range->start); /* [R:holder] */
    corral_guard_leave(range);
    if (!corral_backend_release(start, ARENA_BYTES)) {
        corral_guard_enter(range, start); /* which has its entry */
        store_release(&range->taken, 0);  /* [E:guards] as it was */
        return false;
    }
    store_release(&range->start, 0); /* [E:guard-start] */
    fetch_sub_relaxed(&ranges, 1);   /* [R:hint] */
    return true;
}

bool corral_guard_end_empty(void) {
    bool any = false;
    uint32_t end = load_relaxed(&corral_category_end); /* [R:hint] */
    for (uint32_t category = 0; category < end; category++) {
        for (struct guard_range *range = corral_guard_ranges(category); range != NULL; range = range->next) {
            any |= end_range(range);
        }
    }
    return any;
}

void corral_guard_give(struct guard_block *it) {
    unsigned first = (unsigned)(it - it->range->blocks);
    uint64_t run = bits_below(guard_units(it)) << first;
    fetch_and_release(&it->range->taken, ~run); /* [E:guards] Publishes the last use of the units. */
}
