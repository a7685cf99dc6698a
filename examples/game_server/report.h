/* SPDX-License-Identifier: MIT
 *
 * What the demo shows and the last of its checks: progress, tables and shares.
 *
 * Owns:     whether the terminal can update a line.
 * Callers:  main.c, from the main thread.
 * Promises: progress goes to stderr, one line that is written over on a terminal and else one line
 *           per round; the tables go to stdout.
 * Does not: assert on time.
 */
#ifndef GAME_SERVER_REPORT_H
#define GAME_SERVER_REPORT_H

#include "round.h"

#include <stdint.h>

/* What all rounds so far come to. */
struct totals {
    double seconds[BACKENDS];     /* that the parts worked */
    double cpu_seconds[BACKENDS]; /* that the process used, in the same time */
    uint64_t done[BACKENDS][WORKS];
    uint64_t direct[LIBRARIES + 1]; /* calls of malloc past corral in rounds on corral */
    unsigned rounds;                /* to come in all */
};

void report_round_begin(const struct totals *totals, unsigned number);
void report_progress(const struct game_round *round, double elapsed);
void report_round_end(void);

/* The tables. */
void report_tables(const struct totals *totals);

/* Every category was used and every part did something; blocks crossed threads; the libraries went
 * past corral in less than a hundredth of their allocations. */
void report_check_shares(const struct totals *totals);

#endif
