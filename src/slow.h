/* SPDX-License-Identifier: MIT
 *
 * slow: alloc and free where they are not a hit, and what the other doors share with them.
 *
 * Owns:     nothing. The five functions that a hit may end in are declared in corral/hit.h.
 * Callers:  alloc, block, batch, on the calling thread.
 * Promises: each decision is in the order of the outline in alloc.c.
 * Does not: assume anything of an address before it was found.
 */
#ifndef CORRAL_SLOW_H
#define CORRAL_SLOW_H

#include "cache.h"

/* A block of `size` bytes of the category whose first pool is `pool_base`. NULL with errno ENOMEM.
 * *zero tells whether its content is known to be zero. */
void *corral_alloc_from(size_t size, uint32_t pool_base, bool *zero);
/* The same, where a hit was not tried yet and nobody asks for zeros. */
void *corral_alloc_of(size_t size, uint32_t pool_base);
/* The same from the backend, at a multiple of `alignment`. */
void *corral_alloc_large(size_t size, size_t alignment, uint32_t category, bool *zero);
/* The same of a class that holds sizes up to BLOCK_MAX. */
void *corral_alloc_pool(uint32_t pool);
/* The calling thread's part of a category and class, for a caller that counts blocks in it; NULL when the thread can have none. */
struct pool *corral_pool_of_thread(uint32_t pool);
/* The first pool of the category of an id. */
uint32_t corral_pool_base(uint32_t id);

/* What is known of a live block. */
struct block_info {
    size_t size;       /* bytes that the caller may use */
    uint32_t category;
    bool large;
};

/* False when no block begins at the address, as far as that is found: it lies in no slab that holds
 * blocks, is not aligned, or is no large block. */
bool corral_block_find(const void *block, struct block_info *info);
/* Frees a block that was found. */
void corral_free_found(void *block, const struct block_info *info);
/* Frees what corral_free may be given, of whatever category: a block, NULL, or an address that the misuse
 * policy runs for. */
void corral_free_any(void *block);
/* Gives what is kept for later allocations back to the OS: the calling thread's large block, freed large
 * blocks but for those that have memory behind live ones, and empty arenas. False when that was nothing. */
bool corral_release_kept(void);
/* Sends home what the calling thread has at hand of a category, its own large block of any with it, and asks
 * other threads to do so when they next need blocks of it. */
void corral_recall(uint32_t category);
/* Runs the misuse policy when `id` is not of the block's category. */
void corral_check_id(const void *block, uint32_t category, uint32_t id);

#endif
