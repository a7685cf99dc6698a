/* SPDX-License-Identifier: MIT
 *
 * The bulk workloads: very many blocks at once, then all of them freed.
 *
 * Owns:     the table of live blocks, their sizes and the order of the frees.
 * Callers:  main.c.
 * Promises: as workloads.h says.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "shim.h"
#include "support.h"
#include "workloads.h"

enum { BLOCKS = 65536, ORDERED_SIZE = 64, LEAST = 16, MOST = 1024 };

typedef struct bulk {
    uint64_t *block[BLOCKS];
    uint32_t order[BLOCKS];
    uint16_t size[BLOCKS];
} bulk;

static bulk *bulk_tables(void) {
    static bulk *self;
    if (self == NULL) {
        self = bench_memory(sizeof *self);
        bench_random_order(self->order, BLOCKS, 1);
        bench_random_sizes(self->size, BLOCKS, LEAST, MOST, 2);
    }
    return self;
}

static void ordered_run(bench_state *state, void *context) {
    (void)context;
    bulk *self = bulk_tables();
    bench_thread_begin(1);
    while (bench_next_batch(state, BLOCKS)) {
        for (size_t i = 0; i < BLOCKS; i++) {
            self->block[i] = bench_alloc(ORDERED_SIZE, 0);
            *self->block[i] = i;
        }
        bench_keep(self);
        for (size_t i = 0; i < BLOCKS; i++) {
            bench_free(self->block[i], 0);
        }
    }
    bench_items(state, bench_iterations(state));
    bench_thread_end();
}

static void shuffled_run(bench_state *state, void *context) {
    (void)context;
    bulk *self = bulk_tables();
    bench_thread_begin(1);
    while (bench_next_batch(state, BLOCKS)) {
        for (size_t i = 0; i < BLOCKS; i++) {
            self->block[i] = bench_alloc(self->size[i], 0);
            *self->block[i] = i;
        }
        bench_keep(self);
        for (size_t i = 0; i < BLOCKS; i++) {
            bench_free(self->block[self->order[i]], 0);
        }
    }
    bench_items(state, bench_iterations(state));
    bench_thread_end();
}

void bench_register_bulk(void) {
    bench_register("bulk/ordered", ordered_run, NULL);
    bench_register("bulk/shuffled", shuffled_run, NULL);
}
