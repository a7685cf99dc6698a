/* SPDX-License-Identifier: MIT
 *
 * block_link: the first word of a free block in a list.
 *
 * Owns:     nothing.
 * Callers:  the holder of the block.
 * Promises: the word is readable to nobody else: in a build with AddressSanitizer the block is
 *           poisoned before and after.
 * Does not: check the link.
 */
#ifndef CORRAL_BLOCK_LINK_H
#define CORRAL_BLOCK_LINK_H

#include "poison.h"

CORRAL_FAST void *link_get(void *block) {
    unpoison(block, sizeof(void *));
    void *next = *(void **)block;
    poison(block, sizeof(void *));
    return next;
}

CORRAL_FAST void link_set(void *block, void *next) {
    unpoison(block, sizeof(void *));
    *(void **)block = next;
    poison(block, sizeof(void *));
}

#endif
