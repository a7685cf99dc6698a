/* SPDX-License-Identifier: MIT
 *
 * slow_free: free where it is not a hit, from an address to its block.
 *
 * Owns:     nothing. The two functions that a free's hit may end in are declared in corral/hit.h.
 * Callers:  alloc, block, batch, on the calling thread.
 * Promises: each decision is in the order of the outline in alloc.c.
 * Does not: assume anything of an address before it was found.
 */
#ifndef CORRAL_SLOW_FREE_H
#define CORRAL_SLOW_FREE_H

#include "cache.h"
#include "guard_map.h"

/* What is known of a live block. */
struct block_info {
    size_t size;       /* bytes that the caller may use */
    size_t bytes;      /* bytes that it takes: as many, but in a hardened build more */
    uint32_t category;
    bool large;
    bool guarded; /* in a build with guard pages, it lies between them */
};

/* Where the record of a block ends that was found, if it has one. */
CORRAL_FAST size_t block_record_end(const struct block_info *info) {
    return GUARDS && info->guarded ? info->size : info->bytes;
}

/* The pool of a block of a category, for a message; of a large one, of no class. */
CORRAL_FAST uint32_t block_pool_at(const void *block, uint32_t category) {
    if (GUARDS && guard_covers(block)) {
        return guard_pool_at(block);
    }
    return registry_covers((uintptr_t)block) ? registry_pool((uintptr_t)block)
                                             : (category << CLASS_STRIDE_LOG) + CLASS_NONE;
}

/* False when no block begins at the address, as far as that is found: it lies in no slab that holds
 * blocks, is not aligned, or is no large block. */
bool corral_block_find(const void *block, struct block_info *info);
/* In a hardened build: looks at a block that was found and is to be resized. False, and the misuse policy runs, when it
 * is free; the policy runs too when its tail is damaged. */
bool corral_block_may_resize(void *block, const struct block_info *info);
/* In a hardened build: is it a live block's address? Where it is none, or its tail is damaged, that is told. */
bool corral_hardened_may_free(void *block, uint32_t pool);
/* Frees a block that was found. */
void corral_free_found(void *block, const struct block_info *info);
/* Frees what corral_free may be given, of whatever category: a block, NULL, or an address that the misuse
 * policy runs for. */
void corral_free_any(void *block);
/* Runs the misuse policy when `id` is not of the block's category. */
void corral_check_id(const void *block, uint32_t category, uint32_t id);

#endif
