/* SPDX-License-Identifier: MIT
 *
 * Workloads tl and churn: threads that come and go.
 *
 * Owns:     the time spans and the sizes of the blocks; the live blocks are those of mix.h.
 * Callers:  main.c.
 * Promises: as workloads.h says. Each thread of a run starts workers, one after the other, and
 *           waits for each: in tl a worker goes on with the live blocks of the one before it, in
 *           churn it frees what it allocated. What a thread costs by itself is in the figure, and
 *           in that of the empty harness.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "mix.h"
#include "shim.h"
#include "span.h"
#include "support.h"
#include "workloads.h"

enum { STEPS = 4096, CHURN_BLOCKS = 64, LEAST = 16, MOST = 1024 };

static span spans[SPAN_THREADS];
static uint16_t churn_size[CHURN_BLOCKS];

/* The part of one worker: steps [first, first + STEPS) of a table. */
typedef struct larson_part {
    mix *mix;
    size_t first;
} larson_part;

static void *larson_worker(void *context) {
    const larson_part *part = context;
    mix *self = part->mix;
    bench_thread_begin(1);
    for (size_t i = part->first; i < part->first + STEPS; i++) {
        uint32_t slot = self->step[i].slot;
        bench_free(self->live[slot], 0);
        uint64_t *block = bench_alloc(self->step[i].size, 0);
        *block = i;
        self->live[slot] = block;
        bench_use(block);
    }
    bench_thread_end();
    return NULL;
}

static void larson_run(bench_state *state, void *context) {
    (void)context;
    int thread = bench_thread(state);
    larson_part part = {mix_of_thread(thread), 0};
    bench_bind(thread, bench_threads(state));
    span_begin(&spans[thread]);
    bench_thread_begin(1);
    for (size_t slot = 0; slot < MIX_LIVE; slot++) {
        part.mix->live[slot] = bench_alloc(part.mix->step[slot].size, 0);
    }
    while (span_next_batch(state, &spans[thread], STEPS)) {
        bench_in_thread(larson_worker, &part);
        part.first = (part.first + STEPS) % MIX_STEPS;
    }
    for (size_t slot = 0; slot < MIX_LIVE; slot++) {
        bench_free(part.mix->live[slot], 0);
    }
    bench_items(state, bench_iterations(state));
    if (thread == 0) {
        span_report(state, spans, bench_iterations(state) * bench_threads(state));
    }
    bench_thread_end();
}

static void *churn_worker(void *context) {
    uint64_t *block[CHURN_BLOCKS];
    bench_thread_begin(1);
    for (uint64_t i = 0; i < CHURN_BLOCKS; i++) {
        block[i] = bench_alloc(churn_size[i], 0);
        *block[i] = i;
    }
    bench_keep(block);
    for (size_t i = 0; i < CHURN_BLOCKS; i++) {
        bench_free(block[i], 0);
    }
    bench_thread_end();
    return context;
}

static void churn_run(bench_state *state, void *context) {
    (void)context;
    bench_bind(0, 1);
    span_begin(&spans[0]);
    while (span_next_batch(state, &spans[0], CHURN_BLOCKS)) {
        bench_in_thread(churn_worker, NULL);
    }
    bench_items(state, bench_iterations(state));
    span_report(state, spans, bench_iterations(state));
}

void bench_register_threads(void) {
    bench_random_sizes(churn_size, CHURN_BLOCKS, LEAST, MOST, 7);
    bench_scaling(bench_register("tl/larson", larson_run, NULL));
    bench_case_clock(bench_register("churn/threads", churn_run, NULL), BENCH_CLOCK_REAL);
}
