/* SPDX-License-Identifier: MIT
 *
 * What it takes to empty a category: by corral_category_reset, and by freeing each block.
 *
 * Owns:     the blocks.
 * Callers:  the shell: reset [ROUNDS].
 * Promises: for each size and number of blocks, both ways in turn in each round, medians; blocks are written
 *           before, and freed in the order in which they were allocated. Resident memory is that before the first
 *           block, with all, and after the last reset.
 * Does not: compare allocators: none of the rivals has a reset from any thread. Free what other threads have.
 */
#include "resident.h"
#include "support.h"
#include "timestamp.h"

#include <corral/corral.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL = 7, ROUNDS = 9, ROUNDS_MOST = 101, BLOCKS_MOST = 4000000 };

static const struct { size_t size, blocks; } cases[] = {
    {64, 10000}, {64, 100000}, {64, 1000000}, {64, 4000000}, {1024, 10000}, {1024, 100000}, {1024, 1000000},
};

static void *blocks[BLOCKS_MOST];

static int by_value(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void fill(size_t size, size_t count) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(size, LEVEL);
        if (blocks[i] == NULL) {
            fprintf(stderr, "memory is exhausted\n");
            exit(EXIT_FAILURE);
        }
        memset(blocks[i], 1, size);
    }
}

static uint64_t time_frees(size_t count) {
    uint64_t start = timestamp_ns();
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], LEVEL);
    }
    return timestamp_ns() - start;
}

static uint64_t time_reset(void) {
    uint64_t start = timestamp_ns();
    corral_status status = corral_category_reset(LEVEL);
    uint64_t time = timestamp_ns() - start;
    if (status != CORRAL_OK) {
        fprintf(stderr, "no reset: status %d\n", (int)status);
        exit(EXIT_FAILURE);
    }
    return time;
}

static void measure(size_t size, size_t count, int rounds) {
    uint64_t frees[ROUNDS_MOST], resets[ROUNDS_MOST];
    size_t before = resident_bytes(), with = 0;
    corral_stats stats = {0};
    for (int i = 0; i < rounds; i++) {
        fill(size, count);
        frees[i] = time_frees(count);
        fill(size, count);
        with = resident_bytes();
        corral_category_stats(LEVEL, &stats, sizeof stats);
        resets[i] = time_reset();
    }
    size_t after = resident_bytes();
    qsort(frees, (size_t)rounds, sizeof *frees, by_value);
    qsort(resets, (size_t)rounds, sizeof *resets, by_value);
    uint64_t reset = resets[rounds / 2];
    printf("%5zu %8zu %7llu %7llu %9.3f %9.3f %9.1f %9.2f %9.2f %9.2f\n", size, count,
           (unsigned long long)((stats.slabs + 61) / 62), (unsigned long long)stats.slabs, (double)frees[rounds / 2] / 1e6,
           (double)reset / 1e6, (double)reset / 1e3 / (double)stats.slabs, (double)before / 1048576,
           (double)with / 1048576, (double)after / 1048576);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    if (rounds < 1 || rounds > ROUNDS_MOST) {
        fprintf(stderr, "reset [ROUNDS], of 1 to %d\n", ROUNDS_MOST);
        return 2;
    }
    memset(blocks, 1, sizeof blocks);
    corral_free(corral_alloc(1, LEVEL), LEVEL);
    printf(" size   blocks  arenas   slabs  frees ms  reset ms  us/slab  before MiB   with  after MiB\n");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        measure(cases[i].size, cases[i].blocks, rounds);
    }
    return EXIT_SUCCESS;
}
