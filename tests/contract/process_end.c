/* SPDX-License-Identifier: MIT
 *
 * Processes that end by exit while corral is in use: handlers in every order, and detached threads.
 *
 * Owns:     the children's threads and blocks; the first process never uses corral.
 * Callers:  meson, as a plain main. CORRAL_TEST_LONG=1 ends more processes; a sanitizer, in which
 *           each takes long, fewer.
 * Promises: a child of the first kind succeeds only if all its handlers ran, and then by the last
 *           of them. One of the second kind ends by exit alone, with all that libc does in it.
 * Does not: cover what runs before main (early_and_late.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/pattern.h"
#include "support/prng.h"
#include "support/process.h"

#include <corral/corral.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { ID = 4, SCATTERED = 0x45584954, BLOCKS = 50, EVENTS = 4, ORDERS = 24, CROWD = 4 };

static unsigned char *held[BLOCKS];
static unsigned handlers_to_run;
static atomic_size_t steps;

#if BUILD_HAS_TSAN
/* ThreadSanitizer would wait a second for the threads that still run. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) {
    return "atexit_sleep_ms=0";
}
#endif

static size_t size_of(size_t number) {
    return number * number * 13 % 50000;
}

static void take(void) {
    for (size_t i = 0; i < BLOCKS; i++) {
        held[i] = corral_alloc(size_of(i), ID);
        CHECK(held[i] != NULL, "no block");
        pattern_fill(held[i], size_of(i), i);
    }
}

static void give(void) {
    for (size_t i = 0; i < BLOCKS; i++) {
        CHECK(held[i] == NULL || pattern_holds(held[i], size_of(i), i), "content");
        corral_free(held[i], ID);
        held[i] = NULL;
    }
}

static void step(struct prng *prng) {
    uint32_t id = prng_below(prng, 2) == 0 ? ID : SCATTERED;
    size_t size = prng_request(prng, 100000);
    uint64_t key = prng_next(prng);
    void *block = corral_alloc(size, id);
    CHECK(block != NULL, "no block");
    pattern_fill_sparse(block, size, key);
    sched_yield();
    CHECK(pattern_holds_sparse(block, size, key), "content");
    corral_free(block, id);
    atomic_fetch_add_explicit(&steps, 1, memory_order_relaxed);
}

static void *run_for_ever(void *argument) {
    struct prng prng = prng_for(3, (uintptr_t)argument);
    for (;;) {
        step(&prng);
    }
    return NULL;
}

static void start_detached(void *(*run)(void *argument), uintptr_t number) {
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    pthread_t thread;
    CHECK(pthread_create(&thread, &detached, run, (void *)number) == 0, "no thread");
    pthread_attr_destroy(&detached);
}

/* What a handler does: it ends what lives, and leaves new blocks to the next one. */
static void handle(void) {
    give();
    take();
    handlers_to_run--;
}

static void handle_and_detach(void) {
    handle();
    corral_thread_detach();
}

/* Registered first, so it runs last. */
static void conclude(void) {
    give();
    CHECK(handlers_to_run == 0, "%u handlers did not run", handlers_to_run);
    _exit(0);
}

static void happen(unsigned event, bool used) {
    switch (event) {
    case 0:
        CHECK(atexit(handle) == 0, "no handler");
        break;
    case 1:
        CHECK(atexit(handle_and_detach) == 0, "no handler");
        break;
    case 2:
        start_detached(run_for_ever, 0);
        break;
    default:
        if (used) {
            give();
            take();
        }
    }
}

struct life {
    unsigned order;    /* of the events */
    bool used;         /* whether the main thread uses corral before it exits */
    bool other_exits;  /* whether another thread calls exit */
};

static void end_process(void *unused) {
    (void)unused;
    exit(EXIT_FAILURE);
}

/* The events in the permutation that the digits of `order`, of bases 4, 3, 2 and 1, choose. */
static void live(void *argument) {
    struct life life = *(const struct life *)argument;
    CHECK(atexit(conclude) == 0, "no handler");
    handlers_to_run = 2;
    unsigned events[EVENTS] = {0, 1, 2, 3};
    for (unsigned left = EVENTS; left > 0; left--) {
        unsigned chosen = life.order % left;
        life.order /= left;
        happen(events[chosen], life.used);
        events[chosen] = events[left - 1];
    }
    if (life.other_exits) {
        thread_call(end_process, NULL);
    }
    end_process(NULL);
}

/* A thread that starts another and ends, so that some end and some begin during exit. */
static void *run_and_pass_on(void *argument) {
    struct prng prng = prng_for(5, (uintptr_t)argument);
    for (unsigned i = 0; i < 20; i++) {
        step(&prng);
    }
    start_detached(run_and_pass_on, (uintptr_t)argument + CROWD);
    return NULL;
}

static void __attribute__((destructor)) use_at_the_end(void) {
    if (atomic_load_explicit(&steps, memory_order_relaxed) > 0) {
        give();
        take();
        give();
    }
}

static void end_in_a_crowd(void *argument) {
    struct prng prng = prng_for(7, *(const size_t *)argument);
    for (uintptr_t i = 0; i < CROWD; i++) {
        start_detached(i % 2 == 0 ? run_for_ever : run_and_pass_on, i);
    }
    CHECK(atexit(handle_and_detach) == 0, "no handler");
    size_t enough = (size_t)prng_below(&prng, 2000) + 1;
    while (atomic_load_explicit(&steps, memory_order_relaxed) < enough) {
        sched_yield();
    }
    exit(EXIT_SUCCESS);
}

int main(void) {
    struct child child;
    for (unsigned i = 0; i < ORDERS * 4; i++) {
        struct life life = {.order = i / 4, .used = i % 2 == 0, .other_exits = i / 2 % 2 == 0};
        child_call(live, &life, &child);
        CHECK(child_succeeded(&child), "order %u", i);
    }
    size_t crowds = getenv("CORRAL_TEST_LONG") != NULL ? 5000 : BUILD_HAS_ASAN || BUILD_HAS_TSAN ? 50 : 200;
    for (size_t i = 0; i < crowds; i++) {
        child_call(end_in_a_crowd, &i, &child);
        CHECK(child_succeeded(&child), "crowd %zu", i);
    }
    return 0;
}
