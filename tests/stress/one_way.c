/* SPDX-License-Identifier: MIT
 *
 * One thread allocates and another, which never allocates, frees: memory stays near what lives.
 *
 * Owns:     the ring between the two.
 * Callers:  meson and the wrapper. An operation is one block. Kinds:
 *           stream  the producer runs on while the consumer frees, the ring nearly full
 *           idle    the producer fills the ring and idles, the consumer frees all, a third thread
 *                   fills it again, and so on
 *           gone    as idle, but the producer ends before its blocks are freed
 * Promises: resident memory is at most 1.05 times the highest live bytes in slabs that are as empty
 *           as they get without waking (1.2 times, by default), plus the empty slabs that the
 *           build's options keep, plus what each thread keeps: one slab of each pool, and the slabs
 *           that wait for it.
 * Does not: measure under sanitizers; there it checks content and figures alone.
 */
#include "common.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16, CATEGORIES_MOST = 64 };

static struct options options = {
    .threads = 2, .operations = 2000000, .categories = 2, .kind = "stream"};

/* Blocks in order; each begins with its size and its number, and is checked by the consumer. */
static _Atomic(uint64_t *) ring[SLOTS];
static size_t base_resident;
static size_t peak_resident;
static uint64_t peak_live;
static size_t most_threads;

static uint32_t id_at(uint64_t number) {
    return id_of((unsigned)(number % options.categories));
}

static uint64_t *make_block(struct prng *prng, uint64_t number) {
    size_t size = prng_between(prng, 16, 1024);
    uint64_t *block = corral_alloc(size, id_at(number));
    CHECK(block != NULL, "no block");
    memset(block, (int)number & 0xff, size);
    block[0] = size;
    block[1] = number;
    return block;
}

static void end_block(uint64_t *block, uint64_t number) {
    CHECK(block[1] == number, "block %llu holds %llu", (unsigned long long)number,
          (unsigned long long)block[1]);
    CHECK(pattern_is_byte(block + 2, block[0] - 16, (unsigned char)(number & 0xff)), "content");
    corral_free(block, id_at(number));
}

static void note_memory(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    size_t resident = process_resident();
    peak_live = stats.live_bytes > peak_live ? stats.live_bytes : peak_live;
    peak_resident = resident > peak_resident ? resident : peak_resident;
}

static void *produce(void *argument) {
    const uint64_t *range = argument;
    struct prng prng = prng_for(options.seed, range[0]);
    for (uint64_t number = range[0]; number < range[1]; number++) {
        _Atomic(uint64_t *) *slot = &ring[number % SLOTS];
        while (atomic_load_explicit(slot, memory_order_acquire) != NULL) {
            sched_yield();
        }
        atomic_store_explicit(slot, make_block(&prng, number), memory_order_release);
    }
    return NULL;
}

static void *consume(void *argument) {
    const uint64_t *range = argument;
    for (uint64_t number = range[0]; number < range[1]; number++) {
        _Atomic(uint64_t *) *slot = &ring[number % SLOTS];
        _Atomic(uint64_t *) *ahead = &ring[(number + SLOTS * 7 / 8) % SLOTS];
        uint64_t *block;
        while ((block = atomic_load_explicit(slot, memory_order_acquire)) == NULL ||
               (range[1] - number > SLOTS &&
                atomic_load_explicit(ahead, memory_order_acquire) == NULL)) {
            sched_yield();
        }
        atomic_store_explicit(slot, NULL, memory_order_relaxed);
        end_block(block, number);
        if (number % (SLOTS / 4) == 0) {
            note_memory();
        }
    }
    return NULL;
}

static void stream(void) {
    uint64_t range[2] = {0, options.operations};
    pthread_t producer;
    pthread_t consumer;
    CHECK(pthread_create(&producer, NULL, produce, range) == 0, "no thread");
    CHECK(pthread_create(&consumer, NULL, consume, range) == 0, "no thread");
    pthread_join(producer, NULL);
    pthread_join(consumer, NULL);
}

static pthread_barrier_t filled; /* a producer that idles, and the main thread */
static pthread_barrier_t over;   /* all producers that idle, and the main thread */

/* One filling of the ring; an idle producer stays until the end of the run. */
static void *fill_and_idle(void *argument) {
    produce(argument);
    if (strcmp(options.kind, "idle") == 0) {
        pthread_barrier_wait(&filled);
        pthread_barrier_wait(&over);
    }
    return NULL;
}

static void fill_in_turns(void) {
    enum { TURNS_MOST = 64 };
    bool idle = strcmp(options.kind, "idle") == 0;
    uint64_t turns = options.operations / SLOTS;
    turns = turns > TURNS_MOST ? TURNS_MOST : turns;
    most_threads = (size_t)turns;
    pthread_t producers[TURNS_MOST];
    static uint64_t ranges[TURNS_MOST][2];
    pthread_barrier_init(&filled, NULL, 2);
    pthread_barrier_init(&over, NULL, (unsigned)turns + 1);
    for (uint64_t i = 0; i < turns; i++) {
        ranges[i][0] = i * SLOTS;
        ranges[i][1] = (i + 1) * SLOTS;
        CHECK(pthread_create(&producers[i], NULL, fill_and_idle, ranges[i]) == 0, "no thread");
        if (idle) {
            pthread_barrier_wait(&filled);
        } else {
            pthread_join(producers[i], NULL);
        }
        note_memory();
        pthread_t consumer;
        CHECK(pthread_create(&consumer, NULL, consume, ranges[i]) == 0, "no thread");
        pthread_join(consumer, NULL);
    }
    if (idle) {
        pthread_barrier_wait(&over);
    }
    for (uint64_t i = 0; idle && i < turns; i++) {
        pthread_join(producers[i], NULL);
    }
}

/* The size classes of 16 to 1024 bytes, in each category; and 16 slabs that wait. */
static size_t kept_by_a_thread(void) {
    size_t classes = 8 + 4 * CORRAL_STEPS_PER_DOUBLING;
    return (classes * options.categories + 16) * CORRAL_SLAB_KIB * BUILD_KIB;
}

static void check_memory(void) {
    size_t threads = strcmp(options.kind, "idle") == 0 ? most_threads + 1 : 2;
    size_t grown = peak_resident - base_resident;
    uint64_t full = peak_live * CORRAL_WAKE_DIVISOR / (CORRAL_WAKE_DIVISOR - 1);
    size_t allowed =
        (size_t)(full + full / 20) + CORRAL_RETIRE_KIB * BUILD_KIB + threads * kept_by_a_thread();
    printf("live %llu KiB, resident %zu KiB at most, %zu KiB allowed\n",
           (unsigned long long)peak_live / 1024, grown / 1024, allowed / 1024);
    CHECK(peak_live > (uint64_t)SLOTS * 300, "too little lives for the comparison");
    CHECK(!BUILD_MEASURES_MEMORY || grown <= allowed, "memory grows beyond what lives");
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    options.operations = options.operations / SLOTS * SLOTS;
    if (options.operations < 4 * (uint64_t)SLOTS || options.categories > CATEGORIES_MOST) {
        fprintf(stderr, "the ring needs at least %d operations\n", 4 * SLOTS);
        return 2;
    }
    memset((void *)ring, 0, sizeof ring);
    options_time_is_over(&options);
    base_resident = process_resident();
    do {
        if (strcmp(options.kind, "stream") == 0) {
            stream();
        } else {
            fill_in_turns();
        }
    } while (!options_time_is_over(&options));
    check_memory();
    figures_expect_nothing();
    return 0;
}
