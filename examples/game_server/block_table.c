/* SPDX-License-Identifier: MIT
 *
 * The table of block_table.h: an array of leaves, each mapped when an address of it first comes.
 *
 * Owns:     the array and the leaves, which are never unmapped.
 * Callers:  memory.c and census.c.
 * Promises: a lookup is two loads.
 * Does not: use malloc, which may be the allocator that is watched.
 */
#define _GNU_SOURCE
#include "block_table.h"

#include "check.h"
#include "shared.h"

#include <stddef.h>
#include <sys/mman.h>

#define BLOCK_LOG2 4u
#define LEAF_LOG2  28u /* bytes of address space that a leaf stands for */
#define TOP_LOG2   20u /* leaves: together they cover the 48 bits that user addresses have */
#define ENTRIES    ((size_t)1 << (LEAF_LOG2 - BLOCK_LOG2))
#define GROUP      ((size_t)4096) /* entries per byte of touched[] */
#define THREAD_MAX UINT32_C(0xFFFF)

struct leaf {
    _Atomic uint8_t touched[ENTRIES / GROUP]; /* relaxed: read by walks after a barrier */
    /* 0, or the category above 16 bits of thread index + 1. Relaxed: one holder at a time. */
    _Atomic uint32_t entries[ENTRIES];
};

static struct leaf *_Atomic tops[(size_t)1 << TOP_LOG2];

/* Whoever loses the race to publish a leaf unmaps its own. */
static struct leaf *leaf_create(struct leaf *_Atomic *place) {
    struct leaf *fresh = mmap(NULL, sizeof *fresh, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh == MAP_FAILED) {
        fatal("the table of blocks finds no address space");
    }
    struct leaf *first = NULL;
    if (publish_once(place, &first, fresh)) {
        return fresh;
    }
    munmap(fresh, sizeof *fresh);
    return first;
}

/* The entry of an address, with its leaf; NULL for addresses that no block can have. */
static _Atomic uint32_t *entry_of(const void *block, struct leaf **leaf, size_t *index) {
    const uintptr_t address = (uintptr_t)block;
    if ((address & 15u) != 0 || address >> LEAF_LOG2 >= (uintptr_t)1 << TOP_LOG2) {
        return NULL;
    }
    struct leaf *_Atomic *place = &tops[address >> LEAF_LOG2];
    struct leaf *known = load_acquire(place); /* the leaf is mapped before it is published */
    *leaf = known != NULL ? known : leaf_create(place);
    *index = (address >> BLOCK_LOG2) & (ENTRIES - 1);
    return &(*leaf)->entries[*index];
}

static struct block_entry unpack(uint32_t word) {
    return (struct block_entry){(word & THREAD_MAX) - 1, (enum category)(word >> 16)};
}

bool block_table_add(const void *block, struct block_entry entry) {
    struct leaf *leaf = NULL;
    size_t index = 0;
    _Atomic uint32_t *place = entry_of(block, &leaf, &index);
    if (place == NULL || load_relaxed(place) != 0 || entry.thread >= THREAD_MAX) {
        return false;
    }
    store_relaxed(place, (uint32_t)entry.category << 16 | (entry.thread + 1));
    if (load_relaxed(&leaf->touched[index / GROUP]) == 0) {
        store_relaxed(&leaf->touched[index / GROUP], 1);
    }
    return true;
}

bool block_table_find(const void *block, struct block_entry *entry) {
    struct leaf *leaf = NULL;
    size_t index = 0;
    _Atomic uint32_t *place = entry_of(block, &leaf, &index);
    const uint32_t word = place != NULL ? load_relaxed(place) : 0;
    *entry = unpack(word);
    return word != 0;
}

bool block_table_remove(const void *block, struct block_entry *entry) {
    if (!block_table_find(block, entry)) {
        return false;
    }
    struct leaf *leaf = NULL;
    size_t index = 0;
    store_relaxed(entry_of(block, &leaf, &index), 0);
    return true;
}

void block_table_walk(void (*visit)(const void *block, struct block_entry entry, void *context),
                      void *context) {
    for (size_t top = 0; top < (size_t)1 << TOP_LOG2; top++) {
        struct leaf *leaf = load_acquire(&tops[top]); /* as in entry_of */
        for (size_t index = 0; leaf != NULL && index < ENTRIES; index++) {
            if (index % GROUP == 0 && load_relaxed(&leaf->touched[index / GROUP]) == 0) {
                index += GROUP - 1;
                continue;
            }
            const uint32_t word = load_relaxed(&leaf->entries[index]);
            if (word != 0) {
                const uintptr_t address = (uintptr_t)top << LEAF_LOG2 | index << BLOCK_LOG2;
                visit((const void *)address, unpack(word), context);
            }
        }
    }
}
