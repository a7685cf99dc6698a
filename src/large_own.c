/* SPDX-License-Identifier: MIT
 *
 * large_own: see large_own.h.
 *
 * Owns:     nothing.
 * Callers:  through large_own.h.
 * Promises: a block is taken out before it lives, and has ended before it is put in.
 * Does not: look for a block.
 */
#include "large_own.h"

#include "os.h"

CORRAL_NOINLINE void *corral_large_own_alloc(struct large_own *own, size_t size, size_t alignment,
                                             uint32_t category) {
    uint64_t word = load_relaxed(&own->word); /* [R:single-writer] */
    size_t bytes = round_up(size == 0 ? 1 : size, corral_os_page_size());
    size_t more = large_word_bytes(word) - bytes;
    void *block = own->block;
    /* One that is too small, or none, has far too much more. */
    if (large_word_category(word) != category || more > bytes ||
        ((uintptr_t)block & (alignment - 1)) != 0) {
        return NULL;
    }
    size_t behind = likely(more == 0) ? 0 : corral_large_leave_behind(category, more);
    if (unlikely(behind == 0 && more > large_little(bytes))) {
        return NULL;
    }
    store_relaxed(&own->word, 0); /* [R:single-writer] */
    own->missed = false;
    large_begin(block, own->entry, word, behind);
    category_count_allocation(category);
    return block;
}

CORRAL_NOINLINE enum large_freed corral_large_own_free(struct large_own *own, void *block) {
    struct large_entry *entry = large_map_find(block);
    enum large_freed freed = large_end(entry);
    if (unlikely(freed != LARGE_FREED)) {
        return freed;
    }
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t bytes = large_word_bytes(word);
    /* [R:single-writer] */
    if (unlikely(bytes > own->room || load_relaxed(&own->word) != 0)) {
        corral_large_keep(block, entry);
        return LARGE_FREED;
    }
    poison(block, bytes);
    own->block = block;
    own->entry = entry;
    store_relaxed(&own->word, word); /* [R:single-writer] */
    return LARGE_FREED;
}

void corral_large_own_end(struct large_own *own) {
    uint64_t word = load_relaxed(&own->word); /* [R:single-writer] */
    size_t room = own->room;
    own->room = 0;
    own->missed = false;
    if (room != 0) {
        corral_large_unreserve(room);
    }
    if (word != 0) {
        store_relaxed(&own->word, 0); /* [R:single-writer] */
        corral_large_keep(own->block, own->entry);
    }
}

void corral_large_own_fit(struct large_own *own, const void *block) {
    uint64_t word = load_relaxed(&own->word); /* [R:single-writer] */
    if (word != 0 && !own->missed) {
        own->missed = true;
        return;
    }
    size_t bytes = large_word_bytes(load_relaxed(&large_map_find(block)->word)); /* [R:holder] */
    if (word != 0 || bytes > own->room || bytes < own->room / 2) {
        corral_large_own_end(own);
        own->room = corral_large_reserve(bytes) ? bytes : 0;
    }
}
