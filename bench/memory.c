/* SPDX-License-Identifier: MIT
 *
 * What an allocator keeps resident: one scenario in a process of its own.
 *
 * Owns:     the scenarios, and the one line of JSON that says what was found.
 * Callers:  run.py, the shell: memory-NAME start, memory-NAME peak CATEGORIES, memory-NAME SCENARIO with one of
 *           the table `scenarios`.
 * Promises: resident memory is what the kernel counts for the whole process, exactly, with the
 *           pages of libraries. What the scenario itself needs is touched before the first
 *           reading, and every byte of a block is written. Where the allocator does not serve a
 *           scenario, nothing is printed.
 * Does not: measure a time, or link what the benchmarks of time are made of.
 */
#include "memory.h"
#include "allocator.h"
#include "resident.h"
#include "support.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LEAST = 16,
    MOST = 1024,
    CREW = 8,
    CREW_BYTES = 512 << 20,
    IDLE_SECONDS = 3 /* longer than the allocators' own times of decay */
};

/* The blocks of a thread are linked through their first words, so that no table is resident beside
 * them. */
typedef struct linked {
    struct linked *next;
} linked;

typedef struct crew {
    pthread_barrier_t full;     /* all threads hold their blocks */
    pthread_barrier_t measured; /* and may free them */
    uint32_t categories;
    size_t requested[CREW]; /* a thread's own until the barrier `full` */
} crew;

typedef struct crew_member {
    crew *crew;
    size_t index;
} crew_member;

/* The scenario `start`: the first block, or none where there is no allocator. */
static int start(void) {
    if (BENCH_BLOCK_BYTES >= LEAST + MOST) {
        bench_thread_begin(1);
        uint64_t *block = bench_alloc(LEAST, 0);
        *block = 1;
        bench_use(block);
    }
    printf("{\"resident\": %zu}\n", resident_bytes());
    return EXIT_SUCCESS;
}

static size_t take_share(uint64_t random, uint32_t categories, linked **lists) {
    size_t requested = 0;
    for (uint32_t i = 0; requested < CREW_BYTES / CREW; i++) {
        uint32_t category = i % categories;
        size_t size = LEAST + bench_random(&random) % (MOST - LEAST + 1);
        linked *block = bench_alloc(size, category);
        memset(block, 1, size);
        block->next = lists[category];
        lists[category] = block;
        requested += size;
    }
    return requested;
}

static void free_share(uint32_t categories, linked **lists) {
    for (uint32_t category = 0; category < categories; category++) {
        while (lists[category] != NULL) {
            linked *block = lists[category];
            lists[category] = block->next;
            bench_free(block, category);
        }
    }
}

static void *crew_run(void *context) {
    const crew_member *self = context;
    crew *all = self->crew;
    linked *lists[BENCH_CATEGORIES] = {NULL};
    bench_thread_begin(all->categories);
    all->requested[self->index] = take_share(self->index + 1, all->categories, lists);
    pthread_barrier_wait(&all->full);
    pthread_barrier_wait(&all->measured);
    free_share(all->categories, lists);
    bench_thread_end();
    return NULL;
}

/* Resident bytes when all is live; the threads are gone when it returns. */
static size_t run_crew(crew *self) {
    pthread_t thread[CREW];
    crew_member member[CREW];
    pthread_barrier_init(&self->full, NULL, CREW + 1);
    pthread_barrier_init(&self->measured, NULL, CREW + 1);
    for (size_t i = 0; i < CREW; i++) {
        member[i] = (crew_member){self, i};
        if (pthread_create(&thread[i], NULL, crew_run, &member[i]) != 0) {
            fprintf(stderr, "no thread left\n");
            abort();
        }
    }
    pthread_barrier_wait(&self->full);
    size_t peak = resident_bytes();
    pthread_barrier_wait(&self->measured);
    for (size_t i = 0; i < CREW; i++) {
        pthread_join(thread[i], NULL);
    }
    return peak;
}

/* The scenario `peak`: everything live on several threads, then freed, then nothing for a while,
 * then one call that asks for all to be given back. */
static int peak(uint32_t categories) {
    crew all = {.categories = categories};
    size_t requested = 0;
    if (categories > BENCH_MOST_CATEGORIES || BENCH_BLOCK_BYTES < MOST) {
        return EXIT_SUCCESS;
    }
    size_t base = resident_bytes();
    size_t most = run_crew(&all);
    size_t freed = resident_bytes();
    sleep(IDLE_SECONDS);
    size_t idle = resident_bytes();
    bench_trim();
    size_t trimmed = resident_bytes();
    for (size_t i = 0; i < CREW; i++) {
        requested += all.requested[i];
    }
    printf("{\"base\": %zu, \"requested\": %zu, \"peak\": %zu, \"freed\": %zu, \"idle\": %zu", base,
           requested, most, freed, idle);
    if (BENCH_TRIM) {
        printf(", \"trimmed\": %zu", trimmed);
    }
    printf("}\n");
    return EXIT_SUCCESS;
}

static const struct {
    const char *name;
    int (*run)(void);
} scenarios[] = {
    {"start", start},
    {"fragmentation", memory_fragmentation},
    {"day", memory_day},
    {"producer", memory_producer},
    {"idle", memory_idle},
    {"short", memory_short},
};

int main(int argc, char **argv) {
    bench_take_arguments(&argc, argv);
    if (argc == 3 && strcmp(argv[1], "peak") == 0) {
        unsigned long categories = strtoul(argv[2], NULL, 10);
        if (categories >= 1 && categories <= BENCH_CATEGORIES) {
            return peak((uint32_t)categories);
        }
    }
    for (size_t i = 0; argc == 2 && i < sizeof scenarios / sizeof *scenarios; i++) {
        if (strcmp(argv[1], scenarios[i].name) == 0) {
            return scenarios[i].run();
        }
    }
    fprintf(stderr, "usage: %s peak CATEGORIES | start | fragmentation | day | producer | idle | short\n", argv[0]);
    return EXIT_FAILURE;
}
