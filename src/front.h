/* SPDX-License-Identifier: MIT
 *
 * front: a pool's blocks for the next allocations, last in first out; in a hardened build, first in first out.
 *
 * Owns:     the links of blocks in front lists, and the lists' limits.
 * Callers:  the thread that has the cache.
 * Promises: push and pop take constant time. Law: limit − room blocks are in the list. A list whose
 *           limit was lowered, and that is wanted again, begins with what it had: one that is emptied and
 *           filled by turns, by more blocks each time than it takes, gets longer each time.
 * Does not: care whose slabs the blocks are in.
 */
#ifndef CORRAL_FRONT_H
#define CORRAL_FRONT_H

#include "block_link.h"
#include "cache.h"
#include "hardened.h"

/* Gives a front list more room out of the thread's budget, if there is some left: a little at first,
 * then twice as much each time. */
void corral_front_grant(struct cache *cache, uint32_t pool);

/* The most blocks that a front list may have: 0 of a class too large for the budget. */
CORRAL_FAST uint32_t front_most(uint32_t pool) {
    return corral_classes[pool & (CLASS_STRIDE - 1)].front_max;
}

/* Takes the list's first block out and lowers its limit by one, which the thread's budget gets back.
 * NULL when the list is empty. */
void *corral_front_shorten(struct cache *cache, uint32_t pool);

/* Lowers the limit to the list's length, or to what it was if the list is longer. */
void corral_front_trim(struct cache *cache, uint32_t pool);

/* How many blocks the front list takes in; none when it is not above 0. */
CORRAL_FAST int32_t front_room(const struct corral_front *front) {
    return corral_hit_room(front);
}

CORRAL_FAST uint32_t front_limit(const struct corral_front *front) {
    return (uint32_t)load_relaxed(&front->limit); /* [R:single-writer] */
}

/* Has a list more than half of the blocks that it may have? */
CORRAL_FAST bool front_is_half_full(const struct corral_front *front) {
    int32_t limit = (int32_t)front_limit(front);
    return limit - front_room(front) > (limit + 1) / 2;
}

/* The block that the next allocation gets of the list; NULL when there is none. In a hardened build, which
 * makes a freed block wait, the list keeps half of what it may have. */
CORRAL_FAST void *front_first(const struct corral_front *front) {
    return !HARDENED || front_is_half_full(front) ? front->head : NULL;
}

/* The block behind the front list's first one, which is about to be taken out. */
CORRAL_FAST void *front_next(void *block) {
    return HARDENED ? corral_hardened_unlink(block, registry_pool((uintptr_t)block)) : link_get(block);
}

/* In a hardened build: takes the list's first block out; and sees to the law of a list that is empty because it was cut
 * off where a block was written to. */
void corral_front_take_first(struct corral_front *front);
void corral_front_see_to_cut(struct corral_front *front);

/* Takes `block`, the front list's first. */
CORRAL_FAST void front_pop(struct corral_front *front, void *block, uint32_t size) {
    unpoison(block, size);
    if (HARDENED) {
        corral_front_take_first(front);
    } else {
        corral_hit_pop(front, block);
    }
}

/* In a hardened build, at the list's end: first in, first out. */
void corral_front_push_last(struct corral_front *front, int32_t room, void *block);

/* room: what front_room told, above 0. */
CORRAL_FAST void front_push(struct corral_front *front, int32_t room, void *block, uint32_t size) {
    if (HARDENED) {
        corral_front_push_last(front, room, block);
    } else {
        corral_hit_push(front, room, block);
    }
    poison(block, size);
}

#endif
