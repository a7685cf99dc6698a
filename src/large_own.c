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

#include "control.h"
#include "mark.h"
#include "os.h"

#include <string.h>

/* Takes the block out, but for what stays behind it. */
CORRAL_FAST void *take(struct large_own *own, uint64_t word, size_t behind) {
    store_relaxed(&own->word, 0); /* [R:single-writer] */
    own->missed = false;
    large_begin(own->block, own->entry, word, behind);
    category_count_allocation(large_word_category(word));
    return own->block;
}

/* Takes a block with a page and more beyond `size`. */
CORRAL_NOINLINE static void *take_part(struct large_own *own, uint64_t word, size_t size) {
    size_t bytes = round_up(size == 0 ? 1 : size, corral_os_page_size());
    size_t more = large_word_bytes(word) - bytes; /* far too much where the block is too small */
    if (word == 0 || more > bytes) {
        return NULL;
    }
    size_t behind = more == 0 ? 0 : corral_large_leave_behind(large_word_category(word), more);
    return behind == 0 && more > large_little(bytes) ? NULL : take(own, word, behind);
}

CORRAL_NOINLINE void *corral_large_own_alloc(struct large_own *own, size_t size, size_t alignment,
                                             uint32_t category) {
    uint64_t word = load_relaxed(&own->word); /* [R:single-writer] */
    if (large_word_category(word) != category || ((uintptr_t)own->block & (alignment - 1)) != 0) {
        return NULL;
    }
    if (likely(word != 0 && large_word_bytes(word) - size < LARGE_UNIT)) {
        return take(own, word, 0);
    }
    return take_part(own, word, size);
}

/* Is there room for a block, or as much to be had? Only for a thread that allocates such. */
CORRAL_FAST bool has_room(struct large_own *own, size_t bytes) {
    if (likely(bytes <= own->room)) {
        return true;
    }
    if (bytes > own->wanted || !corral_large_reserve(bytes - own->room)) {
        return false;
    }
    own->room = bytes;
    return true;
}

/* What is kept for the thread itself would be taken uncounted. */
CORRAL_SLOW void corral_large_own_pass(void *block, struct large_entry *entry) {
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    uint32_t flags = control_flags(large_word_category(word));
    struct mark *mark = (flags & CONTROL_ORIGINS) == 0 ? NULL : corral_mark_find(block);
    if (mark != NULL && corral_mark_end(mark) == MARK_LEFT) {
        return; /* a walk reads it, and keeps it then */
    }
    if ((flags & CONTROL_ZERO) != 0) {
        unpoison(block, large_word_bytes(word));
        memset(block, 0, large_word_bytes(word));
    }
    corral_large_keep(block, entry);
}

CORRAL_NOINLINE enum large_freed corral_large_own_free(struct large_own *own, void *block,
                                                       struct large_entry *entry) {
    enum large_freed freed = large_end(entry);
    if (unlikely(freed != LARGE_FREED)) {
        return freed;
    }
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    size_t bytes = large_word_bytes(word);
    if (unlikely(!control_is_plain(large_word_category(word)))) {
        corral_large_own_pass(block, entry);
        return LARGE_FREED;
    }
    /* [R:single-writer] */
    if (unlikely(load_relaxed(&own->word) != 0 || !has_room(own, bytes))) {
        corral_large_keep(block, entry);
        return LARGE_FREED;
    }
    poison(block, bytes);
    own->block = block;
    own->entry = entry;
    store_relaxed(&own->word, word); /* [R:single-writer] */
    return LARGE_FREED;
}

bool corral_large_own_end(struct large_own *own) {
    uint64_t word = load_relaxed(&own->word); /* [R:single-writer] */
    size_t room = own->room;
    own->room = 0;
    own->wanted = 0;
    own->missed = false;
    if (room != 0) {
        corral_large_unreserve(room);
    }
    if (word == 0) {
        return false;
    }
    store_relaxed(&own->word, 0); /* [R:single-writer] */
    corral_large_keep(own->block, own->entry);
    return true;
}

void corral_large_own_fit(struct large_own *own, const void *block) {
    uint64_t word = load_relaxed(&own->word); /* [R:single-writer] */
    if (word != 0 && !own->missed) {
        own->missed = true;
        return;
    }
    size_t bytes = large_word_bytes(load_relaxed(&large_map_find(block)->word)); /* [R:holder] */
    if (word != 0 || own->room > 2 * bytes) {
        corral_large_own_end(own);
    }
    own->wanted = bytes;
}
