/* SPDX-License-Identifier: MIT
 *
 * Threads that end in every way, while others go on.
 *
 * Owns:     the keys of thread-specific data.
 * Callers:  meson and the wrapper. An operation is one short-lived thread; --threads is how many
 *           live at a time. Kinds:
 *           keys  destructors of thread-specific data allocate and free, in up to all rounds that
 *                 there are, some before corral's own in each round and some after it, some for the
 *                 first time on their thread; threads end by returning, by pthread_exit, cancelled
 *                 or detached from corral
 *           raw   threads end by the OS's call alone, and no destructor runs
 * Promises: blocks outlive their threads, and others free them. What an ended thread's cache held
 *           serves again: arenas do not grow with the number of threads, nor does resident memory, and
 *           when all is freed, as many slabs are left as the caches of a few threads hold.
 * Does not: end a thread inside corral.
 */
#include "common.h"
#include "lives.h"
#include "options.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* Half of the keys are older than corral's first use, and so than its own key. */
enum { CALLS = 60, MOST = 8000, OTHERS = 2, KEYS = 4 };
/* ThreadSanitizer has forgotten a thread in the last round. */
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - BUILD_HAS_TSAN };

static struct options options = {
    .threads = 4, .operations = 1200, .categories = 2, .kind = "keys"};
static bool raw;
static atomic_bool ended;
static pthread_key_t keys[KEYS];
static atomic_uint_fast64_t late_calls; /* of destructors */

/* What a thread's destructors do. */
static _Thread_local struct {
    struct prng prng;
    uint64_t number;
    unsigned rounds[KEYS]; /* still to run */
    bool quiet;            /* only the last round uses corral */
} end;

static struct held *take(struct prng *prng, uint64_t owner) {
    size_t size = prng_request(prng, MOST);
    unsigned category = (unsigned)prng_below(prng, options.categories);
    return held_new(corral_alloc(size, id_of(category)), size, category, (unsigned)owner);
}

/* Leaves a new block in a box, and frees what was there. */
static void step(struct prng *prng, uint64_t owner) {
    struct held *before = box_swap((size_t)prng_below(prng, BOXES), take(prng, owner));
    if (before != NULL) {
        held_free(before);
    }
}

static void destroy(void *value) {
    size_t key = (size_t)((const pthread_key_t *)value - keys);
    if (!end.quiet || end.rounds[key] == 1) {
        step(&end.prng, end.number);
        held_free(take(&end.prng, end.number));
        atomic_fetch_add_explicit(&late_calls, 1, memory_order_relaxed);
    }
    if (--end.rounds[key] > 0) {
        pthread_setspecific(keys[key], value);
    }
}

/* Chooses what is to happen when the thread has ended. */
static void choose_end(uint64_t number) {
    end.prng = prng_for(options.seed, ~number);
    end.number = number;
    end.quiet = prng_below(&end.prng, 4) == 0;
    for (size_t i = 0; i < KEYS; i++) {
        end.rounds[i] = end.quiet ? ROUNDS : (unsigned)prng_below(&end.prng, ROUNDS + 1);
        if (end.rounds[i] > 0) {
            pthread_setspecific(keys[i], &keys[i]);
        }
    }
}

static void live_and_destroy(uint64_t number) {
    choose_end(number);
    struct prng prng = prng_for(options.seed, number);
    for (unsigned i = 0; i < CALLS && !end.quiet; i++) {
        step(&prng, number);
    }
    switch (prng_below(&prng, 4)) {
    case 0:
        corral_thread_detach();
        break;
    case 1:
        pthread_exit(NULL);
    case 2:
        pthread_cancel(pthread_self());
        pthread_testcancel();
        break;
    default:
        break;
    }
}

static void live_and_vanish(uint64_t number) {
    struct prng prng = prng_for(options.seed, number);
    for (unsigned i = 0; i < CALLS; i++) {
        step(&prng, number);
    }
}

/* A thread that goes on while the others end. */
static void *go_on(void *argument) {
    uint64_t number = (uint64_t)(uintptr_t)argument;
    struct prng prng = prng_for(options.seed, number);
    while (!atomic_load_explicit(&ended, memory_order_relaxed)) {
        step(&prng, number);
    }
    return NULL;
}

static void run(uint64_t first, uint64_t last) {
    struct lives lives = {.live = raw ? live_and_vanish : live_and_destroy,
                          .first = first,
                          .last = last,
                          .at_a_time = options.threads,
                          .vanish = raw};
    lives_run(&lives);
}

/* Runs a quarter, then the rest, until the time is over. */
static void run_all(void) {
    uint64_t quarter = options.operations / 4;
    uint64_t number = OTHERS;
    run(number, number + quarter);
    number += quarter;
    curve_settled();
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    uint64_t early = stats.arenas;
    do {
        run(number, number + options.operations - quarter);
        number += options.operations - quarter;
    } while (!options_time_is_over(&options));
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    printf("%llu threads; arenas %llu, then %llu\n", (unsigned long long)(number - OTHERS),
           (unsigned long long)early, (unsigned long long)stats.arenas);
    /* Empty arenas stay while no more than this is kept. */
    uint64_t kept = RETIRE_BYTES / ARENA_BYTES;
    CHECK(stats.arenas <= early * 3 / 2 + options.threads + kept, "arenas grow with threads");
    curve_expect_flat(8 * BUILD_MIB);
}

/* A look for a vanished thread's cache is at a few caches, so some wait for it: as many as live at a
 * time, and as many again. Each holds a slab of each pool at most, and what may wait for it. */
static size_t most_left(void) {
    size_t classes = 8 + 7 * CORRAL_STEPS_PER_DOUBLING;
    size_t queued = CORRAL_QUEUE_BUDGET_KIB / CORRAL_SLAB_KIB;
    return 2 * (options.threads + OTHERS + 1) * (classes * options.categories * 2 + queued);
}

static void check_what_is_left(void) {
    boxes_check(options.categories);
    boxes_empty();
    corral_thread_detach();
    corral_stats stats = figures_total();
    printf("%llu slabs are left, of %zu that the caches of some threads hold\n",
           (unsigned long long)stats.slabs, most_left());
    CHECK(stats.slabs <= most_left(), "%llu slabs are left", (unsigned long long)stats.slabs);
}

static void make_keys(size_t first, size_t last) {
    for (size_t i = first; i < last; i++) {
        CHECK(pthread_key_create(&keys[i], destroy) == 0, "no key");
    }
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    options_time_is_over(&options);
    raw = strcmp(options.kind, "raw") == 0;
    make_keys(0, KEYS / 2);
    corral_free(corral_alloc(1, id_of(0)), id_of(0));
    make_keys(KEYS / 2, KEYS);
    curve_begin(options.kind, options.curve);
    pthread_t others[OTHERS];
    for (uintptr_t i = 0; i < OTHERS; i++) {
        CHECK(pthread_create(&others[i], NULL, go_on, (void *)i) == 0, "no thread");
    }
    run_all();
    atomic_store_explicit(&ended, true, memory_order_relaxed);
    for (size_t i = 0; i < OTHERS; i++) {
        pthread_join(others[i], NULL);
    }
    CHECK(raw || atomic_load(&late_calls) > options.operations, "no destructor ran");
    check_what_is_left();
    curve_end();
    held_check_all(NULL, 0, options.categories);
    return 0;
}
