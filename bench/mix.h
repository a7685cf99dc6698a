/* SPDX-License-Identifier: MIT
 *
 * The steps of the workloads that replace blocks at random.
 *
 * Owns:     for each thread of a run, a table of steps and the blocks that live.
 * Callers:  the workloads c, d, g and t; a thread its own part.
 * Promises: the steps are the same in every run and for every allocator, and different for each
 *           thread. The table is short enough to leave the caches to the blocks, and longer than
 *           what a branch predictor learns.
 * Does not: allocate blocks.
 */
#ifndef BENCH_MIX_H
#define BENCH_MIX_H

#include <stddef.h>
#include <stdint.h>

enum { MIX_LIVE = 4096, MIX_STEPS = 32768, MIX_LEAST = 16, MIX_MOST = 1024, MIX_THREADS = 64 };

/* Free what lives in the slot, and put a block of this size there. */
typedef struct mix_step {
    uint16_t slot;
    uint16_t size;
} mix_step;

typedef struct mix {
    mix_step step[MIX_STEPS];
    void *live[MIX_LIVE];
} mix;

/* The part of the thread with this index, below MIX_THREADS, made at the first call. */
mix *mix_of_thread(int index);

#endif
