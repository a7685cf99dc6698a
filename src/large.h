/* SPDX-License-Identifier: MIT
 *
 * large: blocks that come from the backend, each a mapping of its own.
 *
 * Owns:     their lives, and the figures of them.
 * Callers:  slow and block, for sizes above BLOCK_MAX and alignments above a slab; large_own. Any
 *           thread.
 * Promises: a freed block is kept (large_kept.h; large_own.h for the thread itself), and serves its own category again
 *           without a system call. One that serves a block down to half its size stays mapped as a
 *           whole: what is behind the block is there for it to grow into, and belongs to it again when
 *           it is freed. A block freed twice is found.
 * Does not: share a mapping among blocks. Give back what is behind a live block before that block
 *           shrinks or ends, not even when memory is exhausted.
 *
 *   none ── reserved from the OS ──► live ── end ──► kept ── a caller who needs one ──► live
 *                                                    kept ── no room for it ──► none, where the program ticks by a
 *                                                                               tick (large_unmap.h); of an
 *                                                                               isolated category: parked ──► live
 *
 * Synchronization (row beside column):
 *             end
 *   end       CAS        live → kept decides between two frees of one block
 */
#ifndef CORRAL_LARGE_H
#define CORRAL_LARGE_H

#include "category.h"
#include "large_map.h"
#include "poison.h"

struct large_info {
    size_t size;       /* bytes that the caller may use */
    uint32_t category;
};

/* A block of at least `size` bytes at a multiple of `alignment`, a power of two. *zero tells whether
 * its content is known to be zero. NULL when memory is exhausted. May call the OS. */
void *corral_large_alloc(size_t size, size_t alignment, uint32_t category, bool *zero);
enum large_freed { LARGE_FREED, LARGE_TWICE, LARGE_NONE };

/* A new block, which is the caller's, to be kept when it was touched; NULL when there is no memory, or so much more may
 * not be kept. May call the OS. */
void *corral_large_make(size_t size, uint32_t category);
void corral_large_keep_made(void *block, struct large_entry *entry);
/* Keeps a block that has ended for whoever needs it, or unmaps it. May call the OS. */
void corral_large_keep(void *block, struct large_entry *entry);
/* Ends all live large blocks of a category, which nobody uses, and unmaps them. Walks the map; calls the OS. */
void corral_large_end_all(uint32_t category);
/* Counts bytes of a category's large blocks, or below 0 counts them off, that no block has yet. */
void corral_large_count(uint32_t category, int64_t bytes);
/* Changes a live large block's size where it is. False when that cannot be. */
bool corral_large_resize(void *block, size_t size);

/* Makes what is mapped behind a block that has ended a part of it again. word: its entry's. */
void corral_large_join_behind(struct large_entry *entry, uint64_t word);
/* How many of `behind` bytes may stay behind a block that is about to live, all or none. The figures
 * had them in the block. */
size_t corral_large_leave_behind(uint32_t category, size_t behind);

/* Who frees the block got it from who has it. */
CORRAL_FAST void large_set(struct large_entry *entry, size_t bytes, size_t behind,
                           uint32_t category) {
    store_relaxed(&entry->behind, behind);                                     /* [R:holder] */
    store_relaxed(&entry->word, large_word(bytes, category, LARGE_IS_LIVE)); /* [R:holder] */
}

/* What is known of a live large block. False when there is none. entry: of the address, or NULL. */
CORRAL_FAST bool large_find(const struct large_entry *entry, struct large_info *info) {
    uint64_t word = unlikely(entry == NULL) ? 0 : load_relaxed(&entry->word); /* [R:holder] */
    info->size = large_word_bytes(word);
    info->category = large_word_category(word);
    return large_word_state(word) == LARGE_IS_LIVE;
}

/* Ends a large block's life: with LARGE_FREED it is the caller's, to be kept, and its entry's word has what
 * was behind it too; the figures have it still. LARGE_TWICE when it is free already, LARGE_NONE when the
 * address is none. entry: of the address, or NULL. */
CORRAL_FAST enum large_freed large_end(struct large_entry *entry) {
    uint64_t word = unlikely(entry == NULL) ? 0 : load_relaxed(&entry->word); /* [R:holder] */
    while (likely(large_word_state(word) == LARGE_IS_LIVE)) {
        uint64_t kept = word ^ (LARGE_IS_LIVE ^ LARGE_IS_KEPT);
        /* [R:holder] Of two frees of one block, one changes the state. */
        if (cas_relaxed(&entry->word, &word, kept)) {
            category_count_free(large_word_category(word));
            if (unlikely(load_relaxed(&entry->behind) != 0)) { /* [R:holder] */
                corral_large_join_behind(entry, kept);
            }
            return LARGE_FREED;
        }
    }
    return large_word_state(word) > LARGE_IS_LIVE ? LARGE_TWICE : LARGE_NONE;
}

/* Makes a block live that was kept, of whose bytes some stay behind it. word: its entry's. */
CORRAL_FAST void large_begin(void *block, struct large_entry *entry, uint64_t word, size_t behind) {
    size_t bytes = large_word_bytes(word) - behind;
    large_set(entry, bytes, behind, large_word_category(word));
    unpoison(block, bytes);
}

#endif
