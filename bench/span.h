/* SPDX-License-Identifier: MIT
 *
 * The time that all threads of a run take together.
 *
 * Owns:     nothing; a workload has an array of spans, one for each thread of a run.
 * Callers:  the workloads with several threads.
 * Promises: the figure is the time from the first thread's start to the last thread's end, divided
 *           by what all of them did. The library's own figure averages the threads' times, each of
 *           which begins only when the thread first runs: with more threads than cores that leaves
 *           out most of the waiting.
 * Does not: replace the library's figure, which is in the report too.
 */
#ifndef BENCH_SPAN_H
#define BENCH_SPAN_H

#include "shim.h"
#include "timestamp.h"

enum { SPAN_THREADS = 64 };

typedef struct span {
    _Alignas(64) uint64_t start; /* owner */
    uint64_t end;                /* owner; others read it when all threads have ended */
} span;

/* Adds a run with each number of threads for which scaling is shown, by wall time. */
static inline void bench_scaling(bench_case *self) {
    static const int threads[] = {1, 2, 4, 16, SPAN_THREADS};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        bench_case_threads(self, threads[i]);
    }
    bench_case_clock(self, BENCH_CLOCK_REAL);
}

static inline void span_begin(span *self) {
    self->start = 0;
}

/* In place of bench_next_batch. */
static inline bool span_next_batch(bench_state *state, span *self, int64_t batch) {
    self->end = timestamp_ns();
    bool more = bench_next_batch(state, batch);
    if (more && self->start == 0) {
        self->start = timestamp_ns();
    }
    return more;
}

/* From the first start to the last end. The last bench_next_batch of a thread returns when all
 * threads are there, so everybody's end is known. */
static inline uint64_t span_of_all(const span *spans, int threads) {
    uint64_t start = spans[0].start;
    uint64_t end = spans[0].end;
    for (int i = 1; i < threads; i++) {
        start = spans[i].start < start ? spans[i].start : start;
        end = spans[i].end > end ? spans[i].end : end;
    }
    return end - start;
}

/* States the figure, from the first thread. `items` is what all threads did. */
static inline void span_report(bench_state *state, const span *spans, int64_t items) {
    const double time = (double)span_of_all(spans, bench_threads(state));
    bench_counter(state, "ns_per_item", time / (double)items, BENCH_COUNTER_PLAIN);
}

#endif
