/* SPDX-License-Identifier: MIT
 *
 * room: see room.h.
 *
 * Owns:     nothing.
 * Callers:  through room.h.
 * Promises: as room.h.
 * Does not: set errno, unless the OS refuses.
 */
#define _GNU_SOURCE
#include "room.h"

#include <sys/mman.h>

#define FIRST_BYTES ((size_t)64 * 1024)

static int grow(struct room *room) {
    size_t bytes = room->mapped == 0 ? FIRST_BYTES : room->mapped * 2;
    void *items = room->mapped == 0
                      ? mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                      : mremap(room->items, room->mapped, bytes, MREMAP_MAYMOVE);
    if (items == MAP_FAILED) {
        return 0;
    }
    room->items = items;
    room->mapped = bytes;
    return 1;
}

void *corral_report_room_add(struct room *room, size_t size) {
    if ((room->count + 1) * size > room->mapped && !grow(room)) {
        return NULL;
    }
    return (char *)room->items + room->count++ * size;
}

void corral_report_room_free(struct room *room) {
    if (room->mapped != 0) {
        munmap(room->items, room->mapped);
    }
    *room = (struct room){0};
}
