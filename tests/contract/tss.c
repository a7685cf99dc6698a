/* SPDX-License-Identifier: MIT
 *
 * Destructors of C11's thread-specific storage, with corral's first use on a thread inside them.
 *
 * Owns:     the storage's keys, and the blocks that threads leave.
 * Callers:  meson, as a plain main.
 * Promises: blocks that a destructor allocated are intact when their thread is gone. A thread whose
 *           first use is in the last round, after which corral's own hook does not run any more,
 *           leaves a cache that a later thread has.
 * Does not: start C11 threads under a sanitizer, whose runtime would not know them.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/process.h"

#include "cache.h"

#include <limits.h>
#include <threads.h>

enum { ID = 11, LIVES = 300, KEYS = 2, CACHES = 16 };
/* ThreadSanitizer has forgotten a thread in the last round, in which corral's own hook may run that a
 * destructor of the round before set. */
enum { ROUNDS = PTHREAD_DESTRUCTOR_ITERATIONS - 2 * BUILD_HAS_TSAN };

static tss_t keys[KEYS]; /* one older than corral's own, one younger */
static unsigned char *left[KEYS];
static _Thread_local unsigned rounds[KEYS]; /* still to run */

/* What a life is. Where a younger key alone uses corral for the first time in the last round,
 * corral's own turn in that round is over. */
static struct {
    bool early;       /* it uses corral before its destructors */
    bool every_round; /* each round of them does, or the last alone */
    size_t first_key; /* the keys that it sets: from this one */
    size_t number;
} life;

static size_t size_of(size_t key) {
    return 40 + key * 3000 + life.number % 500;
}

static void use(size_t key) {
    CHECK(left[key] == NULL || pattern_holds(left[key], size_of(key), key), "content");
    corral_free(left[key], ID);
    left[key] = corral_alloc(size_of(key), ID);
    CHECK(left[key] != NULL, "no block");
    pattern_fill(left[key], size_of(key), key);
}

static void destroy(void *value) {
    size_t key = (size_t)((const tss_t *)value - keys);
    rounds[key]--;
    if (life.every_round || rounds[key] == 0) {
        use(key);
    }
    if (rounds[key] > 0) {
        CHECK(tss_set(keys[key], value) == thrd_success, "no value");
    }
}

static void live(void *unused) {
    (void)unused;
    for (size_t i = life.first_key; i < KEYS; i++) {
        rounds[i] = ROUNDS;
        CHECK(tss_set(keys[i], &keys[i]) == thrd_success, "no value");
        if (life.early) {
            use(i);
        }
    }
}

static int live_as_c11_thread(void *unused) {
    live(unused);
    return 0;
}

static void run_thread(void) {
    if (BUILD_HAS_ASAN || BUILD_HAS_TSAN || life.number % 2 == 0) {
        thread_call(live, NULL);
        return;
    }
    thrd_t thread;
    CHECK(thrd_create(&thread, live_as_c11_thread, NULL) == thrd_success, "no thread");
    CHECK(thrd_join(thread, NULL) == thrd_success, "the thread is lost");
}

static void run(bool early, bool every_round, size_t first_key) {
    life.early = early;
    life.every_round = every_round;
    life.first_key = first_key;
    for (life.number = 0; life.number < LIVES; life.number++) {
        run_thread();
        for (size_t i = first_key; i < KEYS; i++) {
            CHECK(left[i] != NULL && pattern_holds(left[i], size_of(i), i), "content");
            corral_free(left[i], ID);
            left[i] = NULL;
        }
        figures_expect_nothing();
    }
    CHECK(corral_cache_count() <= CACHES, "%u caches of %u threads that are gone",
          corral_cache_count(), LIVES);
}

int main(void) {
    CHECK(tss_create(&keys[0], destroy) == thrd_success, "no key");
    corral_free(corral_alloc(1, ID), ID);
    CHECK(tss_create(&keys[1], destroy) == thrd_success, "no key");
    for (unsigned i = 0; i < 8; i++) {
        run(i % 2 == 0, i / 2 % 2 == 0, i / 4);
    }
    return 0;
}
