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

#include <corral/corral.h>

#include "backend.h"
#include "guard_map.h"
#include "os.h"
#include "registry.h"

#include <assert.h>

/* By an arena's number, and by a root of the map of large blocks; and a bit for each root that may have some. */
static _Atomic(void *) of_arenas[REGISTRY_LIMIT];
static _Atomic(void *) of_roots[LARGE_ROOTS];
static _Atomic uint64_t roots[MARK_ROOT_WORDS];

static_assert(LARGE_ROOTS % 64 == 0 && LARGE_LEAF_ENTRIES % 64 == 0, "bits fill words");
static_assert(sizeof(struct mark) == 1, "a mark is a byte");

struct mark *corral_mark_of_arena(uint32_t number) {
    return load_acquire(&of_arenas[number]); /* [E:marks] */
}

struct mark_leaf *corral_mark_of_root(size_t root) {
    return load_acquire(&of_roots[root]); /* [E:marks] */
}

uint64_t corral_mark_roots(size_t word) {
    return load_relaxed(&roots[word]); /* [R:poll] */
}

/* Maps marks, all zero. Of two who do so for one place, one gives its own back. */
CORRAL_SLOW static void *map_marks(_Atomic(void *) *place, size_t bytes) {
    bytes = round_up(bytes, corral_os_page_size());
    void *marks = corral_backend_reserve(bytes, corral_os_page_size(), CORRAL_MEMORY_TYPE_NONE);
    void *none = NULL;
    if (marks == NULL) {
        return NULL;
    }
    if (cas_release(place, &none, marks)) { /* [E:marks] */
        return marks;
    }
    corral_backend_release(marks, bytes);
    return load_acquire(place); /* [E:marks] */
}

/* Sets a bit where it is not set. */
static void use(_Atomic uint64_t *words, size_t bit) {
    if ((load_relaxed(&words[bit / 64]) >> bit % 64 & 1) == 0) {       /* [R:poll] */
        fetch_or_relaxed(&words[bit / 64], UINT64_C(1) << bit % 64); /* [R:before-edge] */
    }
}

/* The mark of an address in the arena of a number, whose marks are made if need be and wanted. */
static struct mark *mark_in_arena(const void *block, size_t number, bool make) {
    uint32_t at;
    if (!size_class_has_blocks(registry_pool((uintptr_t)block))) {
        return NULL;
    }
    const struct slab *slab = slab_of(block);
    if (!slab_find_block(slab, block, &at) || at >= SLAB_MARKS) {
        return NULL;
    }
    struct mark *marks = load_acquire(&of_arenas[number]); /* [E:marks] */
    if (marks == NULL && make) {
        marks = map_marks(&of_arenas[number], ARENA_MARKS);
    }
    return marks == NULL ? NULL : &marks[slab_number(slab) * SLAB_MARKS + at];
}

/* The same of an address where a large block may begin. */
static struct mark *mark_of_large(const void *block, bool make) {
    size_t slot = (uintptr_t)block >> ARENA_SHIFT;
    size_t root = slot >> LARGE_LEAF_LOG2, at = slot & (LARGE_LEAF_ENTRIES - 1);
    if (large_map_find(block) == NULL) {
        return NULL;
    }
    struct mark_leaf *leaf = load_acquire(&of_roots[root]); /* [E:marks] */
    if (leaf == NULL && make) {
        use(roots, root);
        leaf = map_marks(&of_roots[root], sizeof *leaf);
    }
    if (leaf != NULL && make) {
        use(leaf->used, at);
    }
    return leaf == NULL ? NULL : &leaf->marks[at];
}

/* The mark of an address in a range of blocks between guard pages. */
static struct mark *mark_between_guards(const void *block) {
    struct guard_block *it = guard_around(block);
    return it == NULL ? NULL : (struct mark *)&it->mark;
}

struct mark *corral_mark_find(const void *block) {
    size_t number = registry_number((uintptr_t)block);
    if (GUARDS && number == 0 && guard_covers(block)) {
        return mark_between_guards(block);
    }
    return number == 0 ? mark_of_large(block, false) : mark_in_arena(block, number, false);
}

struct mark *corral_mark_make(const void *block) {
    size_t number = registry_number((uintptr_t)block);
    if (GUARDS && number == 0 && guard_covers(block)) {
        return mark_between_guards(block);
    }
    return number == 0 ? mark_of_large(block, true) : mark_in_arena(block, number, true);
}

enum mark_ended corral_mark_end(struct mark *mark) {
    uint8_t seen = load_relaxed(&mark->word); /* [R:cas-reload] */
    while ((seen & MARK_LIVE) != 0) {
        /* [E:mark] Sees the readers' last use, and publishes the freer's to the one that brings it home. */
        if (cas_acq_rel(&mark->word, &seen, (uint8_t)(seen & ~MARK_LIVE))) {
            return seen == MARK_LIVE ? MARK_ENDED : MARK_LEFT;
        }
    }
    while (seen != 0 && seen / MARK_READER < READERS_MOST) {
        /* [R:holder] Who frees it a second time had it too. */
        if (cas_relaxed(&mark->word, &seen, (uint8_t)(seen + MARK_READER))) {
            return MARK_TWICE;
        }
    }
    return seen == 0 ? MARK_NONE : MARK_LEFT;
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

void corral_mark_clear_slabs(uint32_t number, uint64_t slabs) {
    struct mark *marks = corral_mark_of_arena(number);
    for (; marks != NULL && slabs != 0; slabs &= slabs - 1) {
        struct mark *first = &marks[bits_lowest(slabs) * SLAB_MARKS];
        for (size_t i = 0; i < SLAB_MARKS; i++) {
            store_relaxed(&first[i].word, 0); /* [R:holder] */
        }
    }
}

void corral_mark_clear(const void *block) {
    struct mark *mark = corral_mark_find(block);
    if (mark != NULL) {
        store_relaxed(&mark->word, 0); /* [R:holder] */
    }
}
