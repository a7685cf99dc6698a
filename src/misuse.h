/* SPDX-License-Identifier: MIT
 *
 * misuse: what callers get wrong, and what the policy makes of it.
 *
 * Owns:     the messages, and a count of each kind.
 * Callers:  every room that finds a fault of the caller. Any thread.
 * Promises: policy ignore counts; report counts and writes one line; abort writes and aborts. It is that of
 *           the block's category, where that is known and one was set for it; else the build's.
 *           Where it returns, the allocator is intact and nothing was lost but the bad call.
 * Does not: find anything.
 */
#ifndef CORRAL_MISUSE_H
#define CORRAL_MISUSE_H

#include <stddef.h>
#include <stdint.h>

enum misuse {
    MISUSE_FOREIGN,     /* the address is no block of corral's */
    MISUSE_DOUBLE_FREE, /* the block is free already */
    MISUSE_WRONG_ID,    /* the block is of another category than the id given */
    MISUSE_WRONG_SIZE,  /* the block is of another size than the one given */
    MISUSE_OVERFLOW,    /* behind the block, something was written (hardened.h) */
    MISUSE_WRITTEN,     /* a free block was written to (likewise) */
    MISUSE_UNDERFLOW,   /* before a block between guard pages, something was written (guard.h) */
    MISUSE_KINDS,
};

/* In the place of a pool, where the address lies in none. */
#define MISUSE_NO_POOL UINT32_MAX

/* A fault in a call with `block`, at an address where blocks of a pool are; of a large block, of class
 * CLASS_NONE. */
void corral_misuse(enum misuse kind, const void *block, uint32_t pool);
/* The same, without a look at the block's memory for where it was asked for: it may be gone. */
void corral_misuse_unread(enum misuse kind, const void *block, uint32_t pool);
/* A block of a pool was given back with the id `given`. */
void corral_misuse_wrong_id(const void *block, uint32_t pool, uint32_t given);
/* A block of a pool, of `have` bytes where that is no large one, was given back as one of `given` bytes. */
void corral_misuse_wrong_size(const void *block, uint32_t pool, size_t have, size_t given);
/* How often a kind was found so far. */
uint64_t corral_misuse_count(enum misuse kind);

#endif
