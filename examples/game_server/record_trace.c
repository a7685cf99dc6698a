/* SPDX-License-Identifier: MIT
 *
 * From recorded events to a trace: addresses become numbers of blocks.
 *
 * Owns:     the map from addresses to blocks, while it is needed.
 * Callers:  record.c.
 * Promises: as record_events.h says. A resize stands where it ended; between its two events the
 *           block has no address, since the allocator may give the old one away before.
 * Does not: check the law of the trace, which trace_write does.
 */
#define _GNU_SOURCE
#include "record_events.h"

#include "check.h"

#include <stdlib.h>

#define NO_BLOCK UINT32_MAX

/* An address that was in use once keeps its slot, so that nothing is ever taken out. */
struct slot {
    uintptr_t address; /* 0: free */
    uint32_t block;    /* NO_BLOCK while none lives there */
};

struct maker {
    struct trace *trace;
    struct slot *slots;
    size_t mask;
    uint8_t *ids;                     /* of blocks */
    uint32_t resizing[TRACE_THREADS]; /* the block that a thread is resizing */
};

static struct slot *slot_of(struct maker *self, uintptr_t address) {
    size_t index = (size_t)((address >> 4) * UINT64_C(0x9E3779B97F4A7C15) >> 20);
    while (self->slots[index & self->mask].address != address) {
        struct slot *slot = &self->slots[index & self->mask];
        if (slot->address == 0) {
            *slot = (struct slot){address, NO_BLOCK};
            return slot;
        }
        index++;
    }
    return &self->slots[index & self->mask];
}

static uint32_t take_block(struct maker *self, uintptr_t address) {
    struct slot *slot = slot_of(self, address);
    const uint32_t block = slot->block;
    if (block == NO_BLOCK) {
        fatal("an address leaves at which no block was recorded");
    }
    slot->block = NO_BLOCK;
    return block;
}

static void put_block(struct maker *self, uintptr_t address, uint32_t block) {
    struct slot *slot = slot_of(self, address);
    if (slot->block != NO_BLOCK) {
        fatal("an address arrives at which a block is recorded");
    }
    slot->block = block;
}

static void add_step(struct maker *self, uint32_t thread, enum trace_kind kind, uint32_t block,
                     uint32_t size) {
    struct trace *trace = self->trace;
    trace->steps[trace->count++] =
        (struct trace_step){block, size, (uint16_t)thread, self->ids[block], (uint8_t)kind};
    trace->largest = size > trace->largest ? size : trace->largest;
    trace->threads = thread >= trace->threads ? thread + 1 : trace->threads;
}

static void take_event(struct maker *self, uint32_t thread, const struct recorded *event) {
    uint32_t block;
    switch ((enum event_kind)event->kind) {
    case EVENT_ALLOC:
    case EVENT_ZEROED:
        block = self->trace->blocks++;
        self->ids[block] = event->category;
        put_block(self, event->block, block);
        add_step(self, thread, event->kind == EVENT_ALLOC ? TRACE_ALLOC : TRACE_ZEROED, block,
                 event->size);
        break;
    case EVENT_FREE:
        add_step(self, thread, TRACE_FREE, take_block(self, event->block), 0);
        break;
    case EVENT_RESIZE:
        self->resizing[thread] = take_block(self, event->block);
        break;
    case EVENT_RESIZED:
        put_block(self, event->block, self->resizing[thread]);
        add_step(self, thread, TRACE_RESIZE, self->resizing[thread], event->size);
        break;
    case EVENT_NO_RESIZE:
        put_block(self, event->block, self->resizing[thread]);
        break;
    }
}

static void open_maker(struct maker *self, struct trace *trace, uint64_t count) {
    size_t slots = 1024;
    while (slots < 2 * count) {
        slots *= 2;
    }
    *trace = (struct trace){.ids = CATEGORIES};
    for (unsigned category = 0; category < CATEGORIES; category++) {
        trace->id[category] = category_table[category].id;
    }
    *self = (struct maker){.trace = trace, .mask = slots - 1};
    trace->steps = calloc(count + 1, sizeof *trace->steps);
    self->slots = calloc(slots, sizeof *self->slots);
    self->ids = calloc(count + 1, 1);
    if (count > TRACE_STEPS || trace->steps == NULL || self->slots == NULL || self->ids == NULL) {
        fatal("a trace of so many events is too long");
    }
}

/* The places are dense: the next event of all is the one of the thread whose own next has it. */
void record_make_trace(struct trace *trace, struct event_list *lists, uint64_t count) {
    struct maker maker;
    const struct chunk *chunks[TRACE_THREADS];
    uint32_t next[TRACE_THREADS] = {0};
    open_maker(&maker, trace, count);
    for (unsigned thread = 0; thread < TRACE_THREADS; thread++) {
        chunks[thread] = lists[thread].first;
    }
    for (uint64_t place = 0; place < count;) {
        for (unsigned thread = 0; thread < TRACE_THREADS; thread++) {
            while (chunks[thread] != NULL && chunks[thread]->events[next[thread]].place == place) {
                take_event(&maker, thread, &chunks[thread]->events[next[thread]]);
                place++;
                if (++next[thread] == chunks[thread]->used) {
                    chunks[thread] = chunks[thread]->next;
                    next[thread] = 0;
                }
            }
        }
    }
    free(maker.slots);
    free(maker.ids);
}
