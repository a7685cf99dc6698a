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

#include "record.h"
#include "slow.h"
#include "slow_free.h"

/* pool_base: the first pool of the category. */
void *corral_block_zeroed(size_t count, size_t size, uint32_t pool_base);
void *corral_block_aligned(size_t alignment, size_t size, uint32_t pool_base);
/* info: what was found of the block. One that a walk finds (corral/origin.h) keeps its origin. */
void *corral_block_resize(void *block, size_t size, const struct block_info *info);
/* The same to the size of a record and the record, which is placed as below; or where nothing else is to be had to
 * shrink into, the block as it is. */
void *corral_block_resize_with(void *block, struct record *record, bool marked, const struct block_info *info);
/* Puts a record at the end of a block, which has room for it. marked: walks are to find it, if it says where. May
 * call the OS. */
void corral_block_place(void *block, struct record *record, bool marked);
/* Finds the block that is resized with an id; runs the misuse policy where that is wrong, or there is none: then
 * false, with EINVAL. */
bool corral_block_find_of(const void *block, uint32_t id, struct block_info *info);

#endif
