/* SPDX-License-Identifier: MIT
 *
 * The growth workloads: blocks that are made larger again and again.
 *
 * Owns:     the growing blocks.
 * Callers:  main.c.
 * Promises: as workloads.h says; an item is one step of growth. In grow/small, VECTORS blocks grow
 *           in turn by half from 16 to 1,024 bytes, so that each has another behind it. In
 *           grow/large one block doubles from 4 KiB to 4 MiB, and each new OS page is written.
 * Does not: leave a block behind.
 */
#include "allocator.h"
#include "shim.h"
#include "workloads.h"

enum {
    VECTORS = 64,
    SMALL_LEAST = 16,
    SMALL_MOST = 1024,
    LARGE_LEAST = 4 << 10,
    LARGE_MOST = 4 << 20,
    PAGE = 4096
};

static inline size_t grown_by_half(size_t size) {
    size_t grown = size + size / 2;
    return grown < SMALL_MOST ? grown : SMALL_MOST;
}

static int64_t small_pass(void **vector) {
    int64_t steps = 0;
    for (int i = 0; i < VECTORS; i++) {
        vector[i] = bench_alloc(SMALL_LEAST, 0);
        *(uint64_t *)vector[i] = 1;
    }
    for (size_t old = SMALL_LEAST; old < SMALL_MOST; old = grown_by_half(old)) {
        for (int i = 0; i < VECTORS; i++) {
            vector[i] = bench_realloc(vector[i], old, grown_by_half(old), 0);
            *(uint64_t *)vector[i] += 1;
        }
        bench_keep(vector);
        steps += VECTORS;
    }
    for (int i = 0; i < VECTORS; i++) {
        bench_free(vector[i], 0);
    }
    return steps;
}

static void write_pages(unsigned char *block, size_t from, size_t to) {
    for (size_t at = from; at < to && at < BENCH_BLOCK_BYTES; at += PAGE) {
        block[at] = 1;
    }
    bench_keep(block);
}

static int64_t large_pass(void) {
    int64_t steps = 0;
    void *block = bench_alloc(LARGE_LEAST, 0);
    write_pages(block, 0, LARGE_LEAST);
    for (size_t old = LARGE_LEAST; old < LARGE_MOST; old *= 2, steps++) {
        block = bench_realloc(block, old, 2 * old, 0);
        write_pages(block, old, 2 * old);
    }
    bench_free(block, 0);
    return steps;
}

static void small_run(bench_state *state, void *context) {
    (void)context;
    void *vector[VECTORS];
    int64_t steps = 0;
    bench_thread_begin(1);
    while (bench_next_batch(state, 1)) {
        steps += small_pass(vector);
    }
    bench_items(state, steps);
    bench_thread_end();
}

static void large_run(bench_state *state, void *context) {
    (void)context;
    int64_t steps = 0;
    bench_thread_begin(1);
    while (bench_next_batch(state, 1)) {
        steps += large_pass();
    }
    bench_items(state, steps);
    bench_thread_end();
}

void bench_register_growth(void) {
    bench_register("grow/small", small_run, NULL);
    if ((uint64_t)LARGE_MOST <= BENCH_LARGEST) {
        bench_register("grow/large", large_run, NULL);
    }
}
