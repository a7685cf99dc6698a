/* SPDX-License-Identifier: MIT
 *
 * The recorded events of record.c, as record_trace.c reads them.
 *
 * Owns:     nothing.
 * Callers:  record.c, which fills the lists; record_trace.c, when no thread records.
 * Promises: the places of all events together are the numbers from 0, each once; those of a
 *           thread's list ascend.
 * Does not: belong to what others include.
 */
#ifndef GAME_SERVER_RECORD_EVENTS_H
#define GAME_SERVER_RECORD_EVENTS_H

#include "record.h"

#include "trace.h"

enum { CHUNK_EVENTS = 32768 };

struct recorded {
    uint64_t place; /* in the order of all events */
    uintptr_t block;
    uint32_t size;
    uint8_t kind;
    uint8_t category;
};

struct chunk {
    struct chunk *next;
    uint32_t used;
    struct recorded events[CHUNK_EVENTS];
};

/* What a thread recorded: owner the thread, then the main thread. */
struct event_list {
    _Alignas(64) struct chunk *first;
    struct chunk *last;
};

/* Makes a trace of `count` events. The steps are in memory that is given back with free(). Ends the
 * program when the events contradict each other. */
void record_make_trace(struct trace *trace, struct event_list *lists, uint64_t count);

#endif
