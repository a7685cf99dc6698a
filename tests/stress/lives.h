/* SPDX-License-Identifier: MIT
 *
 * Short-lived threads, one after another, some at a time.
 *
 * Owns:     nothing that outlives a call.
 * Callers:  a main's first thread.
 * Promises: a thread is gone, as the OS sees it, before the next one of its turn begins.
 * Does not: know what the threads do.
 */
#ifndef CORRAL_TESTS_STRESS_LIVES_H
#define CORRAL_TESTS_STRESS_LIVES_H

#include <stdbool.h>
#include <stdint.h>

enum { LIVES_AT_A_TIME = 256 };

struct lives {
    void (*live)(uint64_t number); /* a thread's whole life */
    uint64_t first, last;          /* the threads' numbers: from first to before last */
    unsigned at_a_time;            /* at most LIVES_AT_A_TIME */
    bool vanish; /* they end by the OS's call alone: no destructor, nothing of the C library's */
};

/* Runs all of them. */
void lives_run(const struct lives *lives);

#endif
