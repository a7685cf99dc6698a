/* SPDX-License-Identifier: MIT
 *
 * arena: a large aligned range of addresses of ONE category, cut into slabs.
 *
 * Owns:     the arena's header, and who holds which slab.
 * Callers:  slab (claims and gives back units). Any thread.
 * Promises: a claimed unit is the caller's alone; a header is read only by who holds a slab of the
 *           arena or a live block in it.
 * Does not: hand out blocks.
 *
 *   arena: 64 slabs, aligned to its own size
 *   ┌──────────────────┬────────┬────────┬─ ─ ─┬─────────┐
 *   │ the header       │ slab 2 │ slab 3 │     │ slab 63 │   registry_entry.taken: one bit a slab
 *   └──────────────────┴────────┴────────┴─ ─ ─┴─────────┘
 *   header, from one of 8 colours on:
 *   entry                            the arena's entry in the registry, which has what free reads
 *   owner[64] unit[64]               written when a slab changes hands
 *   slabs[64]                        descriptors, one line each, dense: owner's
 *   planes[9]                        each a line of free bits for every slab, which are its owner's, and
 *                                    one of remote bits, everyone's; the first begins with the state
 *
 * A unit is one slab, or several neighbours that hold blocks larger than a slab's small ones; its
 * first slab's descriptor stands for all. A slab of 2,048 blocks has words in five planes, one of 64 in
 * the first alone: so much of the header is touched as the blocks are many, which for most sizes is some
 * three pages of it. The lines of 64 slabs in a plane lie in as many cache sets.
 */
#ifndef CORRAL_ARENA_H
#define CORRAL_ARENA_H

#include "atomic.h"
#include "base.h"
#include "options.h"
#include "registry.h"
#include "size_class.h"

#define BITMAP_WORDS  (SLAB_BYTES / BLOCK_MIN / 64)
#define SUMMARY_WORDS ((BITMAP_WORDS + 63) / 64)

/* A slab's descriptor. Law, while a cache owns it:
 *   free_count = bits set in the free bitmap
 *   summary    = words of the free bitmap that are not zero
 *   free_count + remote bits + blocks in fronts, runs, open words and callers = capacity */
struct slab {
    _Alignas(CACHE_LINE) uint64_t summary[SUMMARY_WORDS]; /* owner */
    uint32_t free_count;                                  /* owner */
    uint32_t capacity;                                    /* const while claimed */
    uint32_t pool;  /* const while claimed: category and class in one number */
    uint16_t start; /* owner: the bit to begin with, until its word was handed out; page colour */
    uint8_t word;   /* owner: the word of the free bitmap to look at next, over SUMMARY_WORDS */
    uint8_t slabs;  /* const while claimed: slabs in the unit */
    bool fresh;     /* owner: the word of `start` was not handed out yet */
    bool queued;    /* owner: linked into its pool's queue */
    uint16_t life;  /* const while claimed: times that the slab was made, in a hardened build; else 0 */
    struct slab *next, *previous; /* owner: the pool's queue */
};

/* What other threads write of a slab, on lines of its own, but for most of the remote bits. */
struct remote {
    _Atomic uint64_t state; /* atomic [E:state]: see slab.h */
    _Atomic int32_t wake;   /* atomic [E:state]: see slab.h */
};

#define LINE_WORDS (CACHE_LINE / 8)

union remote_line {
    struct remote head;                 /* of the first plane */
    _Atomic uint64_t words[LINE_WORDS]; /* atomic [E:bits]: but for the head's */
};

struct free_line {
    uint64_t words[LINE_WORDS]; /* owner */
};

/* Words of a remote line that the head takes. */
#define HEAD_WORDS (sizeof(struct remote) / 8)
#define PLANES     ((BITMAP_WORDS + HEAD_WORDS + LINE_WORDS - 1) / LINE_WORDS)

struct plane {
    _Alignas(CACHE_LINE) struct free_line free[ARENA_SLABS];
    union remote_line remote[ARENA_SLABS];
};

struct arena {
    struct registry_entry *entry;               /* const */
    _Atomic uint16_t owner[ARENA_SLABS]; /* atomic: cache, or 0 */
    uint8_t unit[ARENA_SLABS];                  /* const while claimed: the unit's first slab */
    struct slab slabs[ARENA_SLABS];
    struct plane planes[PLANES];
};

/* Arenas lie a power of two apart: with all headers at the same place, those of 16 arenas would share
 * one TLB set and few cache sets. They begin at one of a few places instead, a page and two lines
 * apart. */
#define HEADER_COLOURS      8u
#define HEADER_COLOUR_BYTES (4096u + 2u * CACHE_LINE)
#define HEADER_BYTES        (sizeof(struct arena) + (HEADER_COLOURS - 1) * HEADER_COLOUR_BYTES)

#define HEADER_SLABS  ((unsigned)((HEADER_BYTES + SLAB_BYTES - 1) / SLAB_BYTES))
#define HEADER_BITS   bits_below(HEADER_SLABS)
#define ARENA_USABLE  (ARENA_SLABS - HEADER_SLABS)

static_assert(sizeof(union remote_line) == CACHE_LINE, "a line of a plane is a cache line");
static_assert(SLAB_BYTES > 64 * KIB || sizeof(struct slab) == CACHE_LINE, "descriptors are dense");
static_assert(2 * CORRAL_MEDIUM_SLABS <= ARENA_USABLE, "two medium units fit an arena");
static_assert(BITMAP_WORDS <= 256, "a word's index is one byte");

/* The header of the arena that an address lies in. */
CORRAL_FAST struct arena *arena_of(const void *address) {
    uintptr_t base = (uintptr_t)address & ~ARENA_MASK;
    return (struct arena *)(base + (base >> ARENA_SHIFT) % HEADER_COLOURS * HEADER_COLOUR_BYTES);
}

CORRAL_FAST unsigned arena_slab_number(const void *address) {
    return (unsigned)((uintptr_t)address >> SLAB_SHIFT) & (ARENA_SLABS - 1);
}

CORRAL_FAST char *arena_slab_start(const struct arena *arena, unsigned number) {
    return (char *)((uintptr_t)arena & ~ARENA_MASK) + ((size_t)number << SLAB_SHIFT);
}

/* A slab of the arena that an entry has. The caller has the slab. */
CORRAL_FAST struct slab *arena_slab(uint32_t number, unsigned slab) {
    /* [R:holder] */
    return &((struct arena *)load_relaxed(&corral_registry_entry(number)->arena))->slabs[slab];
}

/* A unit of `count` neighbouring slabs of the category, the caller's alone: its descriptor, in
 * which nothing is set. NULL when no memory is to be had. Lock-free but for the OS. */
struct slab *corral_arena_claim(uint32_t category, unsigned count);
/* Gives a unit back whose blocks are all free, whose remote bits are all zero. The memory is kept
 * for a while, or purged where enough is kept. The arena may be gone afterwards. */
void corral_arena_give(struct slab *slab, unsigned count);
/* The same for all slabs of an arena that the caller has, as bits, each of a unit that is all its own; their memory
 * goes back to the OS. */
void corral_arena_give_all(struct registry_entry *entry, uint64_t mask);
/* Gives back the bits of slabs that hold nothing: what give ends with, and who purged them. */
void corral_arena_return(struct registry_entry *entry, uint64_t mask);
/* Sets what free finds for the addresses of a unit's slabs: its pool. */
void corral_arena_set_pool(const struct slab *slab, unsigned count, uint32_t pool);
/* Ends all arenas that nobody holds a slab of, so that other categories and large blocks find memory.
 * False when there was none. Lock-free but for the OS; walks all arenas. */
bool corral_arena_end_empty(void);
/* Ends those of a category, but for its reserve. False when there was none. Walks its arenas. */
bool corral_arena_end_empty_of(uint32_t category);
/* Does nobody hold a slab of an arena, by its number, whose category has free slabs enough besides? */
bool corral_arena_is_spare(uint32_t number);
/* Ends such an arena: what giving back the last slab of it does too, where the program does not tick. True when it has
 * ended: one of a reserve, or of an isolated category, stays. */
bool corral_arena_end_spare(uint32_t number);
/* Are there arenas enough for so many bytes of slabs, and as many for others? */
bool corral_arena_may_reserve(uint32_t category, uint64_t bytes);
/* Makes arenas until the category's have so many bytes of slabs. False when there are not so many addresses. May call
 * the OS. */
bool corral_arena_reserve(uint32_t category, uint64_t bytes);
/* Claims the `more` slabs behind a unit that the caller holds, if they are free. */
bool corral_arena_extend(struct slab *slab, unsigned count, unsigned more);

#endif
