/* SPDX-License-Identifier: MIT
 *
 * The scenarios of memory.c that have files of their own.
 *
 * Owns:     nothing.
 * Callers:  memory.c.
 * Promises: as memory_fragmentation.c, memory_day.c and memory_held.c say.
 * Does not: keep anything between calls.
 */
#ifndef BENCH_MEMORY_H
#define BENCH_MEMORY_H

/* Each runs its scenario and prints one line of JSON. Returns the exit code of the program. */
int memory_fragmentation(void);
int memory_day(void);
int memory_producer(void);
int memory_idle(void);
int memory_short(void);

#endif
