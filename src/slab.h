/* SPDX-License-Identifier: MIT
 *
 * slab: the blocks of a unit, as bits; and the protocol by which other threads give blocks back.
 *
 * Owns:     descriptors, free bitmaps, remote bitmaps and state words (they lie in arena.h's
 *           header).
 * Callers:  pool, shelf and gather. Functions that end in _owner: the cache that owner[] names, or who has
 *           the slab to itself otherwise. Functions that end in _holder: only the latter: the sender
 *           that woke it, who took it off its shelf, who holds its only block. Functions that end
 *           in _remote: anyone who holds the blocks that he sends.
 * Promises: no block is lost or handed out twice; a FULL slab wakes once; a slab is given back to
 *           its arena only when no sender can still touch it.
 * Does not: choose slabs, or keep lists of them.
 *
 * The state word:
 *   bits  0–23  pending: remote bits counted and not yet collected (signed: a collector may be
 *               ahead of a sender between its two steps)
 *   bit  24     FULL: nothing to hand out; no owner; wakes when pending reaches wake
 *   bit  25     SHELVED: on its shelf, or on the way there or from there; no owner; when pending
 *               reaches wake, all blocks are home
 *   bits 27–42  the cache that let it go
 *   bits 43–63  generation: raised at each FULL and each give-back
 *
 *            let_go (pending < wake)             send_remote (pending ≥ wake)
 *   owned ────────────────────────────► FULL ────────────────────────► the sender's, to place
 *     ◄──── take_back, by who let it go ──┘
 *    ▲  │  shelve (pending < wake)               send_remote of the last block
 *    │  └─────────────────────────────► SHELVED ─────────────────────► empty, on its shelf
 *    └────────────────────────────────────┴── unshelve, by who took it off the shelf
 *   owned ── give_back (all bits here, pending exactly 0) ──► the arena
 *
 * Synchronization (row beside column):
 *                  owner's, holder's    send_remote
 *   owner's        –                    any
 *   send_remote    any                  any
 * take_back is one CAS, by a thread that holds a block, with the others' as any (lock-free likewise).
 * send_remote is two steps: the bits (wait-free), then one CAS on the state (lock-free; it fails
 * only when another sender's or the owner's succeeded). A thread stopped between the steps keeps
 * this one slab from being given back, and nobody from anything else.
 */
#ifndef CORRAL_SLAB_H
#define CORRAL_SLAB_H

#include "arena.h"
#include "block_link.h"
#include "category.h"

#define STATE_PENDING_MASK UINT64_C(0xFFFFFF)
#define STATE_FULL         (UINT64_C(1) << 24)
#define STATE_SHELVED      (UINT64_C(1) << 25)
#define STATE_CACHE_SHIFT  27
#define STATE_CACHE_MASK   (UINT64_C(0xFFFF) << STATE_CACHE_SHIFT)
#define STATE_GENERATION   (UINT64_C(1) << 43)

static_assert(SLAB_BYTES / BLOCK_MIN < STATE_PENDING_MASK / 2, "pending fits its bits");

CORRAL_FAST int32_t state_pending(uint64_t state) {
    return (int32_t)((uint32_t)state << 8) >> 8;
}

CORRAL_FAST uint64_t state_add(uint64_t state, int32_t blocks) {
    return (state & ~STATE_PENDING_MASK) |
           ((state + (uint64_t)(int64_t)blocks) & STATE_PENDING_MASK);
}

CORRAL_FAST unsigned state_cache(uint64_t state) {
    return (unsigned)((state & STATE_CACHE_MASK) >> STATE_CACHE_SHIFT);
}

CORRAL_FAST unsigned slab_number(const struct slab *slab) {
    return (unsigned)(slab - arena_of(slab)->slabs);
}

CORRAL_FAST const struct size_class *slab_class(const struct slab *slab) {
    return &corral_classes[slab->pool & (CLASS_STRIDE - 1)];
}

CORRAL_FAST char *slab_start(const struct slab *slab) {
    return arena_slab_start(arena_of(slab), slab_number(slab));
}

CORRAL_FAST struct remote *slab_remote(const struct slab *slab) {
    return &arena_of(slab)->planes[0].remote[slab_number(slab)].head;
}

/* A word of the remote bitmap, and of the free one; the latter also by a slab's number. */
CORRAL_FAST _Atomic uint64_t *slab_remote_word(const struct slab *slab, unsigned word) {
    unsigned at = word + HEAD_WORDS;
    struct plane *plane = &arena_of(slab)->planes[at / LINE_WORDS];
    return &plane->remote[slab_number(slab)].words[at % LINE_WORDS];
}

CORRAL_FAST uint64_t *free_word_of(struct arena *arena, unsigned slab, unsigned word) {
    struct plane *plane = &arena->planes[word / LINE_WORDS];
    return &plane->free[slab].words[word % LINE_WORDS];
}

CORRAL_FAST uint64_t *slab_free_word(const struct slab *slab, unsigned word) {
    return free_word_of(arena_of(slab), slab_number(slab), word);
}

/* The unit that a block lies in. The caller holds the block. */
CORRAL_FAST struct slab *slab_of(const void *block) {
    struct arena *arena = arena_of(block);
    return &arena->slabs[arena->unit[arena_slab_number(block)]];
}

/* The number in its unit of the block that begins at an address of the unit; false when none does. */
CORRAL_FAST bool slab_find_block(const struct slab *slab, const void *block, uint32_t *at) {
    const struct size_class *size_class = slab_class(slab);
    size_t offset = (size_t)((const char *)block - slab_start(slab));
    *at = size_class_index(size_class, offset);
    return likely(*at * (size_t)size_class->size == offset && *at < slab->capacity);
}

/* Is `cache` the owner? Only an owner ends its ownership, so its own answer stays true. */
CORRAL_FAST bool slab_is_owned_by(const struct slab *slab, uint16_t cache) {
    /* [R:own-identity] */
    return load_relaxed(&arena_of(slab)->owner[slab_number(slab)]) == cache;
}

CORRAL_FAST void slab_set_owner(struct slab *slab, uint16_t cache) {
    store_relaxed(&arena_of(slab)->owner[slab_number(slab)], cache); /* [R:own-identity] */
}

/* Is the slab FULL, was it `cache` that let it go, and are `home` blocks pending? Another may wake it
 * meanwhile; nobody but `cache` makes it FULL in this name. */
CORRAL_FAST bool slab_was_let_go_by(const struct slab *slab, uint16_t cache, uint32_t home) {
    uint64_t state = load_relaxed(&slab_remote(slab)->state); /* [R:own-identity] */
    return (state & STATE_FULL) != 0 && state_cache(state) == cache &&
           state_pending(state) >= (int32_t)home;
}

/* Is the slab FULL: are all its free blocks remote bits? */
CORRAL_FAST bool slab_is_full(const struct slab *slab) {
    return (load_relaxed(&slab_remote(slab)->state) & STATE_FULL) != 0; /* [R:holder] */
}

/* A word of the remote bitmap. */
CORRAL_FAST uint64_t slab_remote_bits(const struct slab *slab, unsigned word) {
    return load_relaxed(slab_remote_word(slab, word)); /* [R:holder] */
}

/* How many units of each pool's there are, of all threads'. Atomic, relaxed: it steers, and is a figure. */
extern CORRAL_HIDDEN _Atomic int32_t corral_slab_counts[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG];

/* Blocks of each pool's that left a slab (or, below 0, came home) in no thread's name. Atomic, relaxed: a
 * figure. What was never touched costs no memory. */
extern CORRAL_HIDDEN _Atomic int64_t corral_slab_strays[(size_t)CATEGORY_LIMIT << CLASS_STRIDE_LOG];

/* Counts such blocks. The caller holds one, or has the slab. */
CORRAL_FAST void slab_count_stray(const struct slab *slab, int64_t blocks) {
    fetch_add_relaxed(&corral_slab_strays[slab->pool], blocks); /* [R:figure] */
    category_count_stray(slab->pool >> CLASS_STRIDE_LOG, blocks * (int64_t)slab_class(slab)->size);
}

/* A new slab for `pool`, owned by `cache`, all blocks free. NULL when memory is exhausted. */
struct slab *corral_slab_make(uint32_t pool, uint16_t cache);

/* Takes a whole word of free blocks: a run. Returns its bits, 0 when none is free; *word is its
 * index. In address order from the slab's colour on, round. */
uint64_t corral_slab_take_run_owner(struct slab *slab, unsigned *word);
/* Makes a block of a unit of one slab free. False, and nothing else, when it is free already. */
CORRAL_FAST bool slab_put_block_owner(struct arena *arena, unsigned number, uint32_t block) {
    struct slab *slab = &arena->slabs[number];
    unsigned word = block / 64;
    uint64_t *free = free_word_of(arena, number, word);
    IN_REGISTER(free);
    uint64_t bits = *free;
    if (unlikely((bits >> block % 64 & 1) != 0)) {
        return false;
    }
    *free = bits | UINT64_C(1) << block % 64;
    slab->summary[word / 64] |= UINT64_C(1) << word % 64;
    slab->word = (uint8_t)word;
    slab->free_count++;
    return true;
}

/* Makes blocks of one word free. Returns those that were free already: 0 when all is well. */
uint64_t corral_slab_put_owner(struct slab *slab, unsigned word, uint64_t bits);
/* Says of blocks of a word that they were free already. owner: is the slab the caller's? Others' is not read: it may be
 * gone by now. Whoever freed them again has counted them as
 * gone home. */
void corral_slab_report_twice(const struct slab *slab, unsigned word, uint64_t bits, bool owner);
/* Collects all remote bits as free bits. */
void corral_slab_collect_owner(struct slab *slab);
/* As collect, but returns up to `most` of the blocks as a list in address order. */
struct block_list corral_slab_collect_list_owner(struct slab *slab, uint32_t most);
/* Makes the slab FULL; `cache` is who lets it go. False when pending has reached what would wake it: it
 * is still owned then, and there is something to collect. The slab is not empty. */
bool corral_slab_let_go_owner(struct slab *slab, uint16_t cache);
/* Gives an empty slab back to its arena. False when a sender may still touch it. */
bool corral_slab_give_back_owner(struct slab *slab);

/* Arms a slab that goes to its shelf. False when all its blocks are home by now: then there is
 * something to collect. An empty slab is armed when a sender is between its two steps. */
bool corral_slab_shelve_holder(struct slab *slab);
/* Disarms a slab off its shelf, and gives it an owner, or none when that is 0. */
void corral_slab_unshelve_holder(struct slab *slab, uint16_t cache);

enum sent {
    SENT,      /* done, and the slab is not touched any more */
    SENT_WOKE, /* the slab is the caller's alone, to be placed */
    SENT_LAST, /* the slab became empty on its shelf; it is not the caller's, and may be anything */
};

/* Sends blocks home to a slab. Blocks that had been sent already run the misuse policy. *cache is
 * set with SENT_WOKE: the one that let the slab go. */
enum sent corral_slab_send_remote(struct slab *slab, unsigned word, uint64_t bits, unsigned *cache);

/* Takes back a FULL slab that `cache`, the caller's, let go, and of which the caller holds a block: it is
 * owned by `cache` again, and what came home meanwhile is free bits. False when it is not FULL any more, or
 * another cache let it go. Lock-free. */
bool corral_slab_take_back_remote(struct slab *slab, uint16_t cache);

/* Grows a unit of one block to that of a larger class, into the slabs behind it. The caller holds
 * the block, and the slab is FULL, so nobody else reads what changes. False when they are taken. */
bool corral_slab_grow_holder(struct slab *slab, unsigned class_index);

/* Takes all blocks away from who holds them: what came home is forgotten, and nobody is woken. The slab is as one
 * that was given back, but for the arena's part in that. Nobody sends blocks to it. pool: what the registry says of
 * it; the descriptor may be half made, in the child of a fork. */
void corral_slab_clear_holder(struct slab *slab, uint32_t pool);

/* The descriptor's law. */
bool corral_slab_valid(const struct slab *slab);

#endif
