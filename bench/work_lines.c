/* SPDX-License-Identifier: MIT
 *
 * The false-sharing workloads: whether two threads get blocks on one cache line.
 *
 * Owns:     the live blocks of each thread, and the blocks that the main thread gives.
 * Callers:  main.c.
 * Promises: as workloads.h says. Each thread holds HELD blocks and replaces them in turn; a new
 *           one is written WRITES times: where another thread's block is on its line, the figure
 *           shows it. In lines/active the allocator alone decides who gets which line. In
 *           lines/passive the main thread allocates blocks that lie side by side and deals them
 *           out in turn; each thread frees its own, and then does as in lines/active. The counter
 *           lines_shared says, without a clock, how many lines hold a block of each thread when
 *           the run ends.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "shim.h"
#include "span.h"
#include "support.h"
#include "workloads.h"

enum { THREADS = 2, HELD = 256, BATCH = 1024, WRITES = 32, SIZE = 8, LINE_SHIFT = 6 };

static span spans[THREADS];
static uint64_t *held[THREADS][HELD];
static void *given[THREADS][HELD];

static void give(bench_state *state, void *context) {
    (void)state;
    (void)context;
    bench_thread_begin(1);
    for (int i = 0; i < HELD; i++) {
        for (int thread = 0; thread < THREADS; thread++) {
            given[thread][i] = bench_alloc(SIZE, 0);
        }
    }
    bench_thread_end();
}

static inline void write_often(volatile uint64_t *block) {
    *block = 0;
    for (int i = 0; i < WRITES; i++) {
        *block = *block + 1;
    }
}

static bool has_other(uintptr_t line) {
    for (int i = 0; i < HELD; i++) {
        if ((uintptr_t)held[1][i] >> LINE_SHIFT == line) {
            return true;
        }
    }
    return false;
}

/* Counts lines with blocks of both threads. The last bench_next_batch of a thread returns when all
 * threads are there, with all blocks live; here only their addresses count. */
static int lines_shared(void) {
    int count = 0;
    for (int i = 0; i < HELD; i++) {
        uintptr_t line = (uintptr_t)held[0][i] >> LINE_SHIFT;
        bool counted = false;
        for (int j = 0; j < i && !counted; j++) {
            counted = (uintptr_t)held[0][j] >> LINE_SHIFT == line;
        }
        count += !counted && has_other(line);
    }
    return count;
}

static void hold(int thread) {
    for (int i = 0; i < HELD; i++) {
        held[thread][i] = bench_alloc(SIZE, 0);
        *held[thread][i] = 0;
    }
}

/* `context` is NULL where nothing was given. */
static void lines_run(bench_state *state, void *context) {
    int thread = bench_thread(state);
    bench_bind(thread, bench_threads(state));
    span_begin(&spans[thread]);
    bench_thread_begin(1);
    for (int i = 0; context != NULL && i < HELD; i++) {
        bench_free(given[thread][i], 0);
    }
    hold(thread);
    while (span_next_batch(state, &spans[thread], BATCH)) {
        for (int i = 0; i < BATCH; i++) {
            uint64_t **block = &held[thread][i % HELD];
            bench_free(*block, 0);
            *block = bench_alloc(SIZE, 0);
            write_often(*block);
        }
    }
    bench_items(state, bench_iterations(state));
    if (thread == 0) {
        span_report(state, spans, bench_iterations(state) * bench_threads(state));
        bench_counter(state, "lines_shared", lines_shared(), BENCH_COUNTER_PLAIN);
    }
    for (int i = 0; i < HELD; i++) {
        bench_free(held[thread][i], 0);
    }
    bench_thread_end();
}

static void register_lines(const char *name, bench_hook *set_up, void *context) {
    bench_case *self = bench_register(name, lines_run, context);
    bench_case_threads(self, THREADS);
    bench_case_clock(self, BENCH_CLOCK_REAL);
    bench_case_hooks(self, set_up, NULL, NULL);
}

void bench_register_lines(void) {
    register_lines("lines/active", NULL, NULL);
    register_lines("lines/passive", give, given);
}
