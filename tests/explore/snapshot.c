/* SPDX-License-Identifier: MIT
 *
 * snapshot: see snapshot.h.
 *
 * Owns:     the snapshots, and a buffer for the stacks in them.
 * Callers:  through snapshot.h.
 * Promises: as snapshot.h.
 * Does not: go on by itself: schedule does.
 */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

static struct snapshot snapshots[SNAPSHOTS];
static char *bytes;
static size_t bytes_room;

struct snapshot *snapshot_of(unsigned choice) {
    return choice < SNAPSHOTS && snapshots[choice].valid ? &snapshots[choice] : NULL;
}

static size_t bytes_used(unsigned choice) {
    return choice > 0 && snapshots[choice - 1].valid ? snapshots[choice - 1].bytes_end : 0;
}

static void make_room(size_t size) {
    if (size > bytes_room) {
        bytes_room = size * 2;
        bytes = realloc(bytes, bytes_room);
        if (bytes == NULL) {
            abort();
        }
    }
}

struct snapshot *snapshot_take(unsigned choice, char *low) {
    if (choice >= SNAPSHOTS) {
        return NULL;
    }
    struct snapshot *snapshot = &snapshots[choice];
    snapshot->valid = engine_fiber != 0;
    if (!snapshot->valid) {
        return NULL;
    }
    snapshot->fiber = engine_fiber;
    memcpy(snapshot->clocks, engine_clocks, sizeof engine_clocks);
    memcpy(snapshot->histories, engine_histories, sizeof engine_histories);
    memcpy(snapshot->done, schedule.done, sizeof schedule.done);
    snapshot->steps = schedule.steps;
    snapshot->memory = memory_place();
    snapshot->bytes = bytes_used(choice);
    make_room(snapshot->bytes + fibers_image_size(low));
    snapshot->bytes_end = snapshot->bytes + fibers_save(&snapshot->image, bytes + snapshot->bytes);
    return snapshot;
}

void snapshot_restore(struct snapshot *snapshot) {
    memory_return(&snapshot->memory);
    engine_fiber = snapshot->fiber;
    memcpy(engine_clocks, snapshot->clocks, sizeof engine_clocks);
    memcpy(engine_histories, snapshot->histories, sizeof engine_histories);
    memcpy(schedule.done, snapshot->done, sizeof schedule.done);
    schedule.steps = snapshot->steps;
    fibers_restore(&snapshot->image, bytes + snapshot->bytes);
    corral_thread = fibers[engine_fiber].thread;
    corral_budget_mine = fibers[engine_fiber].budget;
}
