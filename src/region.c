/* SPDX-License-Identifier: MIT
 *
 * region: see region.h.
 *
 * Owns:     the head of the list. The rest lies in the regions.
 * Callers:  through region.h.
 * Promises: as region.h.
 * Does not: know what stands in a region.
 */
#include "region.h"

#include "atomic.h"
#include "base.h"
#include "check.h"
#include "options.h"
#include "poison.h"

#include <string.h>

#define PARTS ((size_t)64)
static_assert(ARENA_BYTES == PARTS * SLAB_BYTES, "a plot's parts are the bits of a word");

/* Law: a part whose bit in `taken` is 0 is nobody's; if its bit in `dirty` is 0 too, it is all zero. */
struct plot {
    _Atomic uint64_t taken; /* atomic [E:plot] */
    _Atomic uint64_t dirty; /* atomic, relaxed: each bit is written by who has the part */
};

struct region {
    struct region *next; /* const after the push */
    uintptr_t base;      /* const: where the first plot begins, at or before the region */
    size_t parts;        /* const: 64 for each plot */
    size_t first, end;   /* const: those that can be handed out */
    struct plot plots[];
};

static _Atomic(struct region *) regions;

static char *part_start(const struct region *it, size_t part) {
    return (char *)(it->base + (part << SLAB_SHIFT));
}

static size_t parts_of(size_t size) {
    return (size + SLAB_BYTES - 1) >> SLAB_SHIFT;
}

/* The bits of a run in the plot that `part` lies in: as far as the run, or the plot, reaches. */
static uint64_t mask_at(size_t part, size_t end) {
    size_t bit = part % PARTS, count = end - part < PARTS - bit ? end - part : PARTS - bit;
    return bits_below((unsigned)count) << bit;
}

static size_t next_plot(size_t part) {
    return (part / PARTS + 1) * PARTS;
}

/* Gives parts back. */
static void give(struct region *it, size_t part, size_t end) {
    for (; part < end; part = next_plot(part)) {
        uint64_t mask = mask_at(part, end);
        /* [E:plot] Publishes the last use of the parts, and that they are dirty. */
        uint64_t before = fetch_and_release(&it->plots[part / PARTS].taken, ~mask);
        check_debug((before & mask) == mask);
    }
}

static bool take_bits(struct plot *plot, uint64_t mask) {
    uint64_t taken = load_relaxed(&plot->taken); /* [R:cas-reload] */
    while ((taken & mask) == 0) {
        /* [E:plot] Sees the last use of who gave the parts back. */
        if (cas_acquire(&plot->taken, &taken, taken | mask)) {
            return true;
        }
    }
    return false;
}

/* Takes all parts of a run, or none. */
static bool take(struct region *it, size_t first, size_t end) {
    for (size_t part = first; part < end; part = next_plot(part)) {
        if (!take_bits(&it->plots[part / PARTS], mask_at(part, end))) {
            give(it, first, part);
            return false;
        }
    }
    return true;
}

/* Sets a run's dirty parts to 0. The caller has the run. */
static void clean(struct region *it, size_t part, size_t end) {
    for (; part < end; part = next_plot(part)) {
        uint64_t mask = mask_at(part, end);
        /* [R:holder] */
        uint64_t dirty = fetch_and_relaxed(&it->plots[part / PARTS].dirty, ~mask) & mask;
        for (; dirty != 0; dirty &= dirty - 1) {
            char *start = part_start(it, part / PARTS * PARTS + bits_lowest(dirty));
            unpoison(start, SLAB_BYTES);
            memset(start, 0, SLAB_BYTES);
        }
    }
}

/* Gives back a run that was used. */
static void give_used(struct region *it, size_t first, size_t end) {
    for (size_t part = first; part < end; part = next_plot(part)) {
        fetch_or_relaxed(&it->plots[part / PARTS].dirty, mask_at(part, end)); /* [R:holder] */
    }
    give(it, first, end);
}

/* The part behind the last one of a run that is taken; the run's first one when none is. */
static size_t behind_taken(const struct region *it, size_t first, size_t end) {
    size_t free_from = first;
    for (size_t part = first; part < end; part = next_plot(part)) {
        uint64_t taken = load_relaxed(&it->plots[part / PARTS].taken) & mask_at(part, end); /* [R:hint] */
        free_from = taken == 0 ? free_from : part / PARTS * PARTS + bits_highest(taken) + 1;
    }
    return free_from;
}

/* The lowest run of `count` parts in a region, from a multiple of `alignment` on. NULL when there is none. */
static void *take_from(struct region *it, size_t count, size_t alignment) {
    size_t step = alignment < SLAB_BYTES ? 1 : alignment >> SLAB_SHIFT;
    size_t part = (round_up(it->base, alignment) - it->base) >> SLAB_SHIFT;
    while (part <= it->end && count <= it->end - part) {
        size_t free_from = behind_taken(it, part, part + count);
        if (free_from == part && take(it, part, part + count)) {
            clean(it, part, part + count);
            return part_start(it, part);
        }
        size_t passed = free_from > part ? free_from - part : 1;
        part += (passed + step - 1) / step * step;
    }
    return NULL;
}

static void *reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)id, (void)argument;
    struct region *it = load_acquire(&regions); /* [E:region] */
    void *start = NULL;
    for (; it != NULL && start == NULL; it = it->next) {
        start = take_from(it, parts_of(size), alignment);
    }
    return start;
}

/* The region that an address of a reservation lies in, and its part there. Plots of two regions may be the
 * same addresses, parts that can be handed out are not. */
static struct region *find(const void *start, size_t *part) {
    struct region *it = load_acquire(&regions); /* [E:region] */
    for (; it != NULL; it = it->next) {
        *part = ((uintptr_t)start - it->base) >> SLAB_SHIFT;
        if (*part >= it->first && *part < it->end) {
            break;
        }
    }
    return it;
}

static int release(void *start, size_t size, void *argument) {
    (void)argument;
    size_t part;
    struct region *it = find(start, &part);
    if (it == NULL) {
        return 0;
    }
    give_used(it, part, part + parts_of(size));
    return 1;
}

/* What is purged may be poisoned, as free blocks are. */
static int purge(void *start, size_t size, void *argument) {
    (void)argument;
    unpoison(start, size);
    memset(start, 0, size);
    return 1;
}

static int resize(void *start, size_t old_size, size_t new_size, void *argument) {
    (void)argument;
    size_t part;
    struct region *it = find(start, &part);
    if (it == NULL) {
        return 0;
    }
    size_t before = part + parts_of(old_size), after = part + parts_of(new_size);
    if (after > it->end || (after > before && !take(it, before, after))) {
        return 0;
    }
    if (after > before) {
        clean(it, before, after);
    }
    if (new_size < old_size) {
        /* What is left of the last part is to be zero when it is grown into. */
        size_t rest = (after - part) * SLAB_BYTES, most = rest < old_size ? rest : old_size;
        memset((char *)start + new_size, 0, most - new_size);
        give_used(it, after, before);
    }
    return 1;
}

const corral_backend corral_region = {reserve, release, purge, resize, NULL};

/* Sets up a region's plots. */
static void begin_plots(struct region *it, bool zero) {
    for (size_t part = 0; part < it->parts; part += PARTS) {
        size_t from = it->first > part ? it->first : part;
        uint64_t mask = from < it->end && from < part + PARTS ? mask_at(from, it->end) : 0;
        store_relaxed(&it->plots[part / PARTS].taken, ~mask);            /* [R:before-edge] */
        store_relaxed(&it->plots[part / PARTS].dirty, zero ? 0 : mask);  /* [R:before-edge] */
    }
}

bool corral_region_push(void *start, size_t size, bool zero) {
    uintptr_t begin = round_up((uintptr_t)start, CACHE_LINE), end = (uintptr_t)start + size;
    uintptr_t base = begin & ~ARENA_MASK;
    size_t parts = (round_up(end, ARENA_BYTES) - base) >> SLAB_SHIFT;
    uintptr_t behind = begin + sizeof(struct region) + parts / PARTS * sizeof(struct plot);
    size_t first = (round_up(behind, SLAB_BYTES) - base) >> SLAB_SHIFT;
    if (end < begin || first >= (end - base) >> SLAB_SHIFT) {
        return false;
    }
    struct region *it = (struct region *)begin;
    it->base = base;
    it->parts = parts;
    it->first = first;
    it->end = (end - base) >> SLAB_SHIFT;
    begin_plots(it, zero);
    it->next = load_relaxed(&regions); /* [R:cas-reload] */
    /* [E:region] Publishes the region. Push only, so an old head that came back is still the head. */
    while (!cas_release(&regions, &it->next, it)) {
    }
    return true;
}
