/* SPDX-License-Identifier: MIT
 *
 * arena: see arena.h.
 *
 * Owns:     the claims on slabs, arenas' birth and end.
 * Callers:  through arena.h.
 * Promises: an arena begins with a header of zeros but for what begin() sets, so no bitmap is
 *           cleared ahead of its use.
 * Does not: walk headers; it walks the registry.
 */
#include "arena.h"

#include "backend.h"
#include "category.h"
#include "check.h"
#include "control.h"
#include "range.h"
#include "poison.h"
#include "retire.h"
#include "served.h"

#include <limits.h>
#include <string.h>

/* An empty arena goes when its category has this many free slabs besides, so that a load that
 * swings by less keeps its arenas. */
#define KEEP_FREE ((int32_t)ARENA_USABLE / 2)
/* Arenas that are looked at for slabs whose memory is kept, before others are claimed. */
#define KEPT_LOOKS 16u

static struct category *category_of(const struct registry_entry *entry) {
    return &corral_categories[entry->category];
}

static uint64_t mask_of(unsigned first, unsigned count) {
    return bits_below(count) << first;
}

static struct slab *unit_begin(struct arena *arena, unsigned first, unsigned count) {
    memset(&arena->unit[first], (int)first, count);
    return &arena->slabs[first];
}

/* Claims `count` neighbours in one arena: such whose memory is kept if there are any, else, unless `kept` is set, any. */
static struct slab *claim_from(struct registry_entry *entry, unsigned count, bool kept) {
    uint64_t taken = load_relaxed(&entry->taken); /* [R:cas-reload] */
    while (taken != ~UINT64_C(0)) {
        uint64_t dirty = load_relaxed(&entry->dirty) & ~taken; /* [R:hint] */
        unsigned first = bits_find_run(dirty, count);
        if (first == 64 && !kept) {
            first = bits_find_run(~taken, count);
        }
        if (first == 64) {
            return NULL;
        }
        uint64_t mask = mask_of(first, count);
        /* [E:slabs] Sees the arena's birth, and the last use of these slabs. */
        if (cas_acquire(&entry->taken, &taken, taken | mask)) {
            corral_unretire(entry, mask);
            fetch_sub_relaxed(&category_of(entry)->free_slabs, (int32_t)count); /* [R:hint] */
            store_relaxed(&category_of(entry)->hint, entry);                    /* [R:hint] */
            /* [R:after-edge] */
            return unit_begin((struct arena *)load_relaxed(&entry->arena), first, count);
        }
    }
    return NULL;
}

/* Makes the arena of an entry that the caller reserved, with `count` slabs for the caller. */
static struct slab *begin(struct registry_entry *entry, struct arena *arena, unsigned count) {
    uint32_t category = entry->category;
    corral_served_note(arena_slab_start(arena, 0), ARENA_BYTES);
    arena->entry = entry;
    corral_registry_cover(entry, arena);
    fetch_add_relaxed(&corral_categories[category].arenas, 1); /* [R:figure] */
    /* [R:hint] */
    fetch_add_relaxed(&corral_categories[category].free_slabs, (int32_t)(ARENA_USABLE - count));
    store_relaxed(&corral_categories[category].hint, entry); /* [R:hint] */
    store_relaxed(&entry->arena, (uintptr_t)arena);          /* [R:before-edge] */
    /* [E:slabs] Publishes the arena to those who claim from it. */
    store_release(&entry->taken, HEADER_BITS | mask_of(HEADER_SLABS, count));
    return unit_begin(arena, HEADER_SLABS, count);
}

/* Addresses for an arena, where huge pages are set for the category a reservation of its own, which is told of them. */
static void *take_range(uint32_t category, uint32_t *handle) {
    uint64_t id = corral_category_id(category);
    corral_huge_pages huge = control_huge_pages(category);
    if (control_is_isolated(category)) {
        return corral_range_take_new(id, handle);
    }
    if (likely(huge == CORRAL_HUGE_PAGES_DEFAULT)) {
        return corral_range_take(id, handle);
    }
    void *range = corral_range_take_alone(id, huge == CORRAL_HUGE_PAGES_EXPLICIT, handle);
    if (range != NULL) {
        corral_backend_advise_huge(range, ARENA_BYTES, huge != CORRAL_HUGE_PAGES_NEVER);
    }
    return range;
}

CORRAL_SLOW static struct slab *claim_new(uint32_t category, unsigned count) {
    struct registry_entry *entry = corral_registry_reserve_entry(category);
    if (entry == NULL) {
        return NULL;
    }
    void *range = take_range(category, &entry->range);
    if (range == NULL) {
        store_release(&entry->arena, 0); /* [E:entry] */
        return NULL;
    }
    return begin(entry, arena_of(range), count);
}

/* In one of the first `most` arenas of a category, or in all of them. */
static struct slab *claim_walk(uint32_t category, unsigned count, bool kept, unsigned most) {
    struct registry_entry *entry = corral_registry_first(category);
    struct slab *slab = NULL;
    for (; slab == NULL && entry != NULL && most > 0; entry = entry->next, most--) {
        slab = claim_from(entry, count, kept);
    }
    return slab;
}

/* Memory that is kept, where it was last had or near; then any. */
static struct slab *claim_any(uint32_t category, unsigned count) {
    struct registry_entry *hint = load_relaxed(&corral_categories[category].hint); /* [R:hint] */
    struct slab *slab = hint == NULL ? NULL : claim_from(hint, count, true);
    if (slab == NULL && corral_keep_bytes(category) >= (size_t)count << SLAB_SHIFT) {
        slab = claim_walk(category, count, true, KEPT_LOOKS);
    }
    if (slab == NULL && hint != NULL) {
        slab = claim_from(hint, count, false);
    }
    /* [R:hint] */
    if (slab != NULL || load_relaxed(&corral_categories[category].free_slabs) < (int32_t)count) {
        return slab;
    }
    return claim_walk(category, count, false, UINT_MAX);
}

struct slab *corral_arena_claim(uint32_t category, unsigned count) {
    struct slab *slab = claim_any(category, count);
    if (slab == NULL) {
        slab = claim_new(category, count);
    }
    if (slab == NULL && corral_arena_end_empty()) {
        slab = claim_new(category, count);
    }
    if (slab != NULL) {
        fetch_add_relaxed(&corral_categories[category].slabs, count); /* [R:figure] */
    }
    return slab;
}

/* Counts an arena off that is about to end, unless it is to stay: its addresses are its category's for good, or of its
 * reserve. Of two that end arenas, the later one sees the other's. */
static bool count_off(const struct registry_entry *entry) {
    struct category *category = category_of(entry);
    if (control_is_isolated(entry->category)) {
        return false;
    }
    /* [E:reserve] Sees a reserve for which this arena was counted. */
    uint64_t arenas = fetch_sub_acquire(&category->arenas, 1) - 1;
    if (arenas * ARENA_USABLE * SLAB_BYTES >= corral_keep_reserve(entry->category)) {
        return true;
    }
    fetch_add_relaxed(&category->arenas, 1); /* [R:figure] */
    return false;
}

/* Ends an arena that nobody holds a slab of, so that its addresses may serve any category. */
static bool end(struct registry_entry *entry) {
    uint64_t empty = HEADER_BITS;
    /* [E:slabs] Sees the last use of every slab. */
    if (!cas_acquire(&entry->taken, &empty, ~UINT64_C(0))) {
        return false;
    }
    if (!count_off(entry)) {
        store_release(&entry->taken, HEADER_BITS); /* [E:slabs] as it was */
        return false;
    }
    corral_unretire(entry, ~UINT64_C(0));
    struct arena *arena = (struct arena *)load_relaxed(&entry->arena); /* [R:after-edge] */
    corral_registry_uncover(arena);
    fetch_sub_relaxed(&category_of(entry)->free_slabs, (int32_t)ARENA_USABLE); /* [R:hint] */
    corral_range_give((void *)((uintptr_t)arena & ~ARENA_MASK), entry->range);
    store_release(&entry->arena, 0); /* [E:entry] */
    return true;
}

/* An empty arena goes when its category has free slabs enough and none of this one are kept: who
 * frees all of a level and loads the next one finds its memory still there. */
static bool is_spare(const struct registry_entry *entry) {
    int32_t spare =
        load_relaxed(&category_of(entry)->free_slabs) - (int32_t)ARENA_USABLE; /* [R:hint] */
    return spare >= KEEP_FREE && corral_retire_is_over(entry);
}

/* Does nobody hold a slab of the entry's arena? */
static bool is_empty(const struct registry_entry *entry) {
    /* [E:slabs] Sees the entry's category, which is asked for before the arena is taken. */
    return load_acquire(&entry->taken) == HEADER_BITS;
}

bool corral_arena_end_empty(void) {
    bool any = false;
    uint32_t count = corral_registry_count();
    for (uint32_t number = 1; number < count; number++) {
        struct registry_entry *entry = corral_registry_entry(number);
        any |= is_empty(entry) && end(entry);
    }
    return any;
}

bool corral_arena_end_empty_of(uint32_t category) {
    bool any = false;
    struct registry_entry *entry = corral_registry_first(category);
    for (; entry != NULL; entry = entry->next) {
        any |= is_empty(entry) && end(entry);
    }
    return any;
}

bool corral_arena_is_spare(uint32_t number) {
    const struct registry_entry *entry = corral_registry_entry(number);
    return is_empty(entry) && is_spare(entry);
}

bool corral_arena_end_spare(uint32_t number) {
    return corral_arena_is_spare(number) && end(corral_registry_entry(number));
}

bool corral_arena_may_reserve(uint32_t category, uint64_t bytes) {
    /* [R:figure] */
    uint64_t has = load_relaxed(&corral_categories[category].arenas);
    uint64_t needed = bytes / (ARENA_USABLE * SLAB_BYTES) + 1;
    return needed <= has || needed - has <= (REGISTRY_LIMIT - corral_registry_count()) / 2;
}

bool corral_arena_reserve(uint32_t category, uint64_t bytes) {
    struct category *it = &corral_categories[category];
    /* [E:reserve] Publishes what was set to who ends one of these arenas. */
    while (fetch_add_release(&it->arenas, 0) * ARENA_USABLE * SLAB_BYTES < bytes) {
        if (claim_new(category, 0) == NULL) {
            return false;
        }
        category_use(category);
    }
    return true;
}

void corral_arena_return(struct registry_entry *entry, uint64_t mask) {
    /* [E:slabs] Publishes the last use of the slabs; from here on the arena is not touched. */
    uint64_t before = fetch_and_release(&entry->taken, ~mask);
    check_debug((before & mask) == mask);
    if ((before & ~mask) == HEADER_BITS && !corral_keep_is_ticked() && is_spare(entry)) {
        end(entry);
    }
}

void corral_arena_set_pool(const struct slab *slab, unsigned count, uint32_t pool) {
    const struct arena *arena = arena_of(slab);
    unsigned first = (unsigned)(slab - arena->slabs);
    for (unsigned i = first; i < first + count; i++) {
        corral_registry_set_pool(arena->entry, i, pool);
    }
}

void corral_arena_give(struct slab *slab, unsigned count) {
    struct arena *arena = arena_of(slab);
    struct registry_entry *entry = arena->entry;
    unsigned first = (unsigned)(slab - arena->slabs);
    uint64_t mask = mask_of(first, count);
    corral_arena_set_pool(slab, count, entry->category << CLASS_STRIDE_LOG | CLASS_NONE);
    /* [R:figure] */
    fetch_sub_relaxed(&category_of(entry)->slabs, count);
    corral_retire(entry, arena_slab_start(arena, first), mask);
    fetch_add_relaxed(&category_of(entry)->free_slabs, (int32_t)count); /* [R:hint] */
    corral_arena_return(entry, mask);
}

/* Purges slabs, each run of neighbours at once. What the OS does not purge is kept, and made zero where blocks are that
 * end. */
static void purge_all(struct registry_entry *entry, uint64_t mask) {
    const struct arena *arena = (struct arena *)load_relaxed(&entry->arena); /* [R:holder] */
    bool zero = (control_flags(entry->category) & CONTROL_ZERO) != 0;
    while (mask != 0) {
        uint64_t run = bits_first_run(mask);
        char *start = arena_slab_start(arena, bits_lowest(run));
        if (zero) {
            unpoison(start, (size_t)bits_count(run) << SLAB_SHIFT);
        }
        if (!corral_retire_at_once(entry, start, run) && zero) {
            memset(start, 0, (size_t)bits_count(run) << SLAB_SHIFT);
        }
        mask &= ~run;
    }
}

void corral_arena_give_all(struct registry_entry *entry, uint64_t mask) {
    unsigned count = bits_count(mask);
    for (uint64_t left = mask; left != 0; left &= left - 1) {
        corral_registry_set_pool(entry, bits_lowest(left),
                                 entry->category << CLASS_STRIDE_LOG | CLASS_NONE);
    }
    fetch_sub_relaxed(&category_of(entry)->slabs, count); /* [R:figure] */
    purge_all(entry, mask);
    fetch_add_relaxed(&category_of(entry)->free_slabs, (int32_t)count); /* [R:hint] */
    corral_arena_return(entry, mask);
}

bool corral_arena_extend(struct slab *slab, unsigned count, unsigned more) {
    struct arena *arena = arena_of(slab);
    struct registry_entry *entry = arena->entry;
    unsigned first = (unsigned)(slab - arena->slabs);
    if (first + count + more > ARENA_SLABS) {
        return false;
    }
    uint64_t mask = mask_of(first + count, more);
    uint64_t taken = load_relaxed(&entry->taken); /* [R:cas-reload] */
    while ((taken & mask) == 0) {
        /* [E:slabs] Sees the last use of these slabs. */
        if (cas_acquire(&entry->taken, &taken, taken | mask)) {
            corral_unretire(entry, mask);
            fetch_sub_relaxed(&category_of(entry)->free_slabs, (int32_t)more); /* [R:hint] */
            fetch_add_relaxed(&category_of(entry)->slabs, more);               /* [R:figure] */
            memset(&arena->unit[first + count], (int)first, more);
            return true;
        }
    }
    return false;
}
