/* SPDX-License-Identifier: MIT
 *
 * Workloads a, b and ta: the shortest ways from alloc to free.
 *
 * Owns:     nothing beyond a run but the time spans.
 * Callers:  main.c.
 * Promises: as workloads.h says.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "shim.h"
#include "span.h"
#include "support.h"
#include "workloads.h"

enum { PAIR_SIZE = 64, PAIRS = 4096, BATCH_BLOCKS = 64 };

static span spans[SPAN_THREADS];

static inline void do_pairs(void) {
    for (uint64_t i = 0; i < PAIRS; i++) {
        uint64_t *block = bench_alloc(PAIR_SIZE, 0);
        *block = i;
        bench_use(block);
        bench_free(block, 0);
    }
}

static void pair_run(bench_state *state, void *context) {
    (void)context;
    bench_thread_begin(1);
    while (bench_next_batch(state, PAIRS)) {
        do_pairs();
    }
    bench_items(state, bench_iterations(state));
    bench_thread_end();
}

static void pair_threads_run(bench_state *state, void *context) {
    (void)context;
    int thread = bench_thread(state);
    bench_bind(thread, bench_threads(state));
    span_begin(&spans[thread]);
    bench_thread_begin(1);
    while (span_next_batch(state, &spans[thread], PAIRS)) {
        do_pairs();
    }
    bench_items(state, bench_iterations(state));
    if (thread == 0) {
        span_report(state, spans, bench_iterations(state) * bench_threads(state));
    }
    bench_thread_end();
}

static void batch_run(bench_state *state, void *context) {
    (void)context;
    uint64_t *blocks[BATCH_BLOCKS];
    bench_thread_begin(1);
    while (bench_next_batch(state, PAIRS)) {
        for (int round = 0; round < PAIRS / BATCH_BLOCKS; round++) {
            for (uint64_t i = 0; i < BATCH_BLOCKS; i++) {
                blocks[i] = bench_alloc(PAIR_SIZE, 0);
                *blocks[i] = i;
            }
            bench_keep(blocks);
            for (int i = 0; i < BATCH_BLOCKS; i++) {
                bench_free(blocks[i], 0);
            }
        }
    }
    bench_items(state, bench_iterations(state));
    bench_thread_end();
}

void bench_register_pairs(void) {
    bench_register("a/pair", pair_run, NULL);
    bench_register("b/batch", batch_run, NULL);
    bench_scaling(bench_register("ta/pair", pair_threads_run, NULL));
}
