/* SPDX-License-Identifier: MIT
 *
 * Workloads c, d and t: blocks of random sizes that live for random times.
 *
 * Owns:     for each thread, the live blocks and the precomputed steps.
 * Callers:  main.c.
 * Promises: as workloads.h says. Before the clock starts, all slots are filled and as many steps
 *           are done as there are in the table. A block's category is a function of its slot, so
 *           that nothing has to be looked up to free it.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "mix.h"
#include "shim.h"
#include "span.h"
#include "workloads.h"

enum { BATCH = 4096 };

/* One file-wide constant for each workload, so that a single category is known to the compiler. */
enum { ONE_CATEGORY = 1 };

static span spans[SPAN_THREADS];

static inline void replace(mix *self, size_t first, size_t count, uint32_t categories) {
    for (size_t i = first; i < first + count; i++) {
        uint32_t slot = self->step[i].slot;
        uint32_t category = slot % categories;
        bench_free(self->live[slot], category);
        uint64_t *block = bench_alloc(self->step[i].size, category);
        *block = i;
        self->live[slot] = block;
        bench_use(block);
    }
}

static inline void mix_measure(bench_state *state, uint32_t categories, bool wall) {
    mix *self = mix_of_thread(bench_thread(state));
    span *mine = &spans[bench_thread(state)];
    span_begin(mine);
    bench_thread_begin();
    for (uint32_t slot = 0; slot < MIX_LIVE; slot++) {
        self->live[slot] = bench_alloc(self->step[slot].size, slot % categories);
    }
    replace(self, 0, MIX_STEPS, categories);
    size_t next = 0;
    while (span_next_batch(state, mine, BATCH)) {
        replace(self, next, BATCH, categories);
        next = (next + BATCH) % MIX_STEPS;
    }
    for (uint32_t slot = 0; slot < MIX_LIVE; slot++) {
        bench_free(self->live[slot], slot % categories);
    }
    bench_items(state, bench_iterations(state));
    if (wall && bench_thread(state) == 0) {
        span_report(state, spans, bench_iterations(state) * bench_threads(state));
    }
    bench_thread_end();
}

/* `context` is NULL where the figure is of processor time. */
static void mix_run(bench_state *state, void *context) {
    mix_measure(state, ONE_CATEGORY, context != NULL);
}

static void mix16_run(bench_state *state, void *context) {
    (void)context;
    mix_measure(state, BENCH_CATEGORIES, false);
}

void bench_register_mixes(void) {
    bench_register("c/mix", mix_run, NULL);
    bench_register("d/mix16", mix16_run, NULL);
    bench_case *threads = bench_register("t/mix", mix_run, spans);
    bench_case_threads(threads, 1);
    bench_case_threads(threads, 2);
    bench_case_threads(threads, 4);
    bench_case_threads(threads, 16);
    bench_case_threads(threads, 64);
    bench_case_clock(threads, BENCH_CLOCK_REAL);
}
