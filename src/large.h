/* SPDX-License-Identifier: MIT
 *
 * large: blocks that come from the backend, each a mapping of its own.
 *
 * Owns:     a map from address to large block, and the large blocks freed lately.
 * Callers:  alloc and block, for sizes above BLOCK_MAX and alignments above a slab. Any thread.
 * Promises: a large block begins at an arena-sized boundary, so one entry of the map is its alone.
 *           A freed one is kept, up to LARGE_KEEP_BYTES in KEPT_SLOTS, and serves its own category
 *           again without a system call. One that serves a block down to half its size stays mapped
 *           as a whole: what is behind the block is there for it to grow into, and belongs to it
 *           again when it is freed. At most half of LARGE_KEEP_BYTES more is behind live blocks. A
 *           block freed twice is found.
 * Does not: share a mapping among blocks. Give back what is behind a live block before that block
 *           shrinks or ends, not even when memory is exhausted. A thread that is stopped between
 *           counting a freed block and placing it, or the other way, takes its bytes from what may be
 *           kept; so does one between counting what stays behind a block and taking the block, and
 *           in the child of a fork, what is behind the blocks of threads that it does not have.
 *
 *   entry.word:  | pages (40) | category (16) | state (8): none, live, kept |
 *
 * Synchronization (row beside column):
 *             alloc        free
 *   alloc     CAS          any        a slot of the kept ones changes hands by one atomic operation
 *   free      any          CAS        live → kept decides between two frees of one block
 */
#ifndef CORRAL_LARGE_H
#define CORRAL_LARGE_H

#include "base.h"
#include "options.h"

struct large_info {
    size_t size;       /* bytes that the caller may use */
    uint32_t category;
};

/* A block of at least `size` bytes at a multiple of `alignment`, a power of two. *zero tells whether
 * its content is known to be zero. NULL when memory is exhausted. May call the OS. */
void *corral_large_alloc(size_t size, size_t alignment, uint32_t category, bool *zero);
enum large_freed { LARGE_FREED, LARGE_TWICE, LARGE_NONE };

/* Frees a large block; LARGE_TWICE when it is free already, LARGE_NONE when the address is none. */
enum large_freed corral_large_free(void *block);
/* Unmaps all kept blocks, not what is behind live ones. False when there were none. */
bool corral_large_release_kept(void);
/* What is known of a live large block. False when the address is none. */
bool corral_large_find(const void *block, struct large_info *info);
/* Changes a live large block's size where it is. False when that cannot be. */
bool corral_large_resize(void *block, size_t size);
#endif
