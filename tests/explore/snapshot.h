/* SPDX-License-Identifier: MIT
 *
 * snapshot: the state of a schedule at each of its choices, so that a search goes on from there.
 *
 * Owns:     one snapshot for each choice of the schedule that ran last.
 * Callers:  schedule.
 * Promises: a schedule that goes on from a snapshot does what it did when that was taken. What is in
 *           the undo log is put back by it, and not kept here.
 * Does not: keep more than SNAPSHOTS: who needs another runs the schedule from its start.
 */
#ifndef CORRAL_EXPLORE_SNAPSHOT_H
#define CORRAL_EXPLORE_SNAPSHOT_H

#include "fibers.h"
#include "schedule.h"

#define SNAPSHOTS 4096u

struct snapshot {
    jmp_buf point; /* in schedule_choose; for the caller to set */
    unsigned preemptions, stale_reads; /* for the caller to set */
    bool valid;
    unsigned fiber;
    struct clock clocks[FIBERS];
    uint64_t histories[FIBERS], done[FIBERS];
    uint64_t steps;
    struct memory_place memory;
    struct fibers_image image;
    size_t bytes, bytes_end; /* of the image */
};

/* The snapshot of a choice; NULL when there is none. */
struct snapshot *snapshot_of(unsigned choice);
/* Takes the snapshot of a choice, those of later ones being forgotten. low: of the running fiber's
 * stack. NULL when none can be taken here. */
struct snapshot *snapshot_take(unsigned choice, char *low);
/* Puts everything back but the caller's part. */
void snapshot_restore(struct snapshot *snapshot);

#endif
