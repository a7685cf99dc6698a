/* SPDX-License-Identifier: MIT
 *
 * The lists of record.h: one for each thread, of chunks that are mapped as they fill.
 *
 * Owns:     the lists and the counter that orders events.
 * Callers:  as record.h says.
 * Promises: an event takes one atomic addition and one store of 24 bytes.
 * Does not: use malloc before the end, so that the recorder allocates nothing among what it
 * records.
 */
#define _GNU_SOURCE
#include "record_events.h"

#include "check.h"
#include "shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

static bool recording; /* const while parts run */
static struct event_list lists[TRACE_THREADS];
/* Relaxed: each thread sees the numbers that it takes ascend, and a block that goes from thread to
 * thread brings the order along. */
static _Atomic uint64_t places;

void record_begin(void) {
    recording = true;
}

static struct chunk *chunk_for(struct event_list *list) {
    struct chunk *chunk = list->last;
    if (chunk != NULL && chunk->used < CHUNK_EVENTS) {
        return chunk;
    }
    struct chunk *fresh =
        mmap(NULL, sizeof *fresh, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (fresh == MAP_FAILED) {
        fatal("no memory to record in");
    }
    *(chunk == NULL ? &list->first : &chunk->next) = fresh;
    list->last = fresh;
    return fresh;
}

void record_event(uint32_t thread, struct event event) {
    if (!recording) {
        return;
    }
    if (thread >= TRACE_THREADS || event.size > UINT32_MAX) {
        fatal("a trace has no place for this thread or size");
    }
    struct chunk *chunk = chunk_for(&lists[thread]);
    chunk->events[chunk->used++] = (struct recorded){
        add_relaxed(&places, UINT64_C(1)),
        (uintptr_t)event.block,
        (uint32_t)event.size,
        (uint8_t)event.kind,
        (uint8_t)event.category,
    };
}

static void release_lists(void) {
    for (unsigned thread = 0; thread < TRACE_THREADS; thread++) {
        for (struct chunk *chunk = lists[thread].first, *next; chunk != NULL; chunk = next) {
            next = chunk->next;
            munmap(chunk, sizeof *chunk);
        }
        lists[thread] = (struct event_list){0};
    }
}

void record_end(const char *path) {
    struct trace trace;
    char error[TRACE_ERROR];
    recording = false;
    record_make_trace(&trace, lists, load_relaxed(&places));
    release_lists();
    if (!trace_write(&trace, path, error)) {
        fprintf(stderr, "%s: %s\n", path, error);
        fatal("the recorded trace cannot be written");
    }
    fprintf(stderr, "recorded %" PRIu32 " operations in %s\n", trace.count, path);
    free(trace.steps);
}
