/* SPDX-License-Identifier: MIT
 *
 * large_kept: freed large blocks that any thread of the category may have again, and what else is mapped and nobody's.
 *
 * Owns:     the slots of kept blocks; the counts of what is kept, of what threads reserved of it for blocks of their own
 *           (large_own.h), and of what is mapped behind live blocks.
 * Callers:  large, large_own; trial, trim and tick. Any thread.
 * Promises: up to LARGE_KEEP_BYTES are kept, of which threads may have a quarter; half as much more is behind live blocks.
 * Does not: change a block's state, or the figures. A thread that is stopped between counting a freed block and
 *           placing it, or the other way, takes its bytes from what may be kept; so does one between
 *           counting what stays behind a block and taking the block, and in the child of a fork, what is
 *           behind the blocks of threads that it does not have.
 *
 * Synchronization (row beside column):
 *           put        take
 *   put     CAS        any        a slot is filled by one
 *   take    any        CAS        who takes an address out of its slot has the block
 */
#ifndef CORRAL_LARGE_KEPT_H
#define CORRAL_LARGE_KEPT_H

#include "large_map.h"

/* Keeps a block that has ended and that the caller has, or lets one go: it, or others for it. May call the OS. */
void corral_large_kept_put(void *block, struct large_entry *entry);

/* A block that was taken out, and how much of it is to stay behind what the caller wants. */
struct large_taken {
    void *block;
    struct large_entry *entry;
    uint64_t word; /* the entry's */
    size_t behind; /* counted as such */
};
/* Takes a block of a category out, of `bytes` and up to a quarter more, else up to twice as many, as one that grew again
 * and again left it. False when there is none. */
bool corral_large_kept_take(size_t bytes, size_t alignment, uint32_t category, struct large_taken *taken);
/* Might a block of so many bytes be kept? */
bool corral_large_kept_has_room(size_t bytes);
/* Unmaps all blocks that are kept or wait for a tick. False when there were none. Calls the OS. */
bool corral_large_release_kept(void);
/* Lets blocks that were kept as long as they may be wait for a tick. */
void corral_large_age(uint32_t now);

/* So many bytes of what may be kept, for a thread's own block. False when they are not to be had. */
bool corral_large_reserve(size_t bytes);
void corral_large_unreserve(size_t bytes);

/* May so many bytes stay behind a block that is about to live? They are counted then. */
bool corral_large_may_stay(size_t behind);
/* Counts `more` bytes behind live blocks, or less of them. Returns how many there are then. */
size_t corral_large_count_behind(size_t more);

/* So much more than is wanted may be a block's own; beyond it, only what may stay behind it. */
CORRAL_FAST size_t large_little(size_t bytes) {
    return bytes / 4;
}

#endif
