/* SPDX-License-Identifier: MIT
 *
 * mark: which live blocks have a record that a walk may read, and who reads it.
 *
 * Owns:     the marks: a byte for each block that can have a record, beside arenas and large blocks. Their memory
 *           is never unmapped, so a mark may be looked at whatever became of its block.
 * Callers:  slow_free, large_own, block, origin: who holds the block; walk: any thread. In categories that keep
 *           origins alone, where no free is a hit (control.h).
 * Promises: who counted itself in while LIVE was set may read the block's memory until it counts itself out: the
 *           block is not home. Lock-free; nobody waits.
 * Does not: read a record.
 *
 *   mark:  | readers (7) | LIVE (1) |
 *
 *     0 ── set, by who allocated ──► LIVE ── hold ──► LIVE, 1 reader ── let go ──► LIVE
 *     0 ◄── end: the block is the freer's ── LIVE    LIVE, 1 reader ── end: left ──► 1 reader
 *     0 ◄── pause: the holder resizes it ─── LIVE    1 reader ── let go: the block is the reader's ──► 0
 *                                                    1 reader ── end, a second time ──► 2 readers
 *
 * Synchronization (row beside column):
 *            set     end     pause   hold    let go
 *   set      –       –       –       CAS     –         the holder's, of a block that is nobody else's
 *   end      –       CAS     –       CAS     CAS       a second free finds LIVE gone while others read
 *   pause    –       –       –       CAS     CAS
 *   hold             any             CAS     CAS       counted in, not taken: any number up to READERS_MOST
 */
#ifndef CORRAL_MARK_H
#define CORRAL_MARK_H

#include "atomic.h"
#include "base.h"
#include "large_map.h"
#include "record.h"
#include "slab.h"

struct mark {
    _Atomic uint8_t word; /* atomic [E:mark] */
};

#define MARK_LIVE    UINT8_C(1)
#define MARK_READER  UINT8_C(2)
#define READERS_MOST UINT8_C(126)

/* A block with a record has this many bytes at least. */
#define MARKED_LEAST RECORD_BYTES
#define SLAB_MARKS   (SLAB_BYTES / MARKED_LEAST)
#define ARENA_MARKS  (SLAB_MARKS * ARENA_SLABS)
#define MARK_ROOT_WORDS (LARGE_ROOTS / 64)

/* Marks of large blocks. They are few and far between, so bits say where a walk has to look. */
struct mark_leaf {
    struct mark marks[LARGE_LEAF_ENTRIES];
    _Atomic uint64_t used[LARGE_LEAF_ENTRIES / 64]; /* atomic, relaxed: marks that were ever set */
};

enum mark_ended {
    MARK_NONE,  /* the block has none: it is freed as any other */
    MARK_ENDED, /* the block is the caller's, to bring home */
    MARK_LEFT,  /* a walk brings it home */
    MARK_TWICE, /* a walk was to bring it home already: the caller is counted in, to say so */
};

/* The mark of an address at which a block of an arena, or a large one, may begin; NULL when none does or there
 * are no marks there. The caller holds what it takes for a block. */
struct mark *corral_mark_find(const void *block);
/* The same, made if need be. NULL when memory is exhausted. May call the OS. */
struct mark *corral_mark_make(const void *block);
/* The marks of an arena, ARENA_MARKS of them, slab by slab. NULL when there are none. */
struct mark *corral_mark_of_arena(uint32_t number);
/* Those of the large blocks of a root of their map; NULL likewise. */
struct mark_leaf *corral_mark_of_root(size_t root);
/* Which roots may have marks, of 64 of them. */
uint64_t corral_mark_roots(size_t word);

/* Nobody walks the category: the blocks of an arena's slabs, or a large one, are gone, whose marks they were. */
void corral_mark_clear_slabs(uint32_t number, uint64_t slabs);
void corral_mark_clear(const void *block);
/* Ends a block's mark, when it is freed. */
enum mark_ended corral_mark_end(struct mark *mark);
/* Counts the caller in. False when the block is not live. */
bool corral_mark_hold(struct mark *mark);
/* Counts the caller out. True when the block was freed meanwhile, and is the caller's, to bring home. */
bool corral_mark_let_go(struct mark *mark);

CORRAL_FAST bool mark_is_set(struct mark *mark) {
    return (load_relaxed(&mark->word) & MARK_LIVE) != 0; /* [R:poll] */
}

/* Of a block whose record is there. */
CORRAL_FAST void mark_set(struct mark *mark) {
    store_release(&mark->word, MARK_LIVE); /* [E:mark] Publishes the record. */
}

/* Takes a live block from all walks. False when one of them reads it. */
CORRAL_FAST bool mark_pause(struct mark *mark) {
    uint8_t live = MARK_LIVE;
    return cas_acquire(&mark->word, &live, 0); /* [E:mark] Sees the readers' last use. */
}

#endif
