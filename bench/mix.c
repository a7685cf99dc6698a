/* SPDX-License-Identifier: MIT
 *
 * The steps of the workloads that replace blocks at random.
 *
 * Owns:     one table for each thread index.
 * Callers:  as mix.h says.
 * Promises: as mix.h says.
 * Does not: share a table between threads of one run.
 */
#include "mix.h"

#include "support.h"

static mix *tables[MIX_THREADS];

/* Each index is used by one thread of a run at a time, and runs follow each other. */
mix *mix_of_thread(int index) {
    mix *self = tables[index];
    if (self == NULL) {
        self = bench_memory(sizeof *self);
        uint64_t random = (uint64_t)index + 1;
        for (size_t i = 0; i < MIX_STEPS; i++) {
            self->step[i].slot = (uint16_t)(bench_random(&random) % MIX_LIVE);
            uint64_t size = bench_random(&random) % (MIX_MOST - MIX_LEAST + 1);
            self->step[i].size = (uint16_t)(size + MIX_LEAST);
        }
        tables[index] = self;
    }
    return self;
}
