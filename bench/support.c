/* SPDX-License-Identifier: MIT
 *
 * What the workloads need besides an allocator: memory, cores, numbers.
 *
 * Owns:     nothing.
 * Callers:  as support.h says.
 * Promises: as support.h says.
 * Does not: draw from the OS: every sequence repeats.
 */
#include "support.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void *bench_memory(size_t size) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        fprintf(stderr, "the benchmark is out of memory\n");
        abort();
    }
    memset(memory, 0, size);
    return memory;
}

/* The cores that the process had when it began, before any thread was bound. */
static const cpu_set_t *allowed_cores(void) {
    static cpu_set_t cores;
    static int known;
    if (!known) {
        known = sched_getaffinity(0, sizeof cores, &cores) == 0;
    }
    return &cores;
}

__attribute__((constructor)) static void remember_cores(void) {
    allowed_cores();
}

int bench_bind(int index, int threads) {
    const cpu_set_t *cores = allowed_cores();
    int count = CPU_COUNT(cores);
    if (threads > count) {
        sched_setaffinity(0, sizeof *cores, cores);
        return count;
    }
    for (size_t core = 0; core < CPU_SETSIZE; core++) {
        if (CPU_ISSET(core, cores) && index-- == 0) {
            cpu_set_t one;
            CPU_ZERO(&one);
            CPU_SET(core, &one);
            sched_setaffinity(0, sizeof one, &one);
        }
    }
    return count;
}

void bench_in_thread(void *(*run)(void *), void *context) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, run, context) != 0) {
        fprintf(stderr, "the benchmark has no thread left\n");
        abort();
    }
    pthread_join(thread, NULL);
}

/* SplitMix64: one addition and a mix of the bits. */
uint64_t bench_random(uint64_t *state) {
    uint64_t mixed = *state += 0x9E3779B97F4A7C15;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
    return mixed ^ (mixed >> 31);
}

void bench_random_sizes(uint16_t *sizes, size_t count, uint16_t least, uint16_t most,
                        uint64_t seed) {
    uint64_t span = (uint64_t)most - least + 1;
    for (size_t i = 0; i < count; i++) {
        sizes[i] = (uint16_t)(least + bench_random(&seed) % span);
    }
}

void bench_random_order(uint32_t *order, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++) {
        size_t other = bench_random(&seed) % (i + 1);
        order[i] = order[other];
        order[other] = (uint32_t)i;
    }
}
