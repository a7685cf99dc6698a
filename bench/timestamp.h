/* SPDX-License-Identifier: MIT
 *
 * The clock of single calls.
 *
 * Owns:     nothing.
 * Callers:  the latency workload and the round trip tool.
 * Promises: a time stamp is taken after everything before it is done and before anything behind it
 *           begins. What the stamps themselves cost shows in the rows of the empty harness.
 * Does not: agree between cores.
 */
#ifndef BENCH_TIMESTAMP_H
#define BENCH_TIMESTAMP_H

#include <stdint.h>
#include <time.h>

static inline uint64_t timestamp_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* The calling thread's processor time, with the kernel's part. */
static inline uint64_t timestamp_cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#if defined(__x86_64__) || defined(__i386__)

/* The compiler's own words: the header that names them otherwise takes longer to read than a workload to
 * compile. */
static inline uint64_t timestamp(void) {
    __builtin_ia32_lfence();
    uint64_t ticks = __builtin_ia32_rdtsc();
    __builtin_ia32_lfence();
    return ticks;
}

/* Nanoseconds in a tick, measured against the system's clock for 20 ms. */
static inline double timestamp_unit(void) {
    uint64_t start_ns = timestamp_ns();
    uint64_t start = timestamp();
    while (timestamp_ns() - start_ns < 20000000) {
    }
    uint64_t ticks = timestamp() - start;
    return (double)(timestamp_ns() - start_ns) / (double)ticks;
}

#else

static inline uint64_t timestamp(void) {
    return timestamp_ns();
}

static inline double timestamp_unit(void) {
    return 1;
}

#endif

#endif
