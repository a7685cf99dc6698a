/* SPDX-License-Identifier: MIT
 *
 * Blocks pass from thread to thread while memory goes back and is made ready.
 *
 * Owns:     nothing; blocks lie in the boxes of common.c.
 * Callers:  meson and the wrapper. An operation is one block allocated. Of the threads, the last ticks with little
 *           time, and sometimes none, the one before trims, one category or all, and sets how much is kept and
 *           reserved; the others ask now and then for memory to be ready.
 * Promises: every block is watched by the shadow model and by its content. In the end all figures are zero, and a
 *           trim of all leaves nothing.
 * Does not: count what goes back.
 */
#include "common.h"
#include "lives.h"

#include <corral/configure.h>
#include <corral/upkeep.h>

#include "options.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { MOST = 300000 };

static struct options options = {.threads = 5, .operations = 200000, .categories = 3, .kind = "all"};
static atomic_uint workers;

static void *work(void *argument) {
    uint64_t number = (uintptr_t)argument;
    struct prng prng = prng_for(options.seed, number);
    for (uint64_t i = 0; i < options.operations / options.threads || !options_time_is_over(&options); i++) {
        size_t size = prng_request(&prng, MOST);
        unsigned category = (unsigned)prng_below(&prng, options.categories);
        struct held *held = held_new(corral_alloc(size, id_of(category)), size, category, (unsigned)number);
        held = box_swap((size_t)prng_below(&prng, BOXES), held);
        if (held != NULL) {
            held_free(held);
        }
        if (prng_below(&prng, 1000) == 0) {
            corral_prewarm(id_of(category), size, (size_t)prng_below(&prng, 20));
        }
    }
    atomic_fetch_sub(&workers, 1);
    return NULL;
}

static void *tick(void *argument) {
    struct prng prng = prng_for(options.seed, (uintptr_t)argument);
    uint64_t left = 0, ticks = 0;
    while (atomic_load(&workers) > 0) {
        left += corral_tick(prng_below(&prng, 50000)) != 0;
        ticks++;
        sched_yield();
    }
    printf("%ju ticks, %ju of which left something\n", (uintmax_t)ticks, (uintmax_t)left);
    return NULL;
}

static void *trim(void *argument) {
    struct prng prng = prng_for(options.seed, (uintptr_t)argument);
    uint64_t bytes = 0;
    while (atomic_load(&workers) > 0) {
        uint32_t id = id_of((unsigned)prng_below(&prng, options.categories));
        uint64_t much = prng_below(&prng, 3) * prng_below(&prng, 16 * BUILD_MIB);
        corral_category_options set = {.reserve = much / 3, .keep = much,
                                       .decay_ms = prng_below(&prng, 2) == 0 ? CORRAL_DECAY_AT_ONCE : 5};
        CHECK(corral_category_configure(id, &set, sizeof set) == CORRAL_OK, "it is not set");
        bytes += prng_below(&prng, 4) == 0 ? corral_trim_all(much) : corral_trim(id, much);
        sched_yield();
    }
    printf("%ju KiB were trimmed\n", (uintmax_t)bytes / 1024);
    return NULL;
}

int main(int argc, char **argv) {
    pthread_t threads[LIVES_AT_A_TIME];
    options_read(argc, argv, &options);
    options_time_is_over(&options);
    CHECK(options.threads >= 3 && options.threads <= LIVES_AT_A_TIME, "from 3 threads on");
    atomic_store(&workers, options.threads - 2);
    for (uintptr_t i = 0; i < options.threads; i++) {
        void *(*body)(void *) = i + 1 == options.threads ? tick : i + 2 == options.threads ? trim : work;
        CHECK(pthread_create(&threads[i], NULL, body, (void *)i) == 0, "no thread");
    }
    for (unsigned i = 0; i < options.threads; i++) {
        pthread_join(threads[i], NULL);
    }
    boxes_check(options.categories);
    boxes_empty();
    held_check_all(NULL, 0, options.categories);
    for (unsigned i = 0; i < options.categories; i++) {
        corral_category_options none = {0};
        CHECK(corral_category_configure(id_of(i), &none, sizeof none) == CORRAL_OK, "it is not set");
    }
    corral_trim_all(0);
    corral_stats total = figures_total();
    /* Addresses between guard pages wait until memory is exhausted. */
    CHECK(total.slabs == 0 && total.kept_bytes == 0 && (total.arenas == 0 || CORRAL_GUARD_EVERY != 0),
          "%ju slabs, %ju arenas are left", (uintmax_t)total.slabs, (uintmax_t)total.arenas);
    return 0;
}
