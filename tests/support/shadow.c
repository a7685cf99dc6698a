/* SPDX-License-Identifier: MIT
 *
 * The shadow map: three levels over 47 bits of address.
 *
 *      46        35 34        22 21          4
 *     +------------+------------+-------------+
 *     | top [4096] | mid [8192] | unit (bit)  |      a leaf has a bit for each 16 bytes of 4 MiB
 *     +------------+------------+-------------+
 *
 * Owns:     the tables; they are mapped at first use and published by one CAS.
 * Callers:  see shadow.h.
 * Promises: relaxed bits are enough. Whoever gives a block clears its bits before he frees it, and
 *           the allocator must order that free before the next allocation of the same memory: then
 *           coherence shows the cleared bits. An allocator without that order fails here.
 * Does not: free a table.
 */
#include "shadow.h"

#include "check.h"

#include <stdatomic.h>
#include <sys/mman.h>

enum {
    UNIT_SHIFT = 4,
    LEAF_SHIFT = 22,
    MID_SHIFT = 35,
    TOP_SHIFT = 47,
    LEAF_WORDS = 1 << (LEAF_SHIFT - UNIT_SHIFT - 6),
    MID_LEAVES = 1 << (MID_SHIFT - LEAF_SHIFT),
    TOP_MIDS = 1 << (TOP_SHIFT - MID_SHIFT)
};

struct leaf {
    _Atomic uint64_t words[LEAF_WORDS];
};

struct mid {
    _Atomic(struct leaf *) leaves[MID_LEAVES];
};

static _Atomic(struct mid *) top[TOP_MIDS];
static _Atomic int64_t units;

static void *map_zeroed(size_t size) {
    void *table = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(table != MAP_FAILED, "the shadow map finds no memory");
    return table;
}

static struct mid *mid_of(uintptr_t address) {
    CHECK(address >> TOP_SHIFT == 0, "address %#zx is beyond the shadow map", (size_t)address);
    _Atomic(struct mid *) *slot = &top[address >> MID_SHIFT];
    struct mid *mid = atomic_load_explicit(slot, memory_order_acquire);
    if (mid == NULL) {
        struct mid *fresh = map_zeroed(sizeof *fresh);
        if (atomic_compare_exchange_strong_explicit(slot, &mid, fresh, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            return fresh;
        }
        munmap(fresh, sizeof *fresh);
    }
    return mid;
}

static struct leaf *leaf_of(uintptr_t address) {
    _Atomic(struct leaf *) *slot =
        &mid_of(address)->leaves[(address >> LEAF_SHIFT) & (MID_LEAVES - 1)];
    struct leaf *leaf = atomic_load_explicit(slot, memory_order_acquire);
    if (leaf == NULL) {
        struct leaf *fresh = map_zeroed(sizeof *fresh);
        if (atomic_compare_exchange_strong_explicit(slot, &leaf, fresh, memory_order_acq_rel,
                                                    memory_order_acquire)) {
            return fresh;
        }
        munmap(fresh, sizeof *fresh);
    }
    return leaf;
}

/* Sets or clears the units of one word from `first` on; returns how many it covered. `clean` ends
 * false when one of them was already so. */
static size_t mark_word(uintptr_t first, size_t count, bool live, bool *clean) {
    size_t bit = first & 63;
    size_t here = count < 64 - bit ? count : 64 - bit;
    uint64_t mask = (here == 64 ? ~UINT64_C(0) : (UINT64_C(1) << here) - 1) << bit;
    struct leaf *leaf = leaf_of(first << UNIT_SHIFT);
    _Atomic uint64_t *word = &leaf->words[(first >> 6) & (LEAF_WORDS - 1)];
    uint64_t before = live ? atomic_fetch_or_explicit(word, mask, memory_order_relaxed)
                           : atomic_fetch_and_explicit(word, ~mask, memory_order_relaxed);
    if ((before & mask) != (live ? 0 : mask)) {
        *clean = false;
    }
    return here;
}

static bool mark(const void *block, size_t size, bool live) {
    uintptr_t unit = (uintptr_t)block >> UNIT_SHIFT;
    size_t left = (size + (1u << UNIT_SHIFT) - 1) >> UNIT_SHIFT;
    int64_t change = live ? (int64_t)left : -(int64_t)left;
    atomic_fetch_add_explicit(&units, change, memory_order_relaxed);
    bool clean = true;
    while (left > 0) {
        size_t here = mark_word(unit, left, live, &clean);
        unit += here;
        left -= here;
    }
    return clean;
}

bool shadow_take(const void *block, size_t size) {
    return mark(block, size, true);
}

bool shadow_give(const void *block, size_t size) {
    return mark(block, size, false);
}

uint64_t shadow_units(void) {
    return (uint64_t)atomic_load_explicit(&units, memory_order_relaxed);
}
