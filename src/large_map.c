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

struct large_entry *corral_large_map_make(const void *block) {
    uintptr_t slot = (uintptr_t)block >> ARENA_SHIFT;
    if (large_leaf_of(slot) == NULL) {
        struct large_leaf *none = NULL;
        struct large_leaf *leaf = corral_meta_take(sizeof *leaf);
        if (leaf == NULL) {
            return NULL;
        }
        cas_release(&corral_large_roots[slot >> LARGE_LEAF_LOG2], &none, leaf); /* [E:leaf] */
    }
    return large_map_find(block);
}
