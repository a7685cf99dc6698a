/* SPDX-License-Identifier: MIT
 *
 * A category is reset again and again, while threads use others, begin and end.
 *
 * Owns:     the phases.
 * Callers:  meson. An operation is one reset; --threads is how many threads use all categories.
 * Promises: in a phase each thread allocates in the level's category, and frees some of that; then it says so, and
 *           uses other categories until the level was reset: more pools than it may hold, so that it looks at its
 *           idle ones, of the level too. A thread that ends in each phase does so while the level is reset. After
 *           each reset nothing of the level is live, and at the end what is live of the others is what is held.
 * Does not: use the level while it is reset.
 */
#include "common.h"

#include <corral/corral.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { LEVEL = 0, OTHERS = 5, HELD = 300, OF_LEVEL = 200, MOST = 16000, LARGE = 30000000, THREADS_MOST = 64 };

static struct options options = {.threads = 3, .operations = 400, .categories = OTHERS + 1};
static atomic_uint phase;   /* the number of resets */
static atomic_uint arrived; /* threads that are done with the level, in all phases */
static atomic_bool ended;

static void use_level(struct prng *prng) {
    void *made[OF_LEVEL];
    for (size_t i = 0; i < OF_LEVEL; i++) {
        size_t size = i == 0 ? LARGE : prng_request(prng, MOST);
        made[i] = corral_alloc(size, id_of(LEVEL));
        CHECK(made[i] != NULL, "no block");
        pattern_fill(made[i], size < MOST ? size : MOST, i);
    }
    for (size_t i = prng_below(prng, OF_LEVEL); i < OF_LEVEL; i++) {
        corral_free(made[i], id_of(LEVEL));
    }
}

static void arrive(void) {
    atomic_fetch_add_explicit(&arrived, 1, memory_order_release);
}

/* Replaces one of the thread's blocks, of any other category. */
static void step(struct prng *prng, struct held **held, unsigned owner) {
    size_t i = prng_below(prng, HELD);
    if (held[i] != NULL) {
        held_free(held[i]);
    }
    size_t size = prng_request(prng, MOST);
    unsigned category = 1 + (unsigned)prng_below(prng, OTHERS);
    held[i] = held_new(corral_alloc(size, id_of(category)), size, category, owner);
}

static void *play(void *argument) {
    unsigned number = (unsigned)(uintptr_t)argument;
    struct prng prng = prng_for(options.seed, number);
    struct held *held[HELD] = {NULL};
    for (unsigned seen = 0; !atomic_load_explicit(&ended, memory_order_relaxed); seen++) {
        use_level(&prng);
        arrive();
        while (atomic_load_explicit(&phase, memory_order_acquire) == seen) {
            step(&prng, held, number);
        }
    }
    for (size_t i = 0; i < HELD; i++) {
        if (held[i] != NULL) {
            held_free(held[i]);
        }
    }
    return NULL;
}

/* A thread that ends as soon as it is done with the level. */
static void *pass(void *argument) {
    struct prng prng = prng_for(options.seed, ~(uint64_t)(uintptr_t)argument);
    use_level(&prng);
    arrive();
    return NULL;
}

static uint64_t reset_level(void) {
    uint64_t busy = 0;
    corral_status status;
    while ((status = corral_category_reset(id_of(LEVEL))) == CORRAL_EBUSY) {
        busy++;
        sched_yield();
    }
    CHECK(status == CORRAL_OK, "status %d", (int)status);
    corral_stats stats = figures_of(id_of(LEVEL));
    CHECK(stats.live_blocks == 0 && stats.live_bytes == 0 && stats.slabs == 0 && stats.exact,
          "%llu blocks are live in %llu slabs", (unsigned long long)stats.live_blocks,
          (unsigned long long)stats.slabs);
    return busy;
}

/* Runs a phase with all threads that are done with the level. Returns how often another was within it. */
static uint64_t run_phase(unsigned number) {
    pthread_t passing;
    CHECK(pthread_create(&passing, NULL, pass, (void *)(uintptr_t)number) == 0, "no thread");
    while (atomic_load_explicit(&arrived, memory_order_acquire) < (number + 1) * (options.threads + 1)) {
        sched_yield();
    }
    uint64_t busy = reset_level();
    pthread_join(passing, NULL);
    return busy;
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    options_time_is_over(&options);
    CHECK(options.threads <= THREADS_MOST, "too many threads");
    pthread_t threads[THREADS_MOST];
    for (uintptr_t i = 0; i < options.threads; i++) {
        CHECK(pthread_create(&threads[i], NULL, play, (void *)i) == 0, "no thread");
    }
    uint64_t busy = 0;
    unsigned number = 0;
    bool over = false;
    while (!over) {
        busy += run_phase(number++);
        over = number >= options.operations && options_time_is_over(&options);
        atomic_store_explicit(&ended, over, memory_order_relaxed);
        atomic_store_explicit(&phase, number, memory_order_release);
    }
    for (size_t i = 0; i < options.threads; i++) {
        pthread_join(threads[i], NULL);
    }
    printf("%u resets, %llu times a thread was within\n", number, (unsigned long long)busy);
    held_check_all(NULL, 0, options.categories);
    return 0;
}
