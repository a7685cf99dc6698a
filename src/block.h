/* SPDX-License-Identifier: MIT
 *
 * block: blocks that are zeroed, aligned or resized, of a category that is known.
 *
 * Owns:     nothing.
 * Callers:  the functions of corral.h by these names; malloc. Any thread.
 * Promises: as corral.h says of corral_calloc, corral_aligned_alloc and corral_realloc.
 * Does not: know of ids.
 */
#ifndef CORRAL_BLOCK_H
#define CORRAL_BLOCK_H

#include "slow.h"
#include "slow_free.h"

/* pool_base: the first pool of the category. */
void *corral_block_zeroed(size_t count, size_t size, uint32_t pool_base);
void *corral_block_aligned(size_t alignment, size_t size, uint32_t pool_base);
/* info: what was found of the block. */
void *corral_block_resize(void *block, size_t size, const struct block_info *info);

#endif
