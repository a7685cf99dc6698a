/* SPDX-License-Identifier: MIT
 *
 * live: the blocks that a scenario's threads hold.
 *
 * Owns:     the list of them.
 * Callers:  scenarios, through explore.h.
 * Promises: a block that is handed out twice, or written while it is held, fails the schedule; using a
 *           block is a plain access, so one that comes without its last user's edge is a race.
 * Does not: free or allocate.
 */
#include "engine.h"

#define LIVE_MOST 256u
/* Bytes of a block that are written and read: its links lie there, and its pattern. */
#define USED 32u

struct live {
    unsigned char *start;
    size_t size;
};

static struct live live[LIVE_MOST];

static size_t used(size_t size) {
    return size < USED ? size : USED;
}

static unsigned char pattern(const unsigned char *start, size_t at) {
    return (unsigned char)(((uintptr_t)start >> 4) * 31 + at * 7 + 1);
}

void *explore_take(void *start, size_t size) {
    if (start == NULL) {
        return NULL;
    }
    unsigned char *bytes = start;
    struct live *place = NULL;
    for (unsigned i = 0; i < LIVE_MOST; i++) {
        if (live[i].start == NULL) {
            place = place == NULL ? &live[i] : place;
        } else if (bytes < live[i].start + live[i].size && live[i].start < bytes + size) {
            explore_fail("%p + %zu overlaps a block that is held", start, size);
        }
    }
    if (place == NULL) {
        explore_fail("more blocks than the explorer keeps");
    }
    undo_log(place, sizeof *place);
    *place = (struct live){bytes, size};
    memory_access(start, (unsigned)used(size), true, PLAIN);
    undo_log(start, used(size));
    for (size_t i = 0; i < used(size); i++) {
        bytes[i] = pattern(bytes, i);
    }
    return start;
}

void *explore_leave(void *start) {
    for (unsigned i = 0; i < LIVE_MOST; i++) {
        if (live[i].start != start) {
            continue;
        }
        memory_access(start, (unsigned)used(live[i].size), false, PLAIN);
        for (size_t k = 0; k < used(live[i].size); k++) {
            if (live[i].start[k] != pattern(live[i].start, k)) {
                explore_fail("the block at %p was written while it was held", start);
            }
        }
        undo_log(&live[i], sizeof live[i]);
        live[i].start = NULL;
        return start;
    }
    explore_fail("%p is not held", start);
}
