/* SPDX-License-Identifier: MIT
 *
 * Workload g: how long single calls take.
 *
 * Owns:     a histogram of the allocs and one of the frees.
 * Callers:  main.c.
 * Promises: the steps of c/mix, with a time stamp before and behind each call. Before the first
 *           recorded call, all slots are filled and the table of steps is gone through four times.
 *           The report has the quantiles of both, in nanoseconds.
 * Does not: subtract the cost of the time stamps, which the empty harness shows.
 */
#include "allocator.h"
#include "histogram.h"
#include "mix.h"
#include "shim.h"
#include "timestamp.h"
#include "workloads.h"

#include <stdio.h>

enum { CALLS = 1 << 21, WARM_ROUNDS = 4 };

static histogram allocs;
static histogram frees;

static inline void timed_steps(mix *self) {
    for (size_t i = 0; i < MIX_STEPS; i++) {
        uint32_t slot = self->step[i].slot;
        uint64_t start = timestamp();
        bench_free(self->live[slot], 0);
        uint64_t freed = timestamp();
        histogram_record(&frees, freed - start);
        start = timestamp();
        uint64_t *block = bench_alloc(self->step[i].size, 0);
        uint64_t allocated = timestamp();
        histogram_record(&allocs, allocated - start);
        *block = i;
        self->live[slot] = block;
        bench_use(block);
    }
}

static void report(bench_state *state, const char *call, const histogram *values, double unit) {
    static const struct {
        const char *name;
        double share;
    } quantiles[] = {{"p50", 0.5},       {"p90", 0.9},         {"p99", 0.99}, {"p99.9", 0.999},
                     {"p99.99", 0.9999}, {"p99.999", 0.99999}, {"max", 1}};
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s_%s", call, quantiles[i].name);
        double ticks = (double)histogram_quantile(values, quantiles[i].share);
        bench_counter(state, name, ticks * unit, BENCH_COUNTER_PLAIN);
    }
}

static void latency_run(bench_state *state, void *context) {
    (void)context;
    mix *self = mix_of_thread(0);
    double unit = timestamp_unit();
    bench_thread_begin(1);
    for (size_t slot = 0; slot < MIX_LIVE; slot++) {
        self->live[slot] = bench_alloc(self->step[slot].size, 0);
    }
    for (int i = 0; i < WARM_ROUNDS; i++) {
        timed_steps(self);
    }
    histogram_clear(&allocs);
    histogram_clear(&frees);
    while (bench_next_batch(state, MIX_STEPS)) {
        timed_steps(self);
    }
    for (size_t slot = 0; slot < MIX_LIVE; slot++) {
        bench_free(self->live[slot], 0);
    }
    bench_items(state, bench_iterations(state));
    report(state, "alloc", &allocs, unit);
    report(state, "free", &frees, unit);
    bench_thread_end();
}

void bench_register_latency(void) {
    bench_case_iterations(bench_register("g/latency", latency_run, NULL), CALLS);
}
