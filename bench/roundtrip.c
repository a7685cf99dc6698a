/* SPDX-License-Identifier: MIT
 *
 * How far apart two cores are: the round trip of a cache line.
 *
 * Owns:     one line that two threads write in turn.
 * Callers:  run.py, before and after each run with two threads; the shell.
 * Promises: prints the median of some rounds, in nanoseconds, as one number. It takes a few
 *           milliseconds. Where there is one core only, it prints 0.
 * Does not: say what near and far are: run.py does.
 */
#include "atomic.h"
#include "support.h"
#include "timestamp.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 21, TRIPS = 500 };

static _Alignas(128) _Atomic(size_t) line;

/* The line counts: the main thread makes it odd, the other even. Each acquire pairs with the other
 * side's release; nothing but the number itself is handed over. */
static void await(size_t value) {
    while (bench_load_acquire(&line) != value) {
        bench_relax();
    }
}

static void *answer(void *context) {
    bench_bind(1, 2);
    for (size_t i = 0; i < (size_t)ROUNDS * TRIPS; i++) {
        await(2 * i + 1);
        bench_store_release(&line, 2 * i + 2);
    }
    return context;
}

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

int main(void) {
    pthread_t other;
    uint64_t round[ROUNDS];
    size_t trip = 0;
    if (bench_bind(0, 2) < 2) {
        puts("0");
        return EXIT_SUCCESS;
    }
    if (pthread_create(&other, NULL, answer, NULL) != 0) {
        fprintf(stderr, "no second thread\n");
        return EXIT_FAILURE;
    }
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = timestamp_ns();
        for (int j = 0; j < TRIPS; j++, trip++) {
            bench_store_release(&line, 2 * trip + 1);
            await(2 * trip + 2);
        }
        round[i] = timestamp_ns() - start;
    }
    pthread_join(other, NULL);
    qsort(round, ROUNDS, sizeof *round, by_value);
    printf("%.1f\n", (double)round[ROUNDS / 2] / TRIPS);
    return EXIT_SUCCESS;
}
