/* SPDX-License-Identifier: MIT
 *
 * Records what the libraries ask of memory.c, for the replay of the benchmarks.
 *
 * Owns:     the events, in memory from the OS, until they are written.
 * Callers:  record_event any thread; record_begin and record_end the main thread while no other
 *           thread of the parts runs.
 * Promises: every event has its place in one order, in which a block's allocation comes before its
 *           free and before the next allocation at its address, and each thread's events stand as
 *           it made them. An event is stored without a lock by the thread that makes it.
 * Does not: measure, or record what the system's allocator serves. The common counter that orders
 *           events is a cost, and so the rates of a recorded round say nothing.
 */
#ifndef GAME_SERVER_RECORD_H
#define GAME_SERVER_RECORD_H

#include "category.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Events of blocks that arrive are recorded after the allocator gave them, those of blocks that
 * leave before it has them back. */
enum event_kind {
    EVENT_ALLOC,
    EVENT_ZEROED,
    EVENT_FREE,
    EVENT_RESIZE,   /* of the block at this address; followed by one of the next two */
    EVENT_RESIZED,  /* it has this address and size now */
    EVENT_NO_RESIZE /* it stays as it was */
};

struct event {
    enum event_kind kind;
    enum category category; /* where it allocates */
    const void *block;
    size_t size; /* of what allocates and of EVENT_RESIZED */
};

/* Records from now on. */
void record_begin(void);

/* Notes an event of the thread with this index, if anything is recorded. */
void record_event(uint32_t thread, struct event event);

/* Stops, and writes all events as a trace (tools/trace/trace.h). Ends the program when it cannot.
 */
void record_end(const char *path);

#endif
