/* SPDX-License-Identifier: MIT
 *
 * How fast a core is just now, when it has as much to do as it can do at once.
 *
 * Owns:     nothing.
 * Callers:  run.py, before and after each run on one core; the shell.
 * Promises: prints the time of one turn of a loop of independent additions, in nanoseconds, as one
 *           number: the median of some rounds, on the slower of the two cores that runs use. It takes a few
 *           milliseconds. A core that shares its units with a busy neighbour, another thread of the same core
 *           or another virtual machine's, takes half as long again, and more.
 * Does not: say how slow is too slow: run.py does.
 */
#include "support.h"
#include "timestamp.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CORES = 2, ROUNDS = 21, TURNS = 100000 };

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* Six chains of one addition a turn, which the compiler may neither join nor leave out. */
static void turns(void) {
    uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6;
    for (int i = 0; i < TURNS; i++) {
        a += 3, b += 5, c += 7, d += 9, e += 11, f += 13;
        __asm__ volatile("" : "+r"(a), "+r"(b), "+r"(c), "+r"(d), "+r"(e), "+r"(f));
    }
}

static uint64_t median_round(void) {
    uint64_t round[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t start = timestamp_ns();
        turns();
        round[i] = timestamp_ns() - start;
    }
    qsort(round, ROUNDS, sizeof *round, by_value);
    return round[ROUNDS / 2];
}

int main(void) {
    uint64_t slowest = 0;
    for (int core = 0; core < CORES; core++) {
        bench_bind(core, CORES);
        uint64_t round = median_round();
        slowest = round > slowest ? round : slowest;
    }
    printf("%.3f\n", (double)slowest / TURNS);
    return EXIT_SUCCESS;
}
