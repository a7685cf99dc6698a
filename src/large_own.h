/* SPDX-License-Identifier: MIT
 *
 * large_own: the large block that a thread freed last, for its own next one.
 *
 * Owns:     nothing of its own; it lies in the thread's cache.
 * Callers:  slow, figures, and thread exit: the thread that has the cache; figures, any.
 * Promises: who frees a large block and allocates one of its size again, and again, takes one atomic
 *           operation for both, which tells a second free. Wait-free, but for what large.h keeps. What
 *           threads have for their own is among what may be kept, and at most a quarter of it: a thread
 *           reserves the bytes when it first frees a block of a size that it allocated.
 * Does not: give another thread's block back when memory is exhausted, or what it reserved while it
 *           uses the block. A thread that ends in the middle loses a block at most; what it reserved is
 *           had again with its cache. In the child of a fork, what the parent's other threads had
 *           reserved stays so.
 *
 *   live ── free, no bigger than the room ──► own ── alloc that it fits ──► live
 *                                             own ── two allocs in turn that it does not fit, thread
 *                                                    exit, exhaustion ──► kept for anyone
 *
 * The figures of large blocks (category.h) have a thread's own among the live ones, so that neither way
 * changes them; who sums up takes it off.
 */
#ifndef CORRAL_LARGE_OWN_H
#define CORRAL_LARGE_OWN_H

#include "large.h"
#include "large_kept.h"

struct large_own {
    _Atomic uint64_t word;     /* atomic, written by the owner alone: the entry's; 0: no block */
    void *block;               /* owner */
    struct large_entry *entry; /* owner: the block's */
    size_t room;               /* owner: bytes reserved, for the block or the next one */
    size_t wanted;             /* owner: bytes of the last block that it allocated and did not have */
    uint64_t looks;            /* owner: the category's, when the block last counted for its peak */
    bool missed;               /* owner: the block did not serve the last allocation */
};

/* The thread's own block, if it serves `size` bytes, up to PTRDIFF_MAX, at a multiple of `alignment`; else
 * NULL. Without a call of the OS. */
void *corral_large_own_alloc(struct large_own *own, size_t size, size_t alignment,
                             uint32_t category);
/* As large_end, but the block is kept: for the thread itself, or for anyone. May call the OS. */
enum large_freed corral_large_own_free(struct large_own *own, void *block,
                                       struct large_entry *entry);
/* What becomes of a block that has ended, of a category of which something is set: it is kept for anyone, or left to a
 * walk that reads it, which calls this again then. May call the OS. */
void corral_large_own_pass(void *block, struct large_entry *entry);
/* After an allocation that the thread's own block did not serve: one of that size is to be its own when it
 * is freed, once there is no other. May call the OS. own: of an attached thread. */
void corral_large_own_fit(struct large_own *own, const void *block);
/* Keeps the thread's own block for anyone, and reserves nothing. False when there was none. May call the
 * OS. */
bool corral_large_own_end(struct large_own *own);

/* Bytes of the thread's own block, if it is of the category; 0 when there is none. */
CORRAL_FAST size_t large_own_bytes(const struct large_own *own, uint32_t category) {
    uint64_t word = load_relaxed(&own->word); /* [R:figure] */
    return word != 0 && large_word_category(word) == category ? large_word_bytes(word) : 0;
}

#endif
