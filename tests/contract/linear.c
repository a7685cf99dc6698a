/* SPDX-License-Identifier: MIT
 *
 * Each category more, and each thread more, costs as much as the one before.
 *
 * Owns:     nothing.
 * Callers:  meson.
 * Promises: resident memory after each quarter of 64 categories that hold a few sizes each, and of 64
 *           threads that do in one category, of which each quarter takes its mean, 10 % more or less. What
 *           a thread costs without corral is measured before and taken off.
 * Does not: measure under sanitizers, with slow checks, which read what is else not touched, or where
 *           there are fewer categories: it is skipped there (77).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/process.h"

#include <corral/corral.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

/* The slabs of a part of the threads are whole arenas by default, whose headers belong to all of them. */
enum { PARTS = 4, CATEGORIES = 16, THREADS = 31, SKIPPED = 77 };

static const size_t sizes[] = {16, 48, 100, 256, 500, 1000, 2000, 4000};

/* A live block of each size. */
static void use(uint32_t id) {
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        void *block = corral_alloc(sizes[i], id);
        CHECK(block != NULL, "no block");
        memset(block, 1, sizes[i]);
    }
}

/* Says what one costs, given how much is resident after each part of so many, and checks that each part
 * costs the same. plain: the bytes of one that does not use corral. */
static void expect_linear(const char *what, size_t many, const size_t *resident, size_t plain) {
    size_t one = (resident[PARTS] - resident[0]) / (PARTS * many) - plain;
    printf("%zu bytes for each %s", one, what);
    for (int i = 0; i < PARTS; i++) {
        printf("%s%zu", i == 0 ? ": " : ", ", (resident[i + 1] - resident[i]) / many - plain);
    }
    printf(" of each %zu\n", many);
    for (int i = 0; i < PARTS; i++) {
        size_t part = (resident[i + 1] - resident[i]) / many - plain;
        CHECK(part >= one - one / 10 && part <= one + one / 10, "%s part %d: %zu each", what, i, part);
    }
}

static void expect_linear_categories(void) {
    size_t resident[PARTS + 1];
    use(0);
    resident[0] = process_resident();
    for (uint32_t i = 0; i < PARTS * CATEGORIES; i++) {
        use(i + 1);
        if ((i + 1) % CATEGORIES == 0) {
            resident[(i + 1) / CATEGORIES] = process_resident();
        }
    }
    expect_linear("category", CATEGORIES, resident, 0);
}

static pthread_barrier_t measured;
static _Atomic int ready;

static void *use_and_wait(void *uses) {
    if (uses != NULL) {
        use(0);
    }
    atomic_fetch_add(&ready, 1);
    pthread_barrier_wait(&measured);
    return NULL;
}

/* Resident memory with no such thread, and after each part of them. */
static void go_through_threads(void *uses, size_t *resident) {
    static pthread_t threads[PARTS * THREADS];
    ready = 0;
    CHECK(pthread_barrier_init(&measured, NULL, PARTS * THREADS + 1) == 0, "no barrier");
    resident[0] = process_resident();
    for (int i = 0; i < PARTS * THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, use_and_wait, uses) == 0, "no thread");
        while (ready <= i) {
            sched_yield();
        }
        if ((i + 1) % THREADS == 0) {
            resident[(i + 1) / THREADS] = process_resident();
        }
    }
    pthread_barrier_wait(&measured);
    for (int i = 0; i < PARTS * THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}

/* The first round of threads leaves its stacks to the later ones. */
static void expect_linear_threads(void) {
    size_t resident[PARTS + 1];
    go_through_threads(NULL, resident);
    go_through_threads(NULL, resident);
    size_t plain = (resident[PARTS] - resident[0]) / (PARTS * THREADS);
    go_through_threads(&ready, resident);
    expect_linear("thread", THREADS, resident, plain);
}

int main(void) {
    if (!BUILD_MEASURES_MEMORY || CORRAL_CHECK_LEVEL > 1 ||
        CORRAL_CATEGORY_LIMIT < PARTS * CATEGORIES + CORRAL_DENSE_IDS) {
        return SKIPPED;
    }
    expect_linear_categories();
    expect_linear_threads();
    return 0;
}
