/* SPDX-License-Identifier: MIT
 *
 * A trace made ready to be carried out again.
 *
 * Owns:     the steps of each thread, as flat arrays; where its blocks are kept; the cells through
 *           which blocks go from thread to thread.
 * Callers:  one thread, before others run replay_pass (replay_pass.h).
 * Promises: nothing is left to be looked up or decided while the replay is timed. The memory is
 *           the OS's, never malloc's.
 * Does not: know the allocator, or run anything.
 *
 *   block kept by      in                       who touches it
 *   one thread         slots[], reused at once  that thread
 *   two, for a moment  a cell of its own        the giver stores, the taker loads until it is there
 *
 * The law of a cell: NULL at the start of a pass; then one thread stores a block there, with
 * release; then one other takes it, with acquire, and leaves NULL for the next pass.
 *
 * The law of slices: a trace is cut in its recorded order. No thread begins a slice before all have
 * ended the one before the last, nor a pass before all have ended the pass before. So no thread
 * runs far ahead, and what lives at a time is about what lived when the trace was recorded. Nobody
 * waits for ever: of all steps that are not done, the one recorded first waits for none of the
 * others.
 */
#ifndef BENCH_REPLAY_H
#define BENCH_REPLAY_H

#include "atomic.h"
#include "trace.h"

/* In `from` and `to`: the place is a cell, not a slot. */
#define REPLAY_CELL (UINT32_C(1) << 31)

typedef struct replay_step {
    uint32_t from; /* where the block of a resize or a free is */
    uint32_t to;   /* where a new or resized block goes */
    uint32_t size;
    uint32_t kept;     /* bytes that a resize copies */
    uint16_t category; /* below the allocator's number of them */
    uint16_t kind;     /* enum trace_kind */
} replay_step;

typedef struct replay_thread {
    _Alignas(64) _Atomic(size_t) ended; /* atomic: slices, over all passes; the thread adds */
    uint64_t waits;                     /* owner: how often it had to wait */
    uint64_t waited;                    /* owner: its processor time in waits, in nanoseconds */
    void **slots;                       /* owner */
    const replay_step *steps;           /* const */
    const uint32_t *ends;               /* const: of slices, in steps */
} replay_thread;

typedef struct replay {
    replay_thread thread[TRACE_THREADS];
    _Atomic(size_t) *cells; /* atomic: blocks on their way, see the law */
    size_t slices;          /* const, as all below; in a pass */
    int threads;
    uint64_t operations;  /* in a pass */
    uint64_t pairs;       /* blocks allocated and freed: a resize is one more */
    uint64_t frees;       /* without those of resizes */
    uint64_t cross_frees; /* among them: by another thread of the replay than the allocating one */
} replay;

typedef struct replay_choice {
    uint32_t threads;    /* that carry out the trace; 0: as many as were recorded */
    uint32_t categories; /* a memory type id becomes its number in the trace modulo this */
    uint32_t slice;      /* steps in a slice */
} replay_choice;

/* Makes a trace ready, which is not needed after. With fewer threads than were recorded, the
 * recorded ones are shared out so that all have about as many steps, and each carries out those of
 * its share in their recorded order. A single thread thus keeps the order of all, and waits for
 * nobody. The memory is kept until the program ends. */
replay *replay_make(const struct trace *trace, replay_choice choice);

/* Before the first pass of a run. */
void replay_reset(replay *self);

#endif
