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

#include "control.h"
#include "front.h"
#include "record.h"
#include "slow.h"
#include "slow_free.h"

#include <string.h>

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

/* Is it a small block that begins at the address, and that no walk finds? */
CORRAL_FAST bool block_is_plain(const void *block, uint32_t pool) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    return size_class_has_blocks(pool) && size_class->slabs == 1 &&
           size_class_begins(size_class, (uintptr_t)block & (SLAB_BYTES - 1)) &&
           (control_flags(pool >> CLASS_STRIDE_LOG) & CONTROL_ORIGINS) == 0;
}

/* Up to so many bytes are copied here. */
#define COPY_SHORT ((size_t)256)

/* Copies a block's first bytes, and up to 15 behind them, which both blocks have: for few, a call would take longer. */
CORRAL_FAST void block_copy(void *to, const void *from, size_t bytes) {
    if (bytes > COPY_SHORT) {
        IN_REGISTER(bytes); /* knowing the most, a compiler would put in a slow loop of its own */
        memcpy(to, from, bytes);
        return;
    }
    for (size_t at = 0; at < bytes; at += BLOCK_MIN) {
        memcpy((char *)to + at, (const char *)from + at, BLOCK_MIN);
    }
}

/* A block of a pool, of a category without budgets and the like; NULL where that is not so simple. */
CORRAL_FAST void *block_take_hit(size_t size, uint32_t pool) {
    struct corral_front *front = &thread_cache()->fronts[pool];
    void *block = front->head;
    if (likely(block != NULL)) {
        front_count_allocation(front);
        corral_hit_count_requested(front, size);
        front_pop(front, block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
        return block;
    }
    return CORRAL_FIGURES_LEVEL < 2 && control_is_plain(pool >> CLASS_STRIDE_LOG) ? corral_alloc_empty(front) : NULL;
}

/* Frees a block of a pool. */
CORRAL_FAST void block_give_hit(void *block, uint32_t pool) {
    struct corral_front *front = &thread_cache()->fronts[pool];
    int32_t room = front_room(front);
    if (likely(room > 0)) {
        front_count_free(front);
        front_push(front, room, block, corral_classes[pool & (CLASS_STRIDE - 1)].size);
    } else {
        corral_free_full(front, block);
    }
}

/* Resizes a block in a slab of a pool, where that is simple; NULL where it is not, and nothing is done yet. */
CORRAL_FAST void *block_resize_hit(void *block, size_t size, uint32_t pool) {
    if (HARDENED || size > TABLE_MAX || unlikely(!block_is_plain(block, pool))) {
        return NULL;
    }
    uint32_t bytes = corral_classes[pool & (CLASS_STRIDE - 1)].size;
    if (size <= bytes && (size >= bytes / 2 || bytes == BLOCK_MIN)) {
        return block;
    }
    if (unlikely(thread_cache()->fronts[pool].head == block)) {
        return NULL; /* it is free */
    }
    void *moved = block_take_hit(size, (pool & ~(CLASS_STRIDE - 1)) + size_class_of(size));
    if (likely(moved != NULL)) {
        block_copy(moved, block, size < bytes ? size : bytes);
        block_give_hit(block, pool);
    }
    return moved;
}

#endif
