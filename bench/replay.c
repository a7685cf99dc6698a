/* SPDX-License-Identifier: MIT
 *
 * From a trace to the flat arrays of replay.h.
 *
 * Owns:     the arrays, which are kept until the program ends.
 * Callers:  as replay.h says.
 * Promises: as replay.h says. A thread's slots are as few as its live blocks; a slot that was left
 *           last is used next, as a client's own table of blocks would be hot. The cells that a
 *           thread stores into share no cache line with another's.
 * Does not: check the trace, which was checked when it was read.
 */
#include "replay.h"

#include "support.h"

enum { NOBODY = UINT16_MAX, CELLS_PER_LINE = 8 };

/* What is only needed while a replay is made. Arrays by block or by step. */
typedef struct maker {
    const struct trace *trace;
    replay *made;
    uint16_t *takers;  /* by step: who has the block next, or NOBODY */
    uint32_t *places;  /* by block: where it is */
    uint32_t *sizes;   /* by block: as last asked for */
    uint16_t *origins; /* by block: the thread that allocated it */
    replay_choice choice;
    uint16_t shares[TRACE_THREADS]; /* by recorded thread: the one that carries out its steps */
    struct {
        replay_step *steps;
        uint32_t *ends;
        uint32_t count;
        uint32_t cells, cells_end; /* the next cell, and where its cells end */
        uint32_t *left;            /* slots to be used again, the last one first */
        uint32_t left_count, slots;
    } thread[TRACE_THREADS];
} maker;

/* One byte more than asked for, since there is no memory of 0 bytes. */
static void *array(size_t count, size_t size) {
    return bench_memory(count * size + 1);
}

static uint16_t thread_of(const maker *self, const struct trace_step *step) {
    return self->shares[step->thread];
}

/* The busiest recorded thread goes to whoever has the fewest steps so far, then the next. */
static void share_out(maker *self) {
    uint64_t steps[TRACE_THREADS] = {0};
    uint64_t loads[TRACE_THREADS] = {0};
    bool shared[TRACE_THREADS] = {false};
    for (uint32_t i = 0; i < self->trace->count; i++) {
        steps[self->trace->steps[i].thread]++;
    }
    for (uint32_t round = 0; round < self->trace->threads; round++) {
        uint16_t busiest = NOBODY;
        uint16_t idlest = 0;
        for (uint16_t i = 0; i < self->trace->threads; i++) {
            if (!shared[i] && (busiest == NOBODY || steps[i] > steps[busiest])) {
                busiest = i;
            }
        }
        for (uint16_t i = 1; i < self->made->threads; i++) {
            idlest = loads[i] < loads[idlest] ? i : idlest;
        }
        shared[busiest] = true;
        self->shares[busiest] = idlest;
        /* One more, so that threads without steps are shared out too. */
        loads[idlest] += steps[busiest] + 1;
    }
}

/* From the last step to the first, so that the next holder of each block is known. */
static void find_takers(maker *self) {
    uint16_t *next = array(self->trace->blocks, sizeof *next);
    for (uint32_t i = self->trace->count; i-- > 0;) {
        const struct trace_step *step = &self->trace->steps[i];
        const uint16_t thread = thread_of(self, step);
        self->takers[i] = step->kind == TRACE_FREE ? NOBODY : next[step->block];
        next[step->block] = thread;
        self->thread[thread].count++;
        if (step->kind != TRACE_FREE && self->takers[i] != thread) {
            self->thread[thread].cells_end++;
        }
    }
}

/* Gives each thread room for its steps, slots and cells. */
static void lay_out(maker *self) {
    uint32_t cells = 0;
    for (int i = 0; i < self->made->threads; i++) {
        const size_t steps = self->thread[i].count;
        const uint32_t own = self->thread[i].cells_end;
        self->thread[i].steps = array(steps, sizeof(replay_step));
        self->thread[i].ends = array(self->made->slices, sizeof(uint32_t));
        self->thread[i].left = array(steps, sizeof(uint32_t));
        self->thread[i].count = 0;
        self->thread[i].cells = cells;
        self->thread[i].cells_end = cells + own;
        cells += (own + CELLS_PER_LINE - 1) / CELLS_PER_LINE * CELLS_PER_LINE;
    }
    self->made->cells = array(cells, sizeof *self->made->cells);
}

/* Where the block of a step goes that keeps it alive. */
static uint32_t place_for(maker *self, uint16_t thread, uint16_t taker) {
    if (taker != thread) {
        return REPLAY_CELL | self->thread[thread].cells++;
    }
    if (self->thread[thread].left_count > 0) {
        return self->thread[thread].left[--self->thread[thread].left_count];
    }
    return self->thread[thread].slots++;
}

static void add_step(maker *self, const struct trace_step *from, uint16_t taker) {
    const uint16_t thread = thread_of(self, from);
    replay_step *to = &self->thread[thread].steps[self->thread[thread].count++];
    const uint32_t size = from->size == 0 ? 1 : from->size;
    *to = (replay_step){.size = size,
                        .category = (uint16_t)(from->id % self->choice.categories),
                        .kind = from->kind};
    if (trace_allocates((enum trace_kind)from->kind)) {
        self->origins[from->block] = thread;
    } else {
        const uint32_t held = self->sizes[from->block];
        to->from = self->places[from->block];
        to->kept = held < size ? held : size;
        if ((to->from & REPLAY_CELL) == 0) {
            self->thread[thread].left[self->thread[thread].left_count++] = to->from;
        }
    }
    if (from->kind != TRACE_FREE) {
        to->to = place_for(self, thread, taker);
        self->places[from->block] = to->to;
        self->sizes[from->block] = size;
        self->made->pairs++;
    } else {
        self->made->frees++;
        self->made->cross_frees += self->origins[from->block] != thread;
    }
}

static void add_steps(maker *self) {
    for (uint32_t i = 0; i < self->trace->count; i++) {
        add_step(self, &self->trace->steps[i], self->takers[i]);
        if ((i + 1) % self->choice.slice == 0 || i + 1 == self->trace->count) {
            for (int thread = 0; thread < self->made->threads; thread++) {
                self->thread[thread].ends[i / self->choice.slice] = self->thread[thread].count;
            }
        }
    }
}

replay *replay_make(const struct trace *trace, replay_choice choice) {
    maker *self = bench_memory(sizeof *self);
    self->trace = trace;
    self->choice = choice;
    self->made = bench_memory(sizeof *self->made);
    self->takers = array(trace->count, sizeof *self->takers);
    self->places = array(trace->blocks, sizeof *self->places);
    self->sizes = array(trace->blocks, sizeof *self->sizes);
    self->origins = array(trace->blocks, sizeof *self->origins);
    self->made->threads = (int)(choice.threads == 0 ? trace->threads : choice.threads);
    self->made->slices = (trace->count + choice.slice - 1) / choice.slice;
    self->made->operations = trace->count;
    share_out(self);
    find_takers(self);
    lay_out(self);
    add_steps(self);
    for (int i = 0; i < self->made->threads; i++) {
        self->made->thread[i].steps = self->thread[i].steps;
        self->made->thread[i].ends = self->thread[i].ends;
        self->made->thread[i].slots = array(self->thread[i].slots, sizeof(void *));
    }
    return self->made;
}

void replay_reset(replay *self) {
    for (int i = 0; i < self->threads; i++) {
        bench_store_release(&self->thread[i].ended, 0);
        self->thread[i].waits = 0;
        self->thread[i].waited = 0;
    }
}
