/* SPDX-License-Identifier: MIT
 *
 * block_link: lists of free blocks, linked through their first words.
 *
 * Owns:     nothing.
 * Callers:  the holder of the blocks.
 * Promises: a link is readable to nobody else: in a build with AddressSanitizer the block is
 *           poisoned before and after.
 * Does not: check a link.
 */
#ifndef CORRAL_BLOCK_LINK_H
#define CORRAL_BLOCK_LINK_H

#include "poison.h"

#include <corral/hit.h>

CORRAL_FAST void *link_get(void *block) {
    unpoison(block, sizeof(void *));
    void *next = *(corral_link *)block;
    poison(block, sizeof(void *));
    return next;
}

CORRAL_FAST void link_set(void *block, void *next) {
    unpoison(block, sizeof(void *));
    *(corral_link *)block = next;
    poison(block, sizeof(void *));
}

/* Law: first is a list of `length` blocks, NULL when that is 0. */
struct block_list {
    void *first;
    uint32_t length;
};

CORRAL_FAST void block_list_push(struct block_list *list, void *block) {
    link_set(block, list->first);
    list->first = block;
    list->length++;
}

#endif
