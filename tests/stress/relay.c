/* SPDX-License-Identifier: MIT
 *
 * What lives passes from generation to generation of threads: as much lives all the time, and memory
 * stays near it, whoever frees what those before have made.
 *
 * Owns:     the places of the blocks, and the rings that name the empty ones.
 * Callers:  meson and the wrapper. The first thread frees and never allocates: it takes blocks at
 *           random out of all places. --threads others allocate into the places that it emptied. An
 *           operation is one generation of them, which ends when as many blocks were replaced as
 *           there are. Kinds:
 *           idle    a generation that is over stays, and makes no call any more
 *           gone    its threads end
 *           stream  one generation goes on for as long as the others would
 * Promises: --live MiB live all the time. In slabs that are as empty as they get without waking,
 *           blocks take WAKE_DIVISOR / (WAKE_DIVISOR - 1) of their bytes. Resident memory is at most
 *           1.05 times that (1.2 times what lives, by default), and, unless 256 MiB live, a slab for
 *           each pool of each thread and the free slabs that the build keeps. When all is freed and the first thread has sent home what it held, those are the
 *           only slabs that are left.
 * Does not: measure under sanitizers; there it checks content and slabs alone.
 */
#include "common.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* When so many generations idle, all of them end. */
enum { LEAST = 16, MOST = 1024, RING = 256, THREADS_MOST = 8, IDLE_MOST = 6 };

#define OVER UINT32_MAX

static struct options options = {
    .threads = 2, .operations = 6, .categories = 2, .kind = "idle", .live = 48};

/* Blocks; each begins with its size and its place. */
static _Atomic(uint64_t *) *places;
static size_t place_count;

/* The empty places that one thread of a generation is told of, in order. */
static struct ring {
    _Alignas(64) _Atomic uint32_t places[RING];
    atomic_size_t put, taken;
    uint64_t threads; /* that took from it so far */
} rings[THREADS_MOST];

static pthread_t threads[IDLE_MOST * THREADS_MOST];
static size_t thread_count;
static size_t most_threads;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t dismissal = PTHREAD_COND_INITIALIZER;
static unsigned dismissed;

static bool is_kind(const char *kind) {
    return strcmp(options.kind, kind) == 0;
}

static void ring_put(struct ring *ring, uint32_t place) {
    size_t put = atomic_load_explicit(&ring->put, memory_order_relaxed);
    while (put - atomic_load_explicit(&ring->taken, memory_order_acquire) == RING) {
        sched_yield();
    }
    atomic_store_explicit(&ring->places[put % RING], place, memory_order_relaxed);
    atomic_store_explicit(&ring->put, put + 1, memory_order_release);
}

static uint32_t ring_take(struct ring *ring) {
    size_t taken = atomic_load_explicit(&ring->taken, memory_order_relaxed);
    while (atomic_load_explicit(&ring->put, memory_order_acquire) == taken) {
        sched_yield();
    }
    uint32_t place = atomic_load_explicit(&ring->places[taken % RING], memory_order_relaxed);
    atomic_store_explicit(&ring->taken, taken + 1, memory_order_release);
    return place;
}

static uint32_t id_at(size_t place) {
    return id_of((unsigned)(place % options.categories));
}

static uint64_t *make_block(struct prng *prng, size_t place) {
    size_t size = prng_between(prng, LEAST, MOST);
    uint64_t *block = corral_alloc(size, id_at(place));
    CHECK(block != NULL, "no block");
    memset(block, (int)(place & 0xff), size);
    block[0] = size;
    block[1] = place;
    return block;
}

static void end_block(uint64_t *block, size_t place) {
    CHECK(block[1] == place, "the block at %zu was made for %llu", place,
          (unsigned long long)block[1]);
    CHECK(pattern_is_byte(block + 2, block[0] - 16, (unsigned char)(place & 0xff)), "content");
    corral_free(block, id_at(place));
}

static unsigned dismissals(void) {
    pthread_mutex_lock(&lock);
    unsigned count = dismissed;
    pthread_mutex_unlock(&lock);
    return count;
}

/* Waits for one dismissal after so many. */
static void idle(unsigned count) {
    pthread_mutex_lock(&lock);
    while (dismissed == count) {
        pthread_cond_wait(&dismissal, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static void *allocate(void *argument) {
    struct ring *ring = argument;
    unsigned before = dismissals();
    struct prng prng = prng_for(options.seed, (uint64_t)(ring - rings) << 32 | ring->threads++);
    uint32_t place;
    while ((place = ring_take(ring)) != OVER) {
        uint64_t *block = make_block(&prng, place);
        atomic_store_explicit(&places[place], block, memory_order_release);
    }
    if (is_kind("idle")) {
        idle(before);
    }
    return NULL;
}

static void begin_generation(void) {
    for (unsigned i = 0; i < options.threads; i++) {
        pthread_t *thread = &threads[thread_count + i];
        CHECK(pthread_create(thread, NULL, allocate, &rings[i]) == 0, "no thread");
    }
    thread_count += options.threads;
    most_threads = thread_count > most_threads ? thread_count : most_threads;
}

/* Lets the threads end that are idle or about to be gone. */
static void dismiss(void) {
    pthread_mutex_lock(&lock);
    dismissed++;
    pthread_cond_broadcast(&dismissal);
    pthread_mutex_unlock(&lock);
    while (thread_count > 0) {
        pthread_join(threads[--thread_count], NULL);
    }
}

/* Returns when the threads of the generation have filled all places that they were told of. */
static void end_generation(void) {
    for (unsigned i = 0; i < options.threads; i++) {
        ring_put(&rings[i], OVER);
    }
    for (unsigned i = 0; i < options.threads; i++) {
        while (atomic_load(&rings[i].taken) != atomic_load(&rings[i].put)) {
            sched_yield();
        }
    }
    /* Figures are exact at rest: no thread may be in the middle of ending when they are read. */
    if (!is_kind("idle") || thread_count == (size_t)IDLE_MOST * options.threads) {
        dismiss();
    }
}

static void fill(void) {
    for (uint32_t place = 0; place < place_count; place++) {
        ring_put(&rings[place % options.threads], place);
    }
}

/* Frees as many blocks as there are, some places' more than once, and has them made again. */
static void replace(struct prng *prng) {
    for (size_t i = 0; i < place_count;) {
        size_t place = (size_t)prng_below(prng, place_count);
        uint64_t *block = atomic_exchange_explicit(&places[place], NULL, memory_order_acquire);
        if (block != NULL) {
            end_block(block, place);
            ring_put(&rings[i % options.threads], (uint32_t)place);
            i++;
        }
    }
}

static void run_generations(void) {
    struct prng prng = prng_for(options.seed, 0);
    begin_generation();
    fill();
    curve_settled();
    for (uint64_t i = 0; i < options.operations || !options_time_is_over(&options); i++) {
        if (!is_kind("stream")) {
            end_generation();
            begin_generation();
        }
        replace(&prng);
    }
    end_generation();
}

static size_t kept_by_a_thread(void) {
    size_t classes = 8 + 4 * CORRAL_STEPS_PER_DOUBLING;
    return classes * options.categories * CORRAL_SLAB_KIB * BUILD_KIB;
}

static void check_while_all_live(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    CHECK(stats.live_blocks == place_count, "%llu blocks live in %zu places",
          (unsigned long long)stats.live_blocks, place_count);
    /* Beside what the long form holds, the threads' slabs of the default size and the free ones that
     * are kept count for little: then the bound is without them. */
    bool much = options.live >= 256 && CORRAL_SLAB_KIB <= 64;
    unsigned percent = 105 * CORRAL_WAKE_DIVISOR / (CORRAL_WAKE_DIVISOR - 1);
    size_t kept = CORRAL_RETIRE_KIB * BUILD_KIB + most_threads * kept_by_a_thread();
    curve_expect_near_live(percent, much ? 0 : kept);
}

static void check_when_all_is_freed(void) {
    for (size_t place = 0; place < place_count; place++) {
        end_block(atomic_exchange_explicit(&places[place], NULL, memory_order_acquire), place);
    }
    corral_thread_detach();
    corral_stats stats = figures_total();
    size_t left = (size_t)stats.slabs * CORRAL_SLAB_KIB * BUILD_KIB;
    printf("%zu KiB of slabs are left\n", left / 1024);
    CHECK(left <= thread_count * kept_by_a_thread(), "%zu KiB of slabs are left",
          left / 1024);
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    CHECK(options.threads <= THREADS_MOST && options.live > 0, "no such run");
    place_count = options.live * BUILD_MIB / ((LEAST + MOST) / 2);
    places = calloc(place_count, sizeof *places);
    CHECK(places != NULL, "no places");
    memset((void *)places, 0, place_count * sizeof *places);
    options_time_is_over(&options);
    curve_begin(options.kind, options.curve);
    run_generations();
    check_while_all_live();
    check_when_all_is_freed();
    dismiss();
    curve_end();
    figures_expect_nothing();
    free((void *)places);
    return 0;
}
