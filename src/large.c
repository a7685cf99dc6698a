/* SPDX-License-Identifier: MIT
 *
 * large: see large.h.
 *
 * Owns:     nothing.
 * Callers:  through large.h.
 * Promises: as large.h.
 * Does not: copy.
 */
#include "large.h"

#include "backend.h"
#include "category.h"
#include "control.h"
#include "large_kept.h"
#include "large_parked.h"
#include "large_unmap.h"
#include "mark.h"
#include "os.h"
#include "poison.h"
#include "served.h"

static void count(uint32_t category, int64_t blocks, int64_t bytes) {
    struct category *figures = &corral_categories[category];
    fetch_add_relaxed(&figures->large_blocks, (uint64_t)blocks); /* [R:figure] */
    fetch_add_relaxed(&figures->large_bytes, (uint64_t)bytes);   /* [R:figure] */
}

void corral_large_keep(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t bytes = large_word_bytes(word);
    count(large_word_category(word), -1, -(int64_t)bytes);
    corral_large_kept_put(block, entry);
    corral_large_settle();
}

/* Ends a live block of a category. */
static void end_if_of(void *block, struct large_entry *entry, void *category) {
    struct large_info info;
    if (large_find(entry, &info) && info.category == *(const uint32_t *)category &&
        large_end(entry) == LARGE_FREED) {
        uint64_t word = load_relaxed(&entry->word); /* [R:holder] with what was behind the block */
        count(info.category, -1, -(int64_t)large_word_bytes(word));
        corral_mark_clear(block);
        corral_large_unmap(block, entry);
    }
}

void corral_large_end_all(uint32_t category) {
    corral_large_map_visit(end_if_of, &category);
}

size_t corral_large_leave_behind(uint32_t category, size_t behind) {
    if (!corral_large_may_stay(behind)) {
        return 0;
    }
    count(category, 0, -(int64_t)behind);
    return behind;
}

/* Gives a block that was taken out to a caller, but for what stays behind it. */
static void *begin_life(void *block, struct large_entry *entry, uint64_t word, size_t behind) {
    count(large_word_category(word), 1, (int64_t)(large_word_bytes(word) - behind));
    large_begin(block, entry, word, behind);
    return block;
}

static void *take_kept(size_t bytes, size_t alignment, uint32_t category) {
    struct large_taken taken;
    return corral_large_kept_take(bytes, alignment, category, &taken)
               ? begin_life(taken.block, taken.entry, taken.word, taken.behind)
               : NULL;
}

static void *take_parked(size_t bytes, size_t alignment, uint32_t category) {
    uint64_t word;
    void *block = corral_large_take_parked(bytes, alignment, category, &word);
    return block == NULL ? NULL : begin_life(block, large_map_find(block), word, 0);
}

static void *map_new(size_t bytes, size_t alignment, uint32_t category) {
    corral_large_settle();
    uint64_t id = corral_category_id(category);
    void *block = control_is_isolated(category) ? corral_served_reserve_new(bytes, alignment, id)
                                                : corral_backend_reserve(bytes, alignment, id);
    if (block == NULL) {
        return NULL;
    }
    if (unlikely(control_huge_pages(category) != CORRAL_HUGE_PAGES_DEFAULT)) {
        corral_backend_advise_huge(block, bytes, control_huge_pages(category) != CORRAL_HUGE_PAGES_NEVER);
    }
    corral_served_note(block, bytes);
    struct large_entry *entry = corral_large_map_make(block);
    if (entry == NULL) {
        corral_backend_release(block, bytes);
        return NULL;
    }
    large_set(entry, bytes, 0, category);
    count(category, 1, (int64_t)bytes);
    return block;
}

void *corral_large_make(size_t size, uint32_t category) {
    size_t bytes = round_up(size, corral_os_page_size());
    return corral_large_kept_has_room(bytes) ? map_new(bytes, ARENA_BYTES, category) : NULL;
}

void corral_large_keep_made(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    /* [R:holder] */
    store_relaxed(&entry->word, word ^ (LARGE_IS_LIVE ^ LARGE_IS_KEPT));
    corral_large_keep(block, entry);
}

CORRAL_NOINLINE void *corral_large_alloc(size_t size, size_t alignment, uint32_t category,
                                         bool *zero) {
    size_t bytes = round_up(size == 0 ? 1 : size, corral_os_page_size());
    alignment = alignment < ARENA_BYTES ? ARENA_BYTES : alignment;
    category_use(category);
    void *block = take_kept(bytes, alignment, category);
    if (block == NULL && control_is_isolated(category)) {
        block = take_parked(bytes, alignment, category);
    }
    *zero = block == NULL;
    block = block != NULL ? block : map_new(bytes, alignment, category);
    if (block != NULL) {
        category_count_allocation(category);
    }
    return block;
}

CORRAL_SLOW void corral_large_join_behind(struct large_entry *entry, uint64_t word) {
    size_t behind = load_relaxed(&entry->behind); /* [R:holder] */
    uint32_t category = large_word_category(word);
    corral_large_count_behind(-behind);
    count(category, 0, (int64_t)behind);
    store_relaxed(&entry->behind, 0); /* [R:holder] */
    /* [R:holder] */
    store_relaxed(&entry->word, large_word(large_word_bytes(word) + behind, category, LARGE_IS_KEPT));
}

/* Where a live block of `have` bytes, with `behind` mapped there, is to end at `bytes`: what is behind
 * it then. SIZE_MAX when the OS does not have it so, or the addresses are to be nobody else's; then nothing has
 * changed. */
static size_t move_end(char *block, size_t have, size_t behind, size_t bytes, bool isolated) {
    size_t mapped = have + behind;
    if (isolated && (bytes < have || bytes > mapped)) {
        return SIZE_MAX;
    }
    if (bytes >= have) {
        if (bytes > mapped && !corral_backend_resize(block, mapped, bytes)) {
            return SIZE_MAX;
        }
        unpoison(block + have, bytes - have);
        return bytes > mapped ? 0 : mapped - bytes;
    }
    unpoison(block + have, behind);
    if (!corral_backend_resize(block, mapped, bytes)) {
        poison(block + have, behind);
        return SIZE_MAX;
    }
    return 0;
}

void corral_large_count(uint32_t category, int64_t bytes) {
    count(category, 0, bytes);
}

bool corral_large_resize(void *block, size_t size) {
    struct large_entry *entry = large_map_find(block);
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t have = large_word_bytes(word);
    size_t bytes = round_up(size, corral_os_page_size());
    size_t behind = load_relaxed(&entry->behind); /* [R:holder] */
    bool isolated = control_is_isolated(large_word_category(word));
    size_t left = move_end(block, have, behind, bytes, isolated);
    if (left == SIZE_MAX) {
        return bytes < have; /* it serves as it is */
    }
    if (left != behind) {
        corral_large_count_behind(left - behind);
    }
    corral_served_note(block, bytes);
    large_set(entry, bytes, left, large_word_category(word));
    count(large_word_category(word), 0, (int64_t)bytes - (int64_t)have);
    return true;
}
