/* SPDX-License-Identifier: MIT
 *
 * guard_map: see guard_map.h.
 *
 * Owns:     the lists of ranges, the counters.
 * Callers:  through guard_map.h.
 * Promises: as guard_map.h.
 * Does not: take a range out of its list.
 */
#include "guard_map.h"

#include "os.h"

static _Atomic(struct guard_range *) first_of[CATEGORY_LIMIT];

/* Figures. What was never touched costs no memory. */
static _Atomic uint64_t slabs[CATEGORY_LIMIT], ranges[CATEGORY_LIMIT];
static _Atomic uint64_t slabs_of_pool[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG];

struct guard_range *corral_guard_range_of(const void *address) {
    const struct large_entry *entry = large_map_around(address);
    uint64_t word = entry == NULL ? 0 : load_acquire(&entry->word); /* [E:guard-range] Sees the range. */
    if (likely(large_word_state(word) != LARGE_IS_GUARDS)) {
        return NULL;
    }
    return (struct guard_range *)(uintptr_t)load_relaxed(&entry->behind); /* [R:after-edge] */
}

/* Whoever takes units clears what was known of blocks that began behind the first one. */
struct guard_block *corral_guard_around(struct guard_range *range, const void *address) {
    size_t offset = (uintptr_t)address - load_relaxed(&range->start); /* [R:after-edge] or it has others meanwhile */
    unsigned unit = offset < ARENA_BYTES ? (unsigned)(offset / GUARD_UNIT_BYTES) : 0;
    for (unsigned first = offset < ARENA_BYTES ? unit + 1 : 0; first > 0; first--) {
        struct guard_block *it = &range->blocks[first - 1];
        uint64_t word = load_relaxed(&it->word); /* [R:holder] [R:poll] who does not hold it reads it again */
        if (guard_word_state(word) != GUARD_IS_NONE) {
            return unit - (first - 1) < guard_word_units(word) ? it : NULL;
        }
    }
    return NULL;
}

bool corral_guard_read(const struct guard_block *it, struct guard_info *info) {
    uint64_t word = load_acquire(&it->word); /* [E:guarded] */
    info->block = (const char *)load_acquire(&it->block); /* [E:guarded] */
    info->size = load_acquire(&it->asked);                /* [E:guarded] */
    info->file = load_acquire(&it->file);                 /* [E:guarded] */
    info->line = load_acquire(&it->line);                 /* [E:guarded] */
    info->state = guard_word_state(word);
    info->pool = (it->range->category << CLASS_STRIDE_LOG) + guard_word_class(word);
    /* [R:after-edge] Who saw the line of an origin that is being set sees here that its file is none yet, or another. */
    if (load_relaxed(&it->file) != info->file) {
        info->file = NULL;
        info->line = 0;
    }
    /* [R:after-edge] Who saw a word of the next life above sees here that it is another. */
    uint64_t after = load_relaxed(&it->word);
    return guard_word_life(after) == guard_word_life(word) && info->state != GUARD_IS_NONE;
}

struct guard_range *corral_guard_ranges(uint32_t category) {
    return load_acquire(&first_of[category]); /* [E:guard-range] */
}

void corral_guard_add(struct guard_range *range) {
    _Atomic(struct guard_range *) *first = &first_of[range->category];
    range->next = load_relaxed(first); /* [R:cas-reload] */
    while (!cas_release(first, &range->next, range)) { /* [E:guard-range] Publishes the range to those who walk the list. */
    }
}

bool corral_guard_enter(struct guard_range *range, void *start) {
    struct large_entry *entry = corral_large_map_make(start);
    if (entry == NULL) {
        return false;
    }
    store_relaxed(&range->start, (uintptr_t)start);            /* [R:before-edge] */
    store_relaxed(&entry->behind, (uint64_t)(uintptr_t)range); /* [R:before-edge] */
    /* [E:guard-range] Publishes the range to those who look an address up. */
    store_release(&entry->word, large_word(ARENA_BYTES, range->category, LARGE_IS_GUARDS));
    fetch_add_relaxed(&ranges[range->category], 1); /* [R:figure] */
    return true;
}

void corral_guard_leave(struct guard_range *range) {
    struct large_entry *entry = large_map_find((void *)load_relaxed(&range->start)); /* [R:holder] */
    store_relaxed(&entry->word, 0);                                                  /* [R:holder] */
    store_relaxed(&entry->behind, 0);                                                /* [R:holder] */
    fetch_sub_relaxed(&ranges[range->category], 1);                                  /* [R:figure] */
}

unsigned corral_guard_units(uint32_t pool) {
    size_t page = corral_os_page_size();
    size_t bytes = round_up(corral_classes[pool & (CLASS_STRIDE - 1)].size, page) + 2 * page;
    return (unsigned)((bytes + GUARD_UNIT_BYTES - 1) / GUARD_UNIT_BYTES);
}

void corral_guard_count(uint32_t pool, int blocks) {
    uint64_t more = (uint64_t)blocks * corral_guard_units(pool);
    fetch_add_relaxed(&slabs_of_pool[pool], more);             /* [R:figure] */
    fetch_add_relaxed(&slabs[pool >> CLASS_STRIDE_LOG], more); /* [R:figure] */
}

uint64_t corral_guard_slabs(uint32_t category) {
    return load_relaxed(&slabs[category]); /* [R:figure] */
}

uint64_t corral_guard_slabs_of_pool(uint32_t pool) {
    return load_relaxed(&slabs_of_pool[pool]); /* [R:figure] */
}

uint64_t corral_guard_range_count(uint32_t category) {
    return load_relaxed(&ranges[category]); /* [R:figure] */
}
