/* SPDX-License-Identifier: MIT
 *
 * How long one step of steps.h takes.
 *
 * Owns:     nothing.
 * Callers:  truth.py; the shell.
 * Promises: prints the median of some rounds, in nanoseconds, as one number. It takes a few tens
 *           of milliseconds.
 * Does not: know what the steps slow down.
 */
#include "steps.h"
#include "support.h"
#include "timestamp.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 41, PAIRS = 200000 };

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

int main(void) {
    uint64_t round[ROUNDS];
    uint64_t value = 1;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = timestamp_ns();
        value = steps_take(value, PAIRS);
        round[i] = timestamp_ns() - start;
    }
    if (value != 1) {
        fprintf(stderr, "the steps do not lead back\n");
        return EXIT_FAILURE;
    }
    qsort(round, ROUNDS, sizeof *round, by_value);
    printf("%.4f\n", (double)round[ROUNDS / 2] / (2.0 * PAIRS));
    return EXIT_SUCCESS;
}
