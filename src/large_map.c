/* SPDX-License-Identifier: MIT
 *
 * large_map: see large_map.h.
 *
 * Owns:     the map's roots.
 * Callers:  through large_map.h.
 * Promises: as large_map.h.
 * Does not: take a leaf back. One that lost the race to be published is lost; there is one race a leaf
 *           at most per thread.
 */
#include "large_map.h"

#include "meta.h"

_Atomic(struct large_leaf *) corral_large_roots[LARGE_ROOTS];

/* Which roots have a leaf. */
static _Atomic uint64_t roots_made[LARGE_ROOTS / 64];

/* Sets a bit that is seldom new. */
static void mark(_Atomic uint64_t *words, size_t at) {
    uint64_t bit = UINT64_C(1) << at % 64;
    if ((load_relaxed(&words[at / 64]) & bit) == 0) { /* [R:hint] */
        fetch_or_relaxed(&words[at / 64], bit);       /* [R:hint] */
    }
}

struct large_entry *corral_large_map_make(const void *block) {
    uintptr_t slot = (uintptr_t)block >> ARENA_SHIFT;
    uintptr_t root = slot >> LARGE_LEAF_LOG2;
    if (large_leaf_of(slot) == NULL) {
        struct large_leaf *none = NULL;
        struct large_leaf *leaf = corral_meta_take(sizeof *leaf);
        if (leaf == NULL) {
            return NULL;
        }
        cas_release(&corral_large_roots[root], &none, leaf); /* [E:leaf] */
    }
    mark(roots_made, root);
    mark(large_leaf_of(slot)->made, slot & (LARGE_LEAF_ENTRIES - 1));
    return large_map_find(block);
}

/* slot: of the leaf's first entry. */
static void visit_leaf(struct large_leaf *leaf, uintptr_t slot, large_visitor *visit, void *argument) {
    for (size_t word = 0; word < LARGE_LEAF_ENTRIES / 64; word++) {
        uint64_t made = load_relaxed(&leaf->made[word]); /* [R:hint] */
        for (; made != 0; made &= made - 1) {
            size_t at = word * 64 + bits_lowest(made);
            visit((void *)((slot + at) << ARENA_SHIFT), &leaf->entries[at], argument);
        }
    }
}

void corral_large_map_visit(large_visitor *visit, void *argument) {
    for (size_t word = 0; word < LARGE_ROOTS / 64; word++) {
        uint64_t made = load_relaxed(&roots_made[word]); /* [R:hint] */
        for (; made != 0; made &= made - 1) {
            uintptr_t slot = (uintptr_t)(word * 64 + bits_lowest(made)) << LARGE_LEAF_LOG2;
            struct large_leaf *leaf = large_leaf_of(slot);
            if (leaf != NULL) { /* the bit may be seen before the leaf */
                visit_leaf(leaf, slot, visit, argument);
            }
        }
    }
}
