/* SPDX-License-Identifier: MIT
 *
 * Workload h: blocks of many OS pages.
 *
 * Owns:     nothing beyond a run.
 * Callers:  main.c.
 * Promises: as workloads.h says.
 * Does not: touch more than the first byte of a block, or leave one behind.
 */
#include "allocator.h"
#include "shim.h"
#include "workloads.h"

enum { PAIRS = 16 };

static void large_run(bench_state *state, void *context) {
    (void)context;
    size_t size = (size_t)bench_argument(state, 0);
    bench_thread_begin(1);
    while (bench_next_batch(state, PAIRS)) {
        for (int i = 0; i < PAIRS; i++) {
            unsigned char *block = bench_alloc(size, 0);
            *block = 1;
            bench_use(block);
            bench_free(block, 0);
        }
    }
    bench_items(state, bench_iterations(state));
    bench_thread_end();
}

void bench_register_large(void) {
    static const int64_t sizes[] = {64 << 10, 1 << 20, 4 << 20};
    if ((uint64_t)sizes[2] > BENCH_LARGEST) {
        return;
    }
    bench_case *large = bench_register("h/large", large_run, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        bench_case_arguments(large, &sizes[i], 1);
    }
}
