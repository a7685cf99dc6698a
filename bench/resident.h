/* SPDX-License-Identifier: MIT
 *
 * How much of the process is in memory.
 *
 * Owns:     nothing.
 * Callers:  memory.c and memory_fragmentation.c, from one thread.
 * Promises: the sum over all mappings, as the kernel walks them: its running counters lag behind
 *           by some pages for each core. Nothing is allocated.
 * Does not: tell what is shared with other processes.
 */
#ifndef BENCH_RESIDENT_H
#define BENCH_RESIDENT_H

#include <stddef.h>

/* Resident bytes. The program ends where the kernel does not tell. */
size_t resident_bytes(void);

#endif
