/* SPDX-License-Identifier: MIT
 *
 * room: a list that grows, in memory that is not malloc's.
 *
 * Owns:     the memory of each list, from its first item until it is freed.
 * Callers:  one thread for each list.
 * Promises: malloc is not called: where that is corral's, the figures stay what they are.
 * Does not: shrink.
 */
#ifndef CORRAL_REPORT_ROOM_H
#define CORRAL_REPORT_ROOM_H

#include <stddef.h>

/* All zeros is an empty list. */
struct room {
    void *items;
    size_t count;
    size_t mapped; /* bytes */
};

/* One more item of `size` bytes, all zero, at the end; all of a list have the same size. Items move. NULL when
 * there is no memory; the list is as it was then. */
void *corral_report_room_add(struct room *room, size_t size);
void corral_report_room_free(struct room *room);

#endif
