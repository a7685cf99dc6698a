/* SPDX-License-Identifier: MIT
 *
 * hardened: what a hardened build writes into blocks and behind them, and looks for there.
 *
 * Owns:     the bytes of free blocks, and those of a live one behind what was asked for; the process's secret.
 * Callers:  front for links; slow, slow_free and block when a block changes hands. Who holds the block.
 * Promises: in a build without `hardened` every function is a constant, and nothing here is compiled.
 *           What is written depends on the secret, the block's address and on how often its slab was made anew: it
 *           means nothing at another place or in another life of the memory.
 * Does not: withstand one who reads the process's memory. Look into large blocks.
 *
 *   live   │ size asked for           │ tail: a pattern, at most TAIL_FILL of it ··· │ code of its length │ record, if any
 *   free   │ link or fill │ mark │ fill, up to FILL_MOST from the block's start ····· │ fill               │
 *            8 bytes        8 bytes                                                    the last 8 bytes
 *
 * A free block's words are all as they were left, or it was written to. A block that none of them is of was not
 * handed out yet since its slab was made. The mark is gone while a block is live, so that one that has it is
 * free. Blocks of a category that zeroes them are zero instead, and never in a front list.
 */
#ifndef CORRAL_HARDENED_H
#define CORRAL_HARDENED_H

#include "misuse.h"
#include "slab.h"

/* Bytes of a free block that are filled and looked at, besides its last ones; of the tail likewise. */
#define FILL_MOST ((size_t)4096)
#define TAIL_FILL ((size_t)32)

/* What a block that is to be freed turns out to be. */
enum hardened {
    HARDENED_LIVE,
    HARDENED_NO_BLOCK, /* none begins there */
    HARDENED_FREE,     /* it is free */
    HARDENED_DAMAGED,  /* its tail was written to; or it was never handed out */
};

/* All of these: a block of a slab of `pool`, or for judge any address in one. */
enum hardened corral_hardened_judge(const void *block, uint32_t pool);
/* The bytes that a live block was asked for with; 1 in the place of 0. Where its tail is damaged, as many as it may have
 * been. */
size_t corral_hardened_asked(const void *block, uint32_t pool);
/* Writes the tail of a live block that is now of `size` bytes: before its record, or over it where that has no room. */
void corral_hardened_set_tail(void *block, uint32_t pool, size_t size);
/* Writes a block that is free from now on. */
void corral_hardened_fill(void *block, uint32_t pool);
/* Looks whether a free block is as it was left, and makes it a live one of `size` bytes. Where it was
 * written to, the misuse policy runs. */
void corral_hardened_lend(void *block, uint32_t pool, size_t size);

/* The link of a block in a front list, which holds more. NULL where it was written to and leads nowhere, for which the misuse
 * policy runs. The block is as a free one in no list afterwards. */
void *corral_hardened_unlink(void *block, uint32_t pool);
/* Makes a block the last one of a list; before it was `last`, or there was none. Where that was written to, the misuse
 * policy runs. */
void corral_hardened_append(void *last, void *block);

/* What is written before and behind a block between guard pages, at multiples of its size: of a place and of how often it
 * was used. No byte of it is 0. */
uint64_t corral_hardened_canary(uintptr_t place, uint64_t life);

/* A block that a caller gets, or NULL. */
CORRAL_FAST void *hardened_lend(void *block, size_t size) {
    if (HARDENED && likely(block != NULL)) {
        corral_hardened_lend(block, registry_pool((uintptr_t)block), size);
    }
    return block;
}

#endif
