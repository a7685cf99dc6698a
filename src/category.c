/* SPDX-License-Identifier: MIT
 *
 * category: see category.h.
 *
 * Owns:     the list of ids (append-only) and a hash index over it (insert-only).
 * Callers:  through category.h.
 * Promises: an entry of the list is the truth; the index only finds it sooner.
 * Does not: allocate.
 *
 *   ids    | dense: unused | overflow | id | id | id | 0 | 0 ...      index = category
 *   index  hash(id) → category, linear probing; at most half full
 */
#include "category.h"

#include <corral/corral.h>

/* An entry of the list that is one. */
#define ID_VALID (UINT64_C(1) << 32)
#define FIRST    (CATEGORY_OVERFLOW + 1)

/* Slots of the index: a power of two, at least twice the categories. */
#define INDEX_LOG2  (CATEGORY_LIMIT <= 64 ? 7u : CATEGORY_LIMIT <= 512 ? 10u : CATEGORY_LIMIT <= 4096 ? 13u : 17u)
#define INDEX_SLOTS (1u << INDEX_LOG2)
static_assert(INDEX_SLOTS >= 2 * CATEGORY_LIMIT, "the index stays half empty");

struct category corral_categories[CATEGORY_LIMIT];
_Atomic uint32_t corral_category_end;

static _Atomic uint64_t ids[CATEGORY_LIMIT];
static _Atomic uint32_t slots[INDEX_SLOTS];
/* Entries that the index knows. When it knows all and the list is full, a miss is final. */
static _Atomic uint32_t indexed;
static _Atomic uint64_t overflow_ids;
/* The first id that shares the overflow category, or an entry that is none. */
static _Atomic uint64_t overflow_first;

static uint32_t hash(uint32_t id) {
    return (id * UINT32_C(0x9E3779B1)) >> (32 - INDEX_LOG2);
}

/* The index slot of `id`: of its category, or the empty one where the probing ends. */
static uint32_t probe(uint32_t id, uint32_t *category) {
    uint32_t slot = hash(id);
    for (;; slot = (slot + 1) & (INDEX_SLOTS - 1)) {
        *category = load_acquire(&slots[slot]); /* [E:category] */
        /* [R:after-edge] The list's entry was set before the index named it. */
        if (*category == 0 || load_relaxed(&ids[*category]) == (ID_VALID | id)) {
            return slot;
        }
    }
}

static void enter_index(uint32_t id, uint32_t category) {
    for (;;) {
        uint32_t there;
        uint32_t slot = probe(id, &there);
        if (there != 0) {
            return;
        }
        /* [E:category] Publishes the entry of the list. */
        if (cas_release(&slots[slot], &there, category)) {
            fetch_add_release(&indexed, 1); /* [E:indexed] */
            return;
        }
    }
}

/* Finds `id` in the list, or enters it at the end when `enter` is set. 0 when the list is full of
 * others, CATEGORY_LIMIT when there is room for it. */
static uint32_t walk(uint32_t id, bool enter) {
    for (uint32_t category = FIRST; category < CATEGORY_LIMIT; category++) {
        uint64_t there = load_relaxed(&ids[category]); /* [R:value-is-all] */
        if (there == 0 && enter &&
            cas_relaxed(&ids[category], &there, ID_VALID | id)) { /* [R:value-is-all] */
            there = ID_VALID | id;
        }
        if (there == (ID_VALID | id)) {
            return category;
        }
        if (there == 0) {
            return CATEGORY_LIMIT;
        }
    }
    return 0;
}

/* True when a miss in the index, looked up after this, is final. */
static bool index_is_complete(void) {
    return load_acquire(&indexed) == CATEGORY_LIMIT - FIRST; /* [E:indexed] */
}

CORRAL_SLOW uint32_t corral_category_of_id(uint32_t id) {
    if (id < DENSE_IDS) {
        return id;
    }
    uint32_t category;
    bool complete = index_is_complete();
    probe(id, &category);
    if (category == 0 && !complete) {
        category = walk(id, true);
        if (category != 0) {
            enter_index(id, category);
        }
    }
    if (category == 0) {
        uint64_t none = 0;
        cas_relaxed(&overflow_first, &none, ID_VALID | id); /* [R:value-is-all] */
        fetch_add_relaxed(&overflow_ids, 1); /* [R:figure] */
        return CATEGORY_OVERFLOW;
    }
    return category;
}

uint32_t corral_category_find(uint32_t id, bool *known) {
    uint32_t category = id;
    *known = true;
    if (id < DENSE_IDS) {
        return category;
    }
    bool complete = index_is_complete();
    probe(id, &category);
    if (category == 0 && !complete) {
        category = walk(id, false);
    }
    /* Where there was room at the end of the walk, the id may get a category from then on. */
    *known = category != CATEGORY_LIMIT;
    return category == 0 || !*known ? CATEGORY_OVERFLOW : category;
}

uint64_t corral_category_id(uint32_t category) {
    if (category < DENSE_IDS) {
        return category;
    }
    if (category == CATEGORY_OVERFLOW) {
        return CORRAL_MEMORY_TYPE_OVERFLOW;
    }
    return load_relaxed(&ids[category]) & ~ID_VALID; /* [R:value-is-all] */
}

uint32_t corral_category_any_id(uint32_t category) {
    uint64_t id = category == CATEGORY_OVERFLOW ? load_relaxed(&overflow_first) /* [R:value-is-all] */
                                                : corral_category_id(category);
    return (uint32_t)id;
}

CORRAL_SLOW void corral_category_begin(uint32_t category) {
    uint32_t end = load_relaxed(&corral_category_end);                                         /* [R:figure] */
    while (end <= category && !cas_relaxed(&corral_category_end, &end, category + 1)) {        /* [R:figure] */
    }
    store_relaxed(&corral_categories[category].used, true); /* [R:figure] */
}

uint64_t corral_category_overflow_ids(void) {
    return load_relaxed(&overflow_ids); /* [R:figure] */
}
