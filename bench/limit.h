/* SPDX-License-Identifier: MIT
 *
 * The limit: the least that an allocator with thread caches can do.
 *
 * Owns:     the hot path of a minimal design, which every other is measured against.
 * Callers:  the allocators limit, limit-16 and limit-64, and their inline forms; any thread.
 * Promises: alloc is a thread-local lookup, size to class by table, and a pop; free is an address
 *           mask, an owner check, and a push. With LIMIT_CATEGORIES above 1, the category is one
 *           more index.
 * Does not: count, check, bound what a thread holds, give anything back to the OS, or serve sizes
 *           above LIMIT_LARGEST. It is no allocator to use: it is the line that cannot be passed
 *           without leaving out what every program needs.
 *
 *     arena, 4 MiB, aligned to its size
 *     +------------------------+--------+--------+-- --+---------+
 *     | unit[64]: owner, pool  | slab 1 | slab 2 |     | slab 63 |
 *     +------------------------+--------+--------+-- --+---------+
 */
#ifndef BENCH_LIMIT_H
#define BENCH_LIMIT_H

#include <stddef.h>
#include <stdint.h>

enum {
    LIMIT_CLASSES = 20,
    LIMIT_LARGEST = 1024,
    LIMIT_POOLS = LIMIT_CLASSES * LIMIT_CATEGORIES,
    LIMIT_SLAB_SHIFT = 16,
    LIMIT_SLAB = 1 << LIMIT_SLAB_SHIFT,
    LIMIT_SLABS = 64,
    LIMIT_ARENA = LIMIT_SLAB * LIMIT_SLABS
};

typedef struct limit_block {
    struct limit_block *next;
} limit_block;

/* The hot part of a thread's cache: the free blocks of each pool, last in first out. */
typedef struct limit_cache {
    limit_block *free[LIMIT_POOLS]; /* owner */
} limit_cache;

/* What free must know of a slab. Written once, before any block of the slab is handed out. */
typedef struct limit_unit {
    limit_cache *owner; /* const */
    uint32_t pool;      /* const */
} limit_unit;

typedef struct limit_arena {
    limit_unit unit[LIMIT_SLABS];
} limit_arena;

/* The calling thread's cache. Before the first alloc it is one whose pools are all empty. */
extern _Thread_local limit_cache *limit_self;

void *limit_alloc_slow(size_t pool);
void limit_free_slow(limit_block *block, const limit_unit *unit);

/* Steps of 16 bytes to 128, then 4 for each doubling; the index is the size in units of 16. */
static const uint8_t limit_class[LIMIT_LARGEST / 16 + 1] = {
    0,  0,  1,  2,  3,  4,  5,  6,  7,  8,  8,  9,  9,  10, 10, 11, 11, 12, 12, 12, 12, 13,
    13, 13, 13, 14, 14, 14, 14, 15, 15, 15, 15, 16, 16, 16, 16, 16, 16, 16, 16, 17, 17, 17,
    17, 17, 17, 17, 17, 18, 18, 18, 18, 18, 18, 18, 18, 19, 19, 19, 19, 19, 19, 19, 19,
};

static inline size_t limit_pool_of(size_t size, uint32_t category) {
    size_t class = limit_class[(size + 15) / 16];
    return LIMIT_CATEGORIES > 1 ? category * (size_t)LIMIT_CLASSES + class : class;
}

static inline void *limit_alloc(size_t size, uint32_t category) {
    limit_cache *self = limit_self;
    size_t pool = limit_pool_of(size, category);
    limit_block *block = self->free[pool];
    if (__builtin_expect(block == NULL, 0)) {
        return limit_alloc_slow(pool);
    }
    self->free[pool] = block->next;
    return block;
}

static inline void limit_free(void *memory) {
    limit_cache *self = limit_self;
    limit_block *block = memory;
    const limit_arena *arena = (limit_arena *)((uintptr_t)memory & ~(uintptr_t)(LIMIT_ARENA - 1));
    const limit_unit *unit =
        &arena->unit[(uintptr_t)memory >> LIMIT_SLAB_SHIFT & (LIMIT_SLABS - 1)];
    if (__builtin_expect(unit->owner != self, 0)) {
        limit_free_slow(block, unit);
        return;
    }
    block->next = self->free[unit->pool];
    self->free[unit->pool] = block;
}

#endif
