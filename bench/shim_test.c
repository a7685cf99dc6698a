/* SPDX-License-Identifier: MIT
 *
 * Tests of the shim, against the library it wraps.
 *
 * Owns:     a few small benchmarks and the expectations of what the library does with them.
 * Callers:  meson test, as a program with one argument: a path that it may write a report to.
 * Promises: exit code 0 and "0 failed" only when all expectations hold. No time is asserted but
 *           for a sleep that is far longer than what it is compared with.
 * Does not: test the library's own statistics.
 */
#include "shim.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 10, ITERATIONS = 95, ROUNDED_UP = 100, THREADS = 2, REPORT_LIMIT = 1 << 16 };

static int passed;
static int failed;

static void expect(bool holds, const char *what) {
    if (holds) {
        passed++;
    } else {
        failed++;
        fprintf(stderr, "expected: %s\n", what);
    }
}

/* What the counted benchmark and its hooks saw. */
typedef struct seen {
    atomic_int runs;
    atomic_int iterations;
    atomic_int batches;
    atomic_int indexes;
    int set_ups;
    int tear_downs;
    int runs_at_tear_down;
    int64_t argument;
    int64_t argument_in_hook;
    int threads_in_hook;
} seen;

static void counted_set_up(bench_state *state, void *context) {
    seen *self = context;
    self->set_ups++;
    self->threads_in_hook = bench_threads(state);
    self->argument_in_hook = bench_argument(state, 1);
}

static void counted_tear_down(bench_state *state, void *context) {
    (void)state;
    seen *self = context;
    self->tear_downs++;
    self->runs_at_tear_down = atomic_load(&self->runs);
}

static void counted_run(bench_state *state, void *context) {
    seen *self = context;
    while (bench_next_batch(state, BATCH)) {
        atomic_fetch_add(&self->batches, 1);
    }
    atomic_fetch_add(&self->iterations, (int)bench_iterations(state));
    atomic_fetch_add(&self->indexes, 1 << bench_thread(state));
    atomic_fetch_add(&self->runs, 1);
    if (bench_thread(state) == 0) {
        self->argument = bench_argument(state, 0);
    }
    bench_items(state, bench_iterations(state));
    bench_counter(state, "sum", 1.5, BENCH_COUNTER_PLAIN);
    bench_counter(state, "average", 1.5, BENCH_COUNTER_AVERAGE);
    bench_label(state, "a label");
}

static void sleep_ms(long milliseconds) {
    struct timespec time = {0, milliseconds * 1000000};
    nanosleep(&time, NULL);
}

static void paused_run(bench_state *state, void *context) {
    (void)context;
    while (bench_next_batch(state, 1)) {
        bench_pause(state);
        sleep_ms(200);
        bench_resume(state);
    }
}

static void manual_run(bench_state *state, void *context) {
    (void)context;
    while (bench_next_batch(state, 1)) {
        bench_time(state, 0.125);
    }
}

static void failing_run(bench_state *state, void *context) {
    bench_error(state, "on purpose");
    while (bench_next_batch(state, 1)) {
        *(int *)context += 1;
    }
}

static void growing_run(bench_state *state, void *context) {
    int *calls = context;
    *calls += 1;
    while (bench_next_batch(state, BATCH)) {
        bench_keep(calls);
    }
}

static void register_counted(seen *self) {
    const int64_t arguments[] = {7, 11};
    bench_case *counted = bench_register("counted", counted_run, self);
    bench_case_arguments(counted, arguments, 2);
    bench_case_threads(counted, THREADS);
    bench_case_iterations(counted, ITERATIONS);
    bench_case_clock(counted, BENCH_CLOCK_REAL);
    expect(bench_case_hooks(counted, counted_set_up, counted_tear_down, self), "a first hook");
}

static void register_others(int *failing_batches, int *growing_calls) {
    bench_case *paused = bench_register("paused", paused_run, NULL);
    bench_case_iterations(paused, 2);
    bench_case_clock(paused, BENCH_CLOCK_REAL);
    bench_case *manual = bench_register("manual", manual_run, NULL);
    bench_case_iterations(manual, 4);
    bench_case_clock(manual, BENCH_CLOCK_MANUAL);
    bench_case_iterations(bench_register("failing", failing_run, failing_batches), 1);
    bench_case *growing = bench_register("growing", growing_run, growing_calls);
    bench_case_min_time(growing, 0.001);
    for (int i = 1; i < BENCH_HOOKED_CASES; i++) {
        expect(bench_case_hooks(growing, NULL, NULL, NULL), "a hook for each place");
    }
    expect(!bench_case_hooks(growing, NULL, NULL, NULL), "no hook beyond the last place");
}

/* The report is small and of known form: a search for words replaces a parser. */
static void expect_report(const char *path) {
    static char text[REPORT_LIMIT];
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        expect(false, "a report");
        return;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    expect(strstr(text, "\"subject\": \"shim\"") != NULL, "the context line");
    expect(strstr(text, "counted/7/11/iterations:95/real_time/threads:2") != NULL, "a full name");
    expect(strstr(text, "\"sum\": 3.0000000000000000e+00") != NULL, "a sum over the threads");
    expect(strstr(text, "\"average\": 1.5000000000000000e+00") != NULL, "an average of threads");
    expect(strstr(text, "\"label\": \"a label\"") != NULL, "the label");
    expect(strstr(text, "items_per_second") != NULL, "a rate of items");
    expect(strstr(text, "\"error_message\": \"on purpose\"") != NULL, "the error");
    expect(strstr(text, "\"real_time\": 1.2500000000000000e+08") != NULL, "the stated time");
    const char *paused = strstr(text, "\"name\": \"paused/");
    const char *time = paused == NULL ? NULL : strstr(paused, "\"real_time\": ");
    expect(time != NULL && strtod(time + strlen("\"real_time\": "), NULL) < 100e6,
           "a time without the pause");
}

static void expect_seen(const seen *self) {
    expect(self->runs == THREADS, "a run in each thread");
    expect(self->indexes == 3, "each thread index once");
    expect(self->batches == THREADS * ROUNDED_UP / BATCH, "as many batches as there are begun");
    expect(self->iterations == THREADS * ROUNDED_UP, "the last batch counted whole");
    expect(self->set_ups == 1 && self->tear_downs == 1, "each hook once for all threads");
    expect(self->runs_at_tear_down == THREADS, "the tear-down after the last thread");
    expect(self->threads_in_hook == THREADS, "the threads in a hook");
    expect(self->argument == 7 && self->argument_in_hook == 11, "the arguments in their order");
}

int main(int argc, char **argv) {
    static seen counted;
    static int failing_batches;
    static int growing_calls;
    if (argc != 2) {
        fprintf(stderr, "usage: %s REPORT\n", argv[0]);
        return EXIT_FAILURE;
    }
    static char out[4096];
    static char format[] = "--benchmark_out_format=json";
    snprintf(out, sizeof out, "--benchmark_out=%s", argv[1]);
    char *arguments[] = {argv[0], out, format, NULL};
    register_counted(&counted);
    register_others(&failing_batches, &growing_calls);
    bench_context("subject", "shim");
    expect(bench_main(3, arguments) == EXIT_SUCCESS, "a run without an error");
    expect_seen(&counted);
    expect(failing_batches == 0, "no batch after an error");
    expect(growing_calls > 1, "longer runs until the time is long enough");
    expect_report(argv[1]);
    printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
