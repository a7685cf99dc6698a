/* SPDX-License-Identifier: MIT
 *
 * The scenario of memory.c that has a file of its own.
 *
 * Owns:     nothing.
 * Callers:  memory.c.
 * Promises: as memory_fragmentation.c says.
 * Does not: keep anything between calls.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

/* Runs the scenario and prints one line of JSON. Returns the exit code of the program. */
int memory_fragmentation(void);

#endif
