/* SPDX-License-Identifier: MIT
 *
 * The scenarios `producer`, `idle` and `short`: how much is resident for what is live when the threads that allocated
 * are not those that free.
 *
 * Owns:     the table of live blocks, and the samples.
 * Callers:  memory.c.
 * Promises: LIVE_BYTES are live at each sample, in blocks of LEAST to MOST bytes, of one category, in each of
 *           SAMPLES samples, between which a part of the blocks is freed, and others take their places:
 *             producer  one thread allocates all, another frees all, in the order of their making
 *             idle      OWNERS threads allocated all and do nothing since; one that did nothing before replaces blocks
 *                       at random
 *             short     each part is replaced, at random, by a thread that begins and ends
 *           At the end all is freed, by the main thread but for `producer`. The same steps are done for each allocator.
 *           Where blocks of the largest size are not served, nothing is printed.
 * Does not: measure what is resident while a thread allocates or frees.
 */
#include "allocator.h"
#include "memory.h"
#include "resident.h"
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { OWNERS = 4, SAMPLES = 256, PARTS = 16, LEAST = 16, MOST = 2064, SLOTS = 1 << 18 };
/* On average: a block has (LEAST + MOST) / 2 bytes. */
#define LIVE_BYTES ((size_t)SLOTS * ((LEAST + MOST) / 2))

typedef struct held {
    void *block[SLOTS];
    uint32_t size[SLOTS];
    size_t curve[SAMPLES][2], live, first;
    uint64_t random;
    pthread_barrier_t begun, done;
} held;

static void take(held *self, size_t slot) {
    size_t size = LEAST + bench_random(&self->random) % (MOST - LEAST + 1);
    self->block[slot] = bench_alloc(size, 0);
    memset(self->block[slot], 1, size);
    self->size[slot] = (uint32_t)size;
    self->live += size;
}

static void give(held *self, size_t slot) {
    bench_free(self->block[slot], 0);
    self->live -= self->size[slot];
}

static void sample(held *self, size_t number) {
    self->curve[number][0] = self->live;
    self->curve[number][1] = resident_bytes();
}

static void in_thread(pthread_t *thread, void *(*run)(void *), void *context) {
    if (pthread_create(thread, NULL, run, context) != 0) {
        fprintf(stderr, "no thread left\n");
        abort();
    }
}

static void *take_share(void *argument) {
    held *self = argument;
    bench_thread_begin(1);
    for (size_t i = 0; i < SLOTS / OWNERS; i++) {
        take(self, self->first++);
    }
    pthread_barrier_wait(&self->begun);
    pthread_barrier_wait(&self->done);
    bench_thread_end();
    return NULL;
}

static void replace_some(held *self) {
    for (size_t i = 0; i < SLOTS / PARTS; i++) {
        size_t slot = bench_random(&self->random) % SLOTS;
        give(self, slot);
        take(self, slot);
    }
}

static void give_all(held *self) {
    for (size_t slot = 0; slot < SLOTS; slot++) {
        give(self, slot);
    }
}

/* One owner after another takes its share, so that all is made in one order; then they wait. */
static void with_idle_owners(held *self) {
    pthread_t owners[OWNERS];
    pthread_barrier_init(&self->done, NULL, OWNERS + 1);
    pthread_barrier_init(&self->begun, NULL, 2);
    for (size_t i = 0; i < OWNERS; i++) {
        in_thread(&owners[i], take_share, self);
        pthread_barrier_wait(&self->begun);
    }
    for (size_t number = 0; number < SAMPLES; number++) {
        replace_some(self);
        sample(self, number);
    }
    give_all(self);
    pthread_barrier_wait(&self->done);
    for (size_t i = 0; i < OWNERS; i++) {
        pthread_join(owners[i], NULL);
    }
}

static void *run_briefly(void *argument) {
    held *self = argument;
    bench_thread_begin(1);
    replace_some(self);
    bench_thread_end();
    return NULL;
}

static void with_short_threads(held *self) {
    for (size_t slot = 0; slot < SLOTS; slot++) {
        take(self, slot);
    }
    for (size_t number = 0; number < SAMPLES; number++) {
        pthread_t thread;
        in_thread(&thread, run_briefly, self);
        pthread_join(thread, NULL);
        sample(self, number);
    }
    give_all(self);
}

/* The slots from `first` on, around the table's end. */
static void take_part(held *self, size_t first, size_t count) {
    for (size_t i = 0; i < count; i++) {
        take(self, (first + i) % SLOTS);
    }
}

static void *consume(void *argument) {
    held *self = argument;
    bench_thread_begin(1);
    for (size_t number = 0; number < SAMPLES; number++) {
        pthread_barrier_wait(&self->begun); /* the part's blocks may go */
        for (size_t i = 0; i < SLOTS / PARTS; i++) {
            give(self, self->first++ % SLOTS);
        }
        pthread_barrier_wait(&self->done);
    }
    pthread_barrier_wait(&self->begun); /* the last sample was taken */
    for (size_t i = 0; i < SLOTS; i++) {
        give(self, self->first++ % SLOTS);
    }
    bench_thread_end();
    return NULL;
}

/* The main thread produces. */
static void with_producer(held *self) {
    pthread_t consumer;
    pthread_barrier_init(&self->begun, NULL, 2);
    pthread_barrier_init(&self->done, NULL, 2);
    take_part(self, 0, SLOTS);
    in_thread(&consumer, consume, self);
    for (size_t number = 0; number < SAMPLES; number++) {
        size_t first = self->first;
        pthread_barrier_wait(&self->begun);
        pthread_barrier_wait(&self->done);
        take_part(self, first, SLOTS / PARTS);
        sample(self, number);
    }
    pthread_barrier_wait(&self->begun);
    pthread_join(consumer, NULL);
}

static int run(void (*scenario)(held *self)) {
    if ((uint64_t)MOST > BENCH_LARGEST || LIVE_BYTES + LIVE_BYTES / 8 > BENCH_BLOCK_BYTES) {
        return EXIT_SUCCESS;
    }
    held *self = bench_memory(sizeof *self);
    size_t base = resident_bytes();
    self->random = 7;
    bench_thread_begin(1);
    scenario(self);
    bench_thread_end();
    printf("{\"base\": %zu, \"steps_of_sample\": %d, \"freed\": %zu, \"curve\": [", base, SLOTS / PARTS, resident_bytes());
    for (size_t i = 0; i < SAMPLES; i++) {
        printf("%s[%zu, %zu]", i == 0 ? "" : ", ", self->curve[i][0], self->curve[i][1]);
    }
    printf("]}\n");
    return EXIT_SUCCESS;
}

int memory_producer(void) {
    return run(with_producer);
}

int memory_idle(void) {
    return run(with_idle_owners);
}

int memory_short(void) {
    return run(with_short_threads);
}
