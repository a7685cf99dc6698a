/* SPDX-License-Identifier: MIT
 *
 * undo: what memory was before each write of a schedule.
 *
 * Owns:     the log.
 * Callers:  through engine.h; snapshot.
 * Promises: every word that was logged is as it was when the mark was set, or the place was taken.
 * Does not: keep what lies on stacks: fibers' are kept in images, and the explorer's own is its own.
 */
#include "engine.h"

#include <stdlib.h>

struct undo {
    uint64_t *at;
    uint64_t value;
};

static bool touched[WORLD_BYTES / WORLD_PAGE];
static struct undo *undos;
static size_t count, room;

static bool *touched_at(uintptr_t at) {
    return at - WORLD_BASE < WORLD_BYTES ? &touched[(at - WORLD_BASE) / WORLD_PAGE] : NULL;
}

bool undo_is_touched(uintptr_t page) {
    const bool *here = touched_at(page);
    return here == NULL || *here;
}

static void log_word(uintptr_t at) {
    if (count == room) {
        room = room == 0 ? 1u << 16 : room * 2;
        undos = realloc(undos, room * sizeof *undos);
        if (undos == NULL) {
            abort();
        }
    }
    undos[count++] = (struct undo){(uint64_t *)at, *(uint64_t *)at};
}

void undo_log(const volatile void *start, size_t size) {
    uintptr_t at = (uintptr_t)start & ~(uintptr_t)7;
    uintptr_t end = (uintptr_t)start + size;
    if (schedule_is_stack(at)) {
        return;
    }
    for (; at < end; at += 8) {
        bool *here = touched_at(at);
        if (here != NULL) {
            *here = true;
        }
        log_word(at);
    }
}

void undo_mark(void) {
    count = 0;
}

size_t undo_place(void) {
    return count;
}

void undo_return(size_t place) {
    while (count > place) {
        count--;
        *undos[count].at = undos[count].value;
    }
}
