/* SPDX-License-Identifier: MIT
 *
 * misuse: what callers get wrong, and what the build's policy makes of it.
 *
 * Owns:     the messages, the policy, and a count of each kind.
 * Callers:  every room that finds a fault of the caller. Any thread.
 * Promises: policy ignore counts; report counts and writes one line; abort writes and aborts.
 *           Where it returns, the allocator is intact and nothing was lost but the bad call.
 * Does not: find anything.
 */
#ifndef CORRAL_MISUSE_H
#define CORRAL_MISUSE_H

#include <stdint.h>

enum misuse {
    MISUSE_FOREIGN,     /* the address is no block of corral's */
    MISUSE_DOUBLE_FREE, /* the block is free already */
    MISUSE_WRONG_ID,    /* the block is of another category than the id given */
    MISUSE_KINDS,
};

/* A fault in a call with `block`. */
void corral_misuse(enum misuse kind, const void *block);
/* The block of memory type `have` was given back with `given`. */
void corral_misuse_wrong_id(const void *block, uint64_t have, uint32_t given);
/* How often a kind was found so far. */
uint64_t corral_misuse_count(enum misuse kind);

#endif
