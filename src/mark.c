/* SPDX-License-Identifier: MIT
 *
 * mark: see mark.h.
 *
 * Owns:     where the marks lie.
 * Callers:  through mark.h.
 * Promises: marks that are not there are none: a look-up is wait-free.
 * Does not: clear a mark: whoever brings a block home has.
 */
#include "mark.h"

#include "os.h"
#include "registry.h"

/* By an arena's number, and by a root of the map of large blocks. */
static _Atomic(struct mark *) of_arenas[REGISTRY_LIMIT];
static _Atomic(struct mark *) of_large[LARGE_ROOTS];

struct mark *corral_mark_of_arena(uint32_t number) {
    return load_acquire(&of_arenas[number]); /* [E:marks] */
}

struct mark *corral_mark_of_large(size_t root) {
    return load_acquire(&of_large[root]); /* [E:marks] */
}

/* Maps marks, all zero. Of two who do so for one place, one gives its own back. */
CORRAL_SLOW static struct mark *map_marks(_Atomic(struct mark *) *place, size_t bytes) {
    bytes = round_up(bytes, corral_os_page_size());
    struct mark *marks = corral_os->reserve(bytes, corral_os_page_size());
    struct mark *none = NULL;
    if (marks == NULL) {
        return NULL;
    }
    if (cas_release(place, &none, marks)) { /* [E:marks] */
        return marks;
    }
    corral_os->release(marks, bytes);
    return load_acquire(place); /* [E:marks] */
}

/* Which marks an address's is among, and its number there. */
struct place {
    _Atomic(struct mark *) *marks; /* NULL: no block begins at the address */
    size_t at, count;
};

static struct place place_of(const void *block) {
    struct place place = {.marks = NULL};
    size_t number = registry_number((uintptr_t)block);
    uint32_t at;
    if (number == 0) {
        uintptr_t slot = (uintptr_t)block >> ARENA_SHIFT;
        place.at = slot & (LARGE_LEAF_ENTRIES - 1);
        place.count = LARGE_LEAF_ENTRIES;
        place.marks = large_map_find(block) == NULL ? NULL : &of_large[slot >> LARGE_LEAF_LOG2];
    } else if (size_class_has_blocks(registry_pool((uintptr_t)block))) {
        const struct slab *slab = slab_of(block);
        bool begins = slab_find_block(slab, block, &at) && at < SLAB_MARKS;
        place.at = begins ? slab_number(slab) * SLAB_MARKS + at : 0;
        place.count = ARENA_MARKS;
        place.marks = begins ? &of_arenas[number] : NULL;
    }
    return place;
}

struct mark *corral_mark_find(const void *block) {
    struct place place = place_of(block);
    struct mark *marks = place.marks == NULL ? NULL : load_acquire(place.marks); /* [E:marks] */
    return marks == NULL ? NULL : &marks[place.at];
}

struct mark *corral_mark_make(const void *block) {
    struct place place = place_of(block);
    struct mark *marks = place.marks == NULL ? NULL : load_acquire(place.marks); /* [E:marks] */
    if (marks == NULL && place.marks != NULL) {
        marks = map_marks(place.marks, place.count * sizeof *marks);
    }
    return marks == NULL ? NULL : &marks[place.at];
}

enum mark_ended corral_mark_end(struct mark *mark) {
    if (load_relaxed(&mark->word) == 0) { /* [R:holder] of a block of the plain forms */
        return MARK_NONE;
    }
    /* [E:mark] Sees the readers' last use, and publishes the freer's to the one that brings it home. */
    uint8_t before = fetch_and_acq_rel(&mark->word, (uint8_t)~MARK_LIVE);
    if ((before & MARK_LIVE) == 0) {
        return before == 0 ? MARK_NONE : MARK_TWICE;
    }
    return before == MARK_LIVE ? MARK_ENDED : MARK_LEFT;
}

bool corral_mark_hold(struct mark *mark) {
    uint8_t seen = load_relaxed(&mark->word); /* [R:cas-reload] */
    while ((seen & MARK_LIVE) != 0 && seen / MARK_READER < READERS_MOST) {
        if (cas_acquire(&mark->word, &seen, (uint8_t)(seen + MARK_READER))) { /* [E:mark] Sees the record. */
            return true;
        }
    }
    return false;
}

bool corral_mark_let_go(struct mark *mark) {
    uint8_t seen = load_relaxed(&mark->word); /* [R:cas-reload] */
    /* [E:mark] Publishes the reader's last use; the last one sees the freer's. */
    while (!cas_acq_rel(&mark->word, &seen, (uint8_t)(seen - MARK_READER))) {
    }
    return seen == MARK_READER;
}
