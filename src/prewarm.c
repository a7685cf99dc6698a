/* SPDX-License-Identifier: MIT
 *
 * prewarm: memory is there before blocks are asked for.
 *
 * Owns:     nothing.
 * Callers:  a program's thread, through corral/upkeep.h.
 * Promises: as corral/upkeep.h.
 * Does not: allocate a block of a size class. Choose which of the arena's slabs a refill claims: it takes those whose
 *           memory is kept first.
 */
#include <corral/upkeep.h>

#include "arena.h"
#include "keep.h"
#include "large.h"
#include "os.h"
#include "poison.h"
#include "slab.h"
#include "slow.h"

#include <errno.h>

/* Writes to each page what it has. */
static void touch(char *start, size_t size) {
    unpoison(start, size);
    for (size_t at = 0; at < size; at += corral_os_page_size()) {
        volatile char *byte = start + at;
        *byte = *byte;
    }
    poison(start, size);
}

/* Claims a unit that would be kept, given back with all in hand; NULL when there is none. */
static struct slab *claim(uint32_t category, unsigned slabs, size_t in_hand) {
    struct slab *unit = corral_arena_claim(category, slabs);
    if (unit == NULL) {
        return NULL;
    }
    if (!corral_keep_has_room(category, in_hand + ((size_t)slabs << SLAB_SHIFT))) {
        corral_arena_give(unit, slabs);
        return NULL;
    }
    return unit;
}

/* What a slab's making and first frees write of the arena's header. */
static void touch_header(struct slab *unit, unsigned words) {
    for (unsigned word = 0; word < words; word++) {
        volatile uint64_t *free = slab_free_word(unit, word);
        *free = *free;
        fetch_or_relaxed(slab_remote_word(unit, word), 0); /* [R:holder] */
    }
}

/* Gives units back, which are linked. */
static void give(struct slab *units, unsigned slabs) {
    while (units != NULL) {
        struct slab *unit = units;
        units = unit->next;
        unit->next = NULL;
        corral_arena_give(unit, slabs);
    }
}

/* Claims units, touches them and gives all back. Returns for how many blocks. */
static size_t prewarm_slabs(uint32_t pool, size_t count) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    unsigned slabs = size_class->slabs;
    size_t bytes = (size_t)slabs << SLAB_SHIFT, in_hand = 0, ready = 0;
    struct slab *units = NULL, *unit;
    while (ready < count && (unit = claim(pool >> CLASS_STRIDE_LOG, slabs, in_hand)) != NULL) {
        touch(slab_start(unit), bytes);
        touch_header(unit, (size_class->capacity + 63) / 64);
        unit->next = units;
        units = unit;
        in_hand += bytes;
        ready += size_class->capacity;
    }
    give(units, slabs);
    return ready;
}

static size_t prewarm_large(size_t size, uint32_t category, size_t count) {
    size_t ready = 0;
    void *block;
    for (; ready < count && (block = corral_large_make(size, category)) != NULL; ready++) {
        struct large_info info;
        struct large_entry *entry = large_map_find(block);
        large_find(entry, &info);
        touch(block, info.size);
        corral_large_keep_made(block, entry);
    }
    return ready;
}

size_t corral_prewarm(uint32_t memory_type_id, size_t size, size_t count) {
    uint32_t pool = corral_pool_base(memory_type_id);
    bool large = size > BLOCK_MAX - TAIL_LEAST;
    size_t ready = 0;
    pool += large ? 0 : size_class_of(size + TAIL_LEAST);
    if (thread_cache_attached() != NULL && (large || corral_pool_of_thread(pool) != NULL) && size <= PTRDIFF_MAX) {
        category_use(pool >> CLASS_STRIDE_LOG);
        ready = large ? prewarm_large(size, pool >> CLASS_STRIDE_LOG, count) : prewarm_slabs(pool, count);
    }
    if (ready < count) {
        errno = ENOMEM;
    }
    return ready < count ? ready : count;
}
