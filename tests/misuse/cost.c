/* SPDX-License-Identifier: MIT
 *
 * What an allocation and a free cost in this build, to compare a hardened one with another.
 *
 * Owns:     nothing.
 * Callers:  anyone, by `ninja -C BUILD misuse-cost`.
 * Promises: a line for each shape: the least of ROUNDS rounds, in ns for one allocation and one free.
 * Does not: stand in for the benchmarks, which compare allocators: bench/.
 */
#include <corral/corral.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ID = 1, LIVE = 4096, STEPS = 1 << 18, ROUNDS = 15 };

static void *blocks[LIVE];
static uint64_t random_state = 1;

static size_t random_below(size_t bound) {
    random_state = random_state * UINT64_C(6364136223846793005) + 1;
    return (size_t)(random_state >> 33) % bound;
}

/* One block at a time. */
static void pairs(size_t size) {
    for (size_t i = 0; i < STEPS; i++) {
        void *block = corral_alloc(size, ID);
        *(volatile char *)block = 1;
        corral_free(block, ID);
    }
}

/* LIVE blocks, each replaced at random; of which the last ones stay for the next round. */
static void replaced(size_t most) {
    for (size_t i = 0; i < STEPS; i++) {
        void **block = &blocks[random_below(LIVE)];
        corral_free(*block, ID);
        *block = corral_alloc(16 + random_below(most - 15), ID);
        *(volatile char *)*block = 1;
    }
}

static double nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return 1e9 * (double)now.tv_sec + (double)now.tv_nsec;
}

static void tell(const char *name, void (*shape)(size_t size), size_t size) {
    double least = 1e18;
    for (int i = 0; i < ROUNDS; i++) {
        double before = nanoseconds();
        shape(size);
        double took = (nanoseconds() - before) / STEPS;
        least = took < least ? took : least;
    }
    corral_free_batch((void *const *)blocks, LIVE, ID);
    memset(blocks, 0, sizeof blocks);
    printf("| %-40s | %7.1f |\n", name, least);
}

int main(void) {
    tell("64 bytes, freed at once", pairs, 64);
    tell("1,000 bytes, freed at once", pairs, 1000);
    tell("4,000 bytes, freed at once", pairs, 4000);
    tell("100,000 bytes, freed at once", pairs, 100000);
    tell("16 to 1,024 bytes, 4,096 live", replaced, 1024);
    return 0;
}
