/* SPDX-License-Identifier: MIT
 *
 * Threads that come and go: each allocates, frees what others left, leaves blocks behind, and ends.
 *
 * Owns:     nothing beyond the boxes.
 * Callers:  meson and the wrapper. An operation is one short-lived thread; --threads is how many
 *           live at a time.
 * Promises: blocks outlive their threads, watched all the time. Memory does not grow with the
 *           number of threads that there were: arenas, and where it can be measured resident
 *           memory, are compared between a quarter of the way and the end.
 * Does not: keep a thread beyond a few hundred calls.
 */
#include "common.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* A run of fewer threads than SETTLED is too short to compare its begin and its end. */
enum { CALLS = 160, MOST_KEPT = 40, SETTLED = 2000 };

static struct options options = {
    .threads = 8, .operations = 4000, .categories = 16, .kind = "mixed"};
static atomic_uint_fast64_t begun;
static atomic_uint_fast64_t foreign;
static pthread_key_t late_key;

static void release(struct held *held, unsigned owner) {
    if (held->owner != owner) {
        atomic_fetch_add_explicit(&foreign, 1, memory_order_relaxed);
    }
    held_free(held);
}

static struct held *take(struct prng *prng, unsigned owner) {
    size_t size = prng_request(prng, 300000);
    unsigned category = (unsigned)prng_below(prng, options.categories);
    return held_new(corral_alloc(size, id_of(category)), size, category, owner);
}

/* Leaves a block in a box; what lay there before ends here. */
static void leave(struct prng *prng, struct held *held, unsigned owner) {
    struct held *before = box_swap((size_t)prng_below(prng, BOXES), held);
    if (before != NULL) {
        release(before, owner);
    }
}

static void live(struct prng *prng, unsigned owner) {
    struct held *own[MOST_KEPT] = {NULL};
    for (unsigned i = 0; i < CALLS; i++) {
        struct held **place = &own[prng_below(prng, MOST_KEPT)];
        if (*place == NULL) {
            *place = take(prng, owner);
        } else if (prng_below(prng, 3) == 0) {
            leave(prng, *place, owner);
            *place = NULL;
        } else {
            release(*place, owner);
            *place = NULL;
        }
    }
    for (unsigned i = 0; i < MOST_KEPT; i++) {
        if (own[i] != NULL && prng_below(prng, 2) == 0) {
            leave(prng, own[i], owner);
        } else if (own[i] != NULL) {
            release(own[i], owner);
        }
    }
}

/* A life of frees alone. */
static void only_free(struct prng *prng, unsigned owner) {
    for (unsigned i = 0; i < CALLS; i++) {
        struct held *held = box_swap((size_t)prng_below(prng, BOXES), NULL);
        if (held != NULL) {
            release(held, owner);
        }
    }
}

/* Runs after corral's own end of the thread, or before it: both orders occur. */
static void live_late(void *value) {
    struct prng prng = prng_for(options.seed, (uintptr_t)value);
    leave(&prng, take(&prng, 0), 0);
    release(take(&prng, 0), 0);
}

static void *short_life(void *argument) {
    unsigned owner = (unsigned)(uintptr_t)argument;
    struct prng prng = prng_for(options.seed, owner);
    uint64_t dice = prng_below(&prng, 8);
    if (dice == 0) {
        only_free(&prng, owner);
    } else {
        live(&prng, owner);
    }
    if (dice == 1) {
        corral_thread_detach();
        leave(&prng, take(&prng, owner), owner);
    }
    if (dice == 2) {
        corral_thread_detach();
    }
    if (dice >= 6) {
        pthread_setspecific(late_key, argument);
    }
    return NULL;
}

/* Starts short-lived threads one after another until the quota is used up. */
static void *drive(void *argument) {
    uint64_t quota = *(uint64_t *)argument;
    for (;;) {
        uint64_t number = atomic_fetch_add_explicit(&begun, 1, memory_order_relaxed) + 1;
        if (number > quota) {
            return NULL;
        }
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, short_life, (void *)(uintptr_t)number) == 0,
              "no thread %llu", (unsigned long long)number);
        pthread_join(thread, NULL);
    }
}

static void run_until(uint64_t quota) {
    pthread_t drivers[256];
    unsigned count = options.threads < 256 ? options.threads : 256;
    for (unsigned i = 0; i < count; i++) {
        CHECK(pthread_create(&drivers[i], NULL, drive, &quota) == 0, "no driver");
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(drivers[i], NULL);
    }
    atomic_store_explicit(&begun, quota, memory_order_relaxed);
}

static void check_held(void) {
    static struct held *all[BOXES];
    size_t count = 0;
    for (size_t i = 0; i < BOXES; i++) {
        struct held *held = box_swap(i, NULL);
        if (held != NULL) {
            all[count++] = held;
            box_swap(i, held);
        }
    }
    held_check_all(all, count, options.categories);
}

static void empty_boxes(void) {
    for (size_t i = 0; i < BOXES; i++) {
        struct held *held = box_swap(i, NULL);
        if (held != NULL) {
            held_free(held);
        }
    }
}

/* Runs on until the time is over; memory is looked at again after each part. */
static void check_growth(uint64_t quota) {
    corral_stats early = figures_total();
    size_t early_resident = process_resident();
    do {
        quota += options.operations - options.operations / 4;
        run_until(quota);
        check_held();
    } while (!options_time_is_over(&options));
    corral_stats late = figures_total();
    size_t late_resident = process_resident();
    printf("%llu threads; arenas %llu, then %llu; resident %zu KiB, then %zu KiB\n",
           (unsigned long long)quota, (unsigned long long)early.arenas,
           (unsigned long long)late.arenas, early_resident / 1024, late_resident / 1024);
    if (options.operations < SETTLED) {
        return;
    }
    CHECK(late.arenas <= early.arenas * 3 / 2 + options.threads, "arenas grow with threads");
    /* A build that keeps as much as all its arenas hold purges nothing: then the arenas tell all. */
    uint64_t arena_bytes = late.arenas * 64 * CORRAL_SLAB_KIB * BUILD_KIB;
    if (BUILD_MEASURES_MEMORY && (uint64_t)CORRAL_RETIRE_KIB * BUILD_KIB < arena_bytes) {
        CHECK(late_resident <= early_resident * 3 / 2 + 8 * BUILD_MIB, "memory grows with threads");
    }
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    options_time_is_over(&options);
    CHECK(pthread_key_create(&late_key, live_late) == 0, "no key");
    run_until(options.operations / 4);
    check_held();
    check_growth(options.operations / 4);
    empty_boxes();
    CHECK(atomic_load(&foreign) > 0, "no block was freed by another thread");
    CHECK(shadow_units() == 0, "the shadow model is not empty");
    held_check_all(NULL, 0, options.categories);
    return 0;
}
