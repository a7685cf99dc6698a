/* SPDX-License-Identifier: MIT
 *
 * The trace workloads: what real programs asked of an allocator, once more.
 *
 * Owns:     the replays of the trace, made before the first run that needs them.
 * Callers:  main.c.
 * Promises: as workloads.h says. One pass is done before the clock starts, and an iteration is a
 *           pass. A trace that cannot be read makes its runs fail, with the reason.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "replay_pass.h"
#include "shim.h"
#include "span.h"
#include "support.h"
#include "workloads.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static_assert((int)TRACE_THREADS <= (int)SPAN_THREADS, "a span for each thread");

/* Some tens of milliseconds of all threads' work, so that threads seldom wait for each other
 * without a block between them. */
enum { SLICE = 1 << 20 };

typedef struct plan {
    uint32_t threads; /* of the replay_choice */
    replay *made;
} plan;

static const char *path = BENCH_TRACE;
static char error[TRACE_ERROR];
static plan as_recorded = {0, NULL};
static plan two_threads = {2, NULL};
static plan one_thread = {1, NULL};
static span spans[SPAN_THREADS];
static uint64_t spent[SPAN_THREADS]; /* owner: processor time of the timed passes */

void bench_take_trace(int *argc, char **argv) {
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], "--trace") == 0) {
            path = argv[i + 1];
            *argc -= 2;
            memmove(&argv[i], &argv[i + 2], (size_t)(*argc - i + 1) * sizeof *argv);
            return;
        }
    }
}

/* The hook before each run. */
static void make_ready(bench_state *state, void *context) {
    (void)state;
    plan *self = context;
    struct trace trace;
    if (self->made == NULL && trace_read(&trace, path, error)) {
        const replay_choice choice = {self->threads, BENCH_CATEGORIES, SLICE};
        self->made = replay_make(&trace, choice);
        trace_release(&trace);
    }
    if (self->made != NULL) {
        replay_reset(self->made);
    }
}

/* What all threads did, after the last pass, from the first thread. */
static void state_figures(bench_state *state, const replay *made, int64_t passes) {
    const int64_t pairs = passes * (int64_t)made->pairs;
    double busy = 0;
    double waited = 0;
    double waits = 0;
    for (int i = 0; i < made->threads; i++) {
        busy += (double)(spent[i] - made->thread[i].waited);
        waited += (double)made->thread[i].waited;
        waits += (double)made->thread[i].waits;
    }
    const double wall = (double)span_of_all(spans, made->threads);
    bench_items(state, pairs);
    bench_counter(state, "ns_per_item", busy / (double)pairs, BENCH_COUNTER_PLAIN);
    bench_counter(state, "ns_per_operation", busy / ((double)passes * (double)made->operations),
                  BENCH_COUNTER_PLAIN);
    bench_counter(state, "wall_ns_per_item", wall / (double)pairs, BENCH_COUNTER_PLAIN);
    bench_counter(state, "waited_ns_per_item", waited / (double)pairs, BENCH_COUNTER_PLAIN);
    bench_counter(state, "waits_per_pass", waits / (double)passes, BENCH_COUNTER_PLAIN);
    bench_counter(state, "cross_frees", (double)made->cross_frees / (double)made->frees,
                  BENCH_COUNTER_PLAIN);
}

static void trace_run(bench_state *state, void *context) {
    replay *made = ((plan *)context)->made;
    const int index = bench_thread(state);
    if (made == NULL) {
        bench_error(state, error);
        return;
    }
    replay_thread *thread = &made->thread[index];
    size_t pass = 0;
    if (made->threads > 1) {
        bench_bind(index, made->threads);
    }
    span_begin(&spans[index]);
    bench_thread_begin(BENCH_CATEGORIES);
    replay_pass(made, index, pass++);
    thread->waits = 0;
    thread->waited = 0;
    spent[index] = 0;
    while (span_next_batch(state, &spans[index], 1)) {
        const uint64_t start = timestamp_cpu_ns();
        replay_pass(made, index, pass++);
        spent[index] += timestamp_cpu_ns() - start;
    }
    if (index == 0) {
        state_figures(state, made, bench_iterations(state));
    }
    bench_thread_end();
}

static void register_trace(const char *name, plan *context, int threads) {
    bench_case *self = bench_register(name, trace_run, context);
    if (context->threads != 1) {
        bench_case_threads(self, threads);
        bench_case_clock(self, BENCH_CLOCK_REAL);
    }
    if (!bench_case_hooks(self, make_ready, NULL, context)) {
        fprintf(stderr, "too many benchmarks have hooks\n");
        abort();
    }
}

/* A trace without a readable head is registered too, so that its failure is reported. */
void bench_register_traces(void) {
    struct trace head;
    const bool read = trace_read_head(&head, path, error);
    const size_t largest = head.largest;
    if (!read || largest <= BENCH_LARGEST) {
        register_trace("trace/threads", &as_recorded, read ? (int)head.threads : 1);
        register_trace("trace/shared", &two_threads, 2);
        register_trace("trace/order", &one_thread, 1);
    }
}
