/* SPDX-License-Identifier: MIT
 *
 * Google Benchmark for C programs.
 *
 * Owns:     a C interface to registration, iteration, arguments, threads, clocks, hooks, counters
 *           and the command line of Google Benchmark. It knows nothing of what is measured.
 * Callers:  C11 and C++17 programs that link shim.cc and libbenchmark. Registration and bench_main
 *           are for the main thread; functions that take a bench_state are for the thread that the
 *           state was given to.
 * Promises: the library's own numbers: the shim adds no clock, no loop and no statistics. The
 *           calling program pays one call for each batch of iterations and none for an iteration.
 *           No C++ exception leaves the shim: where memory runs out, the program ends.
 * Does not: offer complexity fits, templates, fixtures or custom reporters.
 *
 * A whole program:
 *
 *     static void copy(bench_state *state, void *context) {
 *         enum { BATCH = 1024 };
 *         while (bench_next_batch(state, BATCH)) {
 *             for (int i = 0; i < BATCH; i++) {
 *                 memcpy(target, context, 64);
 *                 bench_keep(target);
 *             }
 *         }
 *         bench_items(state, bench_iterations(state));
 *     }
 *
 *     int main(int argc, char **argv) {
 *         bench_case_threads(bench_register("copy", copy, source), 2);
 *         return bench_main(argc, argv);
 *     }
 */
#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One registered benchmark, with all its arguments and thread counts. It lives until the program
 * ends. */
typedef struct bench_case bench_case;

/* One thread's part of one run of a benchmark. It lives as long as the call that it is given to. */
typedef struct bench_state bench_state;

/* What is measured. It is called in every thread of a run, and again for each longer run that the
 * library tries until the time is long enough. It must call bench_next_batch until that says
 * false; what it does before and after is not timed. */
typedef void bench_function(bench_state *state, void *context);

/* What comes before or after a run: once, on the main thread, when no other thread of the run is
 * there. Of the state only bench_threads and bench_argument may be asked. */
typedef void bench_hook(bench_state *state, void *context);

/* Which clock the figures are of. */
typedef enum bench_clock {
    BENCH_CLOCK_CPU = 0,     /* processor time of the calling thread; for one thread only */
    BENCH_CLOCK_REAL = 1,    /* wall time; the one to use with threads */
    BENCH_CLOCK_PROCESS = 2, /* processor time of all threads of the process */
    BENCH_CLOCK_MANUAL = 3   /* what the function states with bench_time */
} bench_clock;

/* What becomes of a counter's value. Values of all threads are added up first. */
typedef enum bench_counter_kind {
    BENCH_COUNTER_PLAIN = 0,   /* as it is */
    BENCH_COUNTER_AVERAGE = 1, /* divided by the number of threads */
    BENCH_COUNTER_RATE = 2     /* divided by the seconds of the run */
} bench_counter_kind;

/* Registers a benchmark. The name is copied; the context is handed to the function as it is. */
bench_case *bench_register(const char *name, bench_function *run, void *context);

/* Adds one run with these arguments, read with bench_argument. Each call adds another. */
void bench_case_arguments(bench_case *self, const int64_t *arguments, size_t count);

/* Adds one run with this many threads, at least 1. Each call adds another; without one it is 1. */
void bench_case_threads(bench_case *self, int threads);

/* Fixes the iterations of each thread instead of letting the time decide; at least 1. */
void bench_case_iterations(bench_case *self, int64_t iterations);

/* Fixes the least time of a run, in seconds, above 0, in place of --benchmark_min_time. */
void bench_case_min_time(bench_case *self, double seconds);

/* Chooses the clock, at most once. Without a call it is BENCH_CLOCK_CPU. */
void bench_case_clock(bench_case *self, bench_clock clock);

/* The most benchmarks of a program that can have hooks. */
enum { BENCH_HOOKED_CASES = 64 };

/* Gives a benchmark a hook before and one after each run. Either may be NULL. At most once for a
 * benchmark. Returns false, and changes nothing, when BENCH_HOOKED_CASES have hooks already. */
bool bench_case_hooks(bench_case *self, bench_hook *set_up, bench_hook *tear_down, void *context);

/* Asks for the next `batch` iterations, at least 1, and always the same number in one run. The
 * first call waits for the run's other threads and starts the clock; the one that answers false
 * stops it. The last batch may take the run beyond the number of iterations the library wanted:
 * the figures are of what was done. Each thread of a run is asked for the same number. */
bool bench_next_batch(bench_state *state, int64_t batch);

/* Stops and starts the clock of the calling thread, between two batches. Each costs about as much
 * as a few hundred allocations, so the batch between must be long. */
void bench_pause(bench_state *state);
void bench_resume(bench_state *state);

/* States the seconds of the last iteration, with BENCH_CLOCK_MANUAL only. */
void bench_time(bench_state *state, double seconds);

/* The iterations that the calling thread did, after bench_next_batch said false. */
int64_t bench_iterations(const bench_state *state);

/* How many threads the run has, and which of them the caller is, from 0. */
int bench_threads(const bench_state *state);
int bench_thread(const bench_state *state);

/* The argument at `index`, below the number of arguments of the run. */
int64_t bench_argument(const bench_state *state, size_t index);

/* States how many things were done, of which the report makes a rate (items_per_second). Threads'
 * numbers are added up. After the last batch. */
void bench_items(bench_state *state, int64_t items);

/* Puts a number of its own into the report. After the last batch. */
void bench_counter(bench_state *state, const char *name, double value, bench_counter_kind kind);

/* Puts a word into the report, beside the figures. */
void bench_label(bench_state *state, const char *label);

/* Marks the run as failed, with the reason. Before the first batch it also makes bench_next_batch
 * say false; in between, the function must end by itself. */
void bench_error(bench_state *state, const char *reason);

/* Puts a line into the head of the report: what is measured, its version. Before bench_main. */
void bench_context(const char *key, const char *value);

/* Runs what is registered, as the command line says (--help lists it). Returns the exit code of
 * the program: 0, or 1 when an argument is unknown. At most once. */
int bench_main(int argc, char **argv);

/* Makes the compiler believe that somebody else reads and writes all memory the pointer reaches,
 * so that nothing before is left out or moved behind. It costs no instruction. */
static inline void bench_keep(const void *pointer) {
    __asm__ volatile("" : : "r"(pointer) : "memory");
}

#ifdef __cplusplus
}
#endif

#endif
