/* SPDX-License-Identifier: MIT
 *
 * Threads that come and go: each allocates, frees what others left, leaves blocks behind, and ends.
 *
 * Owns:     nothing beyond the boxes.
 * Callers:  meson and the wrapper. An operation is one short-lived thread; --threads is how many
 *           live at a time.
 * Promises: blocks outlive their threads, watched all the time. Memory does not grow with the
 *           number of threads that there were: arenas are compared between a quarter of the way and
 *           the end, and resident memory all the way between.
 * Does not: keep a thread beyond a few hundred calls.
 */
#include "common.h"
#include "lives.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

/* A run of fewer threads than SETTLED is too short to compare its begin and its end. */
enum { CALLS = 160, MOST_KEPT = 40, SETTLED = 2000 };

static struct options options = {
    .threads = 8, .operations = 4000, .categories = 16, .kind = "mixed"};
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

static void short_life(uint64_t number) {
    unsigned owner = (unsigned)number;
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
        pthread_setspecific(late_key, (void *)(uintptr_t)number);
    }
}

static void run(uint64_t first, uint64_t last) {
    struct lives lives = {
        .live = short_life, .first = first, .last = last, .at_a_time = options.threads};
    lives_run(&lives);
}

/* Runs on until the time is over, in parts. */
static void check_growth(void) {
    uint64_t part = options.operations - options.operations / 4;
    uint64_t number = options.operations / 4 + 1;
    corral_stats early = figures_total();
    do {
        run(number, number + part);
        number += part;
        boxes_check(options.categories);
    } while (!options_time_is_over(&options));
    corral_stats late = figures_total();
    printf("%llu threads; arenas %llu, then %llu\n", (unsigned long long)number - 1,
           (unsigned long long)early.arenas, (unsigned long long)late.arenas);
    if (options.operations >= SETTLED) {
        CHECK(late.arenas <= early.arenas * 3 / 2 + options.threads, "arenas grow with threads");
        curve_expect_flat(8 * BUILD_MIB);
    }
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    options_time_is_over(&options);
    CHECK(pthread_key_create(&late_key, live_late) == 0, "no key");
    curve_begin("storm", options.curve);
    run(1, options.operations / 4 + 1);
    boxes_check(options.categories);
    curve_settled();
    check_growth();
    boxes_empty();
    curve_end();
    CHECK(atomic_load(&foreign) > 0, "no block was freed by another thread");
    CHECK(shadow_units() == 0, "the shadow model is not empty");
    held_check_all(NULL, 0, options.categories);
    return 0;
}
