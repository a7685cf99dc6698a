/* SPDX-License-Identifier: MIT
 *
 * category: memory type ids to categories, and what a category counts outside of the caches.
 *
 * Owns:     the insert-only table of ids, and each category's shared counters.
 * Callers:  any thread. A cache keeps what it looked up (cache.h), so this is a slow path.
 * Promises: an id's category never changes. No id is refused: when the categories are used up,
 *           further ids share CATEGORY_OVERFLOW.
 * Does not: know of arenas or pools.
 *
 * Synchronization (row beside column):
 *                 of_id     find
 *     of_id       CAS       any        both walk the same list of ids in the same order, so an id
 *     find        any       any        is never entered twice; entries are never removed
 *
 * of_id is wait-free: at most CATEGORY_LIMIT steps, each failed CAS passing one entry.
 */
#ifndef CORRAL_CATEGORY_H
#define CORRAL_CATEGORY_H

#include "atomic.h"
#include "base.h"
#include "options.h"

struct registry_entry;

/* What all threads share of a category: on one page for many, and in one place. The last three are
 * registry's and arena's. The others are counters, atomic and relaxed: figures that order nothing.
 * Law: blocks that callers hold = what the caches' pools count + strays (slab.h) + large − threads' own. */
struct category {
    _Atomic int64_t stray_bytes;   /* atomic: of blocks that left or came home without a thread's pool; the
                                      blocks are counted by pool (slab.h) */
    _Atomic uint64_t large_blocks; /* atomic: live ones and threads' own (large_own.h) */
    _Atomic uint64_t large_bytes;  /* atomic: theirs */
    _Atomic uint64_t peak_bytes;   /* atomic: highest sum seen */
    _Atomic uint64_t slabs;        /* atomic: slabs that hold blocks */
    _Atomic uint64_t slabs_most;   /* atomic: the most there were when the peak was looked at */
    _Atomic uint64_t large_most;   /* atomic: the same of large_bytes */
    _Atomic uint64_t looks;        /* atomic: times that something had grown when the peak was looked at */
    _Atomic uint64_t arenas;       /* atomic */
    _Atomic int64_t kept;          /* atomic: bytes of free slabs whose memory is kept; it steers only */
    _Atomic uint64_t allocations;  /* atomic: at figures level 2, those that no front list counts */
    _Atomic uint64_t frees;        /* atomic: likewise */
    _Atomic uint64_t requested;    /* atomic: likewise, bytes */
    _Atomic(struct registry_entry *) chain; /* atomic [E:chain]: registry's entries, the last first */
    _Atomic(struct registry_entry *) hint;  /* atomic, relaxed: where arena's last claim succeeded */
    _Atomic int32_t free_slabs;    /* atomic, relaxed: arena's, to be claimed; it steers only */
    _Atomic bool used;             /* atomic: something was allocated with its id */
    _Atomic bool strayed;          /* atomic: some block ever did, so that the pools are worth a look */
};

extern CORRAL_HIDDEN struct category corral_categories[CATEGORY_LIMIT];

/* One more than the highest category that was used. */
extern CORRAL_HIDDEN _Atomic uint32_t corral_category_end;

/* The category of `id`, entered if it is new. */
uint32_t corral_category_of_id(uint32_t id);
/* The category of `id` if it has one, or CATEGORY_OVERFLOW if all are used up; *known tells whether
 * the id is one that of_id would not enter. */
uint32_t corral_category_find(uint32_t id, bool *known);
/* The id of a category, or CORRAL_MEMORY_TYPE_OVERFLOW. category: in use. */
uint64_t corral_category_id(uint32_t category);
/* The id of a category; one of those of the overflow category. category: of_id has returned it. */
uint32_t corral_category_any_id(uint32_t category);
/* How often a thread met an id that shares the overflow category. */
uint64_t corral_category_overflow_ids(void);

/* The first use of a category, or one of the first. */
void corral_category_begin(uint32_t category);

/* How often the category had grown when it was looked at for its peak. */
CORRAL_FAST uint64_t category_looks(uint32_t category) {
    return load_relaxed(&corral_categories[category].looks); /* [R:figure] */
}

/* Notes that something is allocated in a category. */
CORRAL_FAST void category_use(uint32_t category) {
    struct category *it = &corral_categories[category];
    /* [R:figure] [R:coherent] Who sees that the end is behind the category passes that on. */
    if (unlikely(!load_relaxed(&it->used) || load_relaxed(&corral_category_end) <= category)) {
        corral_category_begin(category);
    }
}

/* Was something allocated with its id? */
CORRAL_FAST bool category_is_used(uint32_t category) {
    return load_relaxed(&corral_categories[category].used); /* [R:figure] */
}

/* Counts the bytes of blocks that slab.h counts as strays. */
CORRAL_FAST void category_count_stray(uint32_t category, int64_t bytes) {
    struct category *it = &corral_categories[category];
    fetch_add_relaxed(&it->stray_bytes, bytes); /* [R:figure] */
    store_relaxed(&it->strayed, true);          /* [R:figure] */
}

/* Counts, at figures level 2, what no front list counts. */
CORRAL_FAST void category_count_allocation(uint32_t category) {
    if (CORRAL_FIGURES_LEVEL >= 2) {
        fetch_add_relaxed(&corral_categories[category].allocations, 1); /* [R:figure] */
    }
}

CORRAL_FAST void category_count_requested(uint32_t category, size_t size) {
    if (CORRAL_FIGURES_LEVEL >= 2) {
        fetch_add_relaxed(&corral_categories[category].requested, size); /* [R:figure] */
    }
}

CORRAL_FAST void category_count_free(uint32_t category) {
    if (CORRAL_FIGURES_LEVEL >= 2) {
        fetch_add_relaxed(&corral_categories[category].frees, 1); /* [R:figure] */
    }
}

/* Raises a figure that only grows. Lock-free: another's CAS fails this one only by raising it. */
CORRAL_FAST void figure_raise(_Atomic uint64_t *figure, uint64_t value) {
    uint64_t seen = load_relaxed(figure);                           /* [R:figure] */
    while (seen < value && !cas_relaxed(figure, &seen, value)) {    /* [R:figure] */
    }
}

#endif
