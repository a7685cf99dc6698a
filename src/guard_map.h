/* SPDX-License-Identifier: MIT
 *
 * guard_map: from an address to the block between guard pages that it is of.
 *
 * Owns:     what is known of such blocks, in ranges of an arena's size; their counters. None of it lies in the ranges, and
 *           none is ever unmapped.
 * Callers:  guard_range, which makes ranges; guard, misuse, mark, walk, stats. Any thread; looking up, signal handlers too.
 * Promises: looking up is wait-free. A range is of one category for ever. What is known of a freed block stays known until
 *           its addresses are used again.
 * Does not: change the state of a block, or read one. Exist in a build without guard pages: then every function here is a
 *           constant.
 *
 *   range: 64 units of a slab's size                       run: the units of a block
 *   │ unit 0 │ unit 1 │ unit 2 │ ...  │ unit 63 │
 *     run      run ────────────    │ traps ··· │ slack │ size asked for │ slack │ traps: a page │
 *                                              └ page                  └ as the alignment wants
 *   A page at least traps before, for the pages of a run begin behind its first one.
 *
 *   word:  | life (40) | units (8) | class (8) | state (8) |
 *     NONE ── begin ──► LIVE ── free ──► FREED ── waits (guard_wait.h); its units are taken ──► another begins
 *
 * Synchronization (row beside column):
 *            begin     free      read
 *   begin    –         –         a life that changed meanwhile is told      the units are the beginner's
 *   free     –         CAS       any                                        of two frees one changes the state
 */
#ifndef CORRAL_GUARD_MAP_H
#define CORRAL_GUARD_MAP_H

#include "atomic.h"
#include "base.h"
#include "large_map.h"
#include "options.h"
#include "size_class.h"

#define GUARD_UNITS      64u
#define GUARD_UNIT_BYTES SLAB_BYTES
#define GUARD_BUSY       ((uintptr_t)1)

enum guard_state { GUARD_IS_NONE, GUARD_IS_LIVE, GUARD_IS_FREED };

struct guard_range;

/* What is known of the block that a unit is the first one of. */
struct guard_block {
    _Atomic uint64_t word;       /* atomic [E:guarded] */
    _Atomic uintptr_t block;     /* atomic [E:guarded]: its address */
    _Atomic size_t asked;        /* atomic [E:guarded]: bytes that the caller may use */
    _Atomic(const char *) file;  /* atomic [E:guarded]: where it was asked for; NULL: not known */
    _Atomic uint32_t line;       /* atomic [E:guarded]: likewise */
    _Atomic uint8_t mark;        /* atomic [E:mark] (mark.h) */
    struct guard_range *range;   /* const */
};

/* Law: the runs of live blocks and of those that wait are disjoint, and are the bits of `taken`; all bits where the range has
 * no addresses. */
struct guard_range {
    _Atomic uint64_t taken;   /* atomic [E:guards] */
    _Atomic uintptr_t start;  /* atomic [E:guard-start]: its addresses; 0: it has none; GUARD_BUSY: it is to have some */
    _Atomic uint32_t next_at; /* atomic, relaxed: where the next run is looked for first */
    uint32_t category;        /* const */
    struct guard_range *next; /* const after the push */
    struct guard_block blocks[GUARD_UNITS];
};

/* What was read of a block at once. */
struct guard_info {
    const char *block, *file;
    size_t size;
    uint32_t pool, line;
    enum guard_state state;
};

CORRAL_FAST uint64_t guard_word(uint64_t life, unsigned units, unsigned class_index, enum guard_state state) {
    return life << 24 | (uint64_t)units << 16 | (uint64_t)class_index << 8 | (uint64_t)state;
}

CORRAL_FAST enum guard_state guard_word_state(uint64_t word) {
    return (enum guard_state)(word & 0xFF);
}

CORRAL_FAST unsigned guard_word_class(uint64_t word) {
    return (unsigned)(word >> 8) & 0xFF;
}

CORRAL_FAST unsigned guard_word_units(uint64_t word) {
    return (unsigned)(word >> 16) & 0xFF;
}

CORRAL_FAST uint64_t guard_word_life(uint64_t word) {
    return word >> 24;
}

/* The range that an address lies in, or NULL. */
struct guard_range *corral_guard_range_of(const void *address);
/* The block, live or freed, in whose run an address lies, as it was used last; NULL when there is none. */
struct guard_block *corral_guard_around(struct guard_range *range, const void *address);
/* Reads what is known of it. False where that is nothing, or it changes at this moment. */
bool corral_guard_read(const struct guard_block *it, struct guard_info *info);
/* A category's ranges, the last first; NULL when it has none. */
struct guard_range *corral_guard_ranges(uint32_t category);
/* Adds a range, complete but for its addresses, to its category's list. */
void corral_guard_add(struct guard_range *range);
/* Addresses lead to a range from here on. False when memory is exhausted. */
bool corral_guard_enter(struct guard_range *range, void *start);
/* They do no more. */
void corral_guard_leave(struct guard_range *range);
/* Counts a block of a pool that begins, or with -1 ends, at the pool's and the category's figures. */
void corral_guard_count(uint32_t pool, int blocks);

/* Units of a block of a pool. */
unsigned corral_guard_units(uint32_t pool);
/* Units of the blocks that are live, which figures call slabs. */
uint64_t corral_guard_slabs(uint32_t category);
uint64_t corral_guard_slabs_of_pool(uint32_t pool);
uint64_t corral_guard_range_count(uint32_t category);

CORRAL_FAST bool guard_covers(const void *address) {
    return GUARDS && unlikely(corral_guard_range_of(address) != NULL);
}

/* The block in whose run an address lies, or NULL. */
CORRAL_FAST struct guard_block *guard_around(const void *address) {
    struct guard_range *range = GUARDS ? corral_guard_range_of(address) : NULL;
    return GUARDS && range != NULL ? corral_guard_around(range, address) : NULL;
}

CORRAL_FAST bool guard_read(const struct guard_block *it, struct guard_info *info) {
    return GUARDS && it != NULL && corral_guard_read(it, info);
}

CORRAL_FAST uint32_t guard_pool(const struct guard_block *it) {
    uint64_t word = load_relaxed(&it->word); /* [R:holder] */
    return (it->range->category << CLASS_STRIDE_LOG) + guard_word_class(word);
}

/* Units of the run of a block. */
CORRAL_FAST unsigned guard_units(const struct guard_block *it) {
    return guard_word_units(load_relaxed(&it->word)); /* [R:holder] */
}

CORRAL_FAST bool guard_is_live(const struct guard_block *it) {
    return guard_word_state(load_relaxed(&it->word)) == GUARD_IS_LIVE; /* [R:holder] */
}

/* The pool of whatever lies at an address of a range, for a message. */
CORRAL_FAST uint32_t guard_pool_at(const void *address) {
    struct guard_block *it = guard_around(address);
    return it != NULL ? guard_pool(it)
           : GUARDS   ? (corral_guard_range_of(address)->category << CLASS_STRIDE_LOG) + CLASS_NONE
                      : CLASS_NONE;
}

CORRAL_FAST uint64_t guard_slabs(uint32_t category) {
    return GUARDS ? corral_guard_slabs(category) : 0;
}

CORRAL_FAST uint64_t guard_slabs_of_pool(uint32_t pool) {
    return GUARDS ? corral_guard_slabs_of_pool(pool) : 0;
}

CORRAL_FAST uint64_t guard_range_count(uint32_t category) {
    return GUARDS ? corral_guard_range_count(category) : 0;
}

/* The first byte behind what may be used of a run. */
CORRAL_FAST char *guard_end(const struct guard_block *it, size_t page) {
    size_t first = (size_t)(it - it->range->blocks);
    size_t units = guard_units(it);
    uintptr_t start = load_relaxed(&it->range->start); /* [R:holder] */
    return (char *)start + (first + units) * GUARD_UNIT_BYTES - page;
}

static_assert(CLASS_STRIDE <= 256 && GUARD_UNITS < 256, "a word has 8 bits for the class, and for the units");
static_assert(GUARD_UNITS * GUARD_UNIT_BYTES == ARENA_BYTES, "an entry of the large blocks' map is a range's alone");

#endif
