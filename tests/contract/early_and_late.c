/* SPDX-License-Identifier: MIT
 *
 * Calls before main and after it: static constructors and destructors, atexit, and a thread that
 * still runs while the process ends.
 *
 * Owns:     blocks that cross the bounds of main.
 * Callers:  meson, as a plain main.
 * Promises: main returns a failure, which the last destructor alone turns into success: a process
 *           that ends early, or whose destructors do not run, fails the test.
 * Does not: rely on an order among constructors beyond the priorities it names.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum { ID = 8, SCATTERED = 0x45524c59, COUNT = 200 };

static unsigned char *early[COUNT];
static unsigned char *across[COUNT];
static atomic_size_t background_calls;

static size_t size_of(size_t number) {
    return number * number * 7 % 90000;
}

static void take(unsigned char **blocks, uint32_t id) {
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(size_of(i), id);
        CHECK(blocks[i] != NULL, "no block");
        pattern_fill(blocks[i], size_of(i), i);
    }
}

static void give(unsigned char **blocks, uint32_t id) {
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(pattern_holds(blocks[i], size_of(i), i), "content");
        corral_free(blocks[i], id);
    }
}

static void __attribute__((constructor(101))) before_main(void) {
    take(early, ID);
    figures_expect(ID, COUNT, figures_of(ID).live_bytes);
}

static void __attribute__((destructor(101))) at_the_very_end(void) {
    give(across, SCATTERED);
    take(across, ID);
    give(across, ID);
    corral_thread_detach();
    corral_free(corral_alloc(20 * BUILD_MIB, ID), ID);
    _exit(EXIT_SUCCESS);
}

static void __attribute__((destructor(201))) after_main(void) {
    unsigned char *more[COUNT];
    take(more, SCATTERED);
    give(more, SCATTERED);
}

static void at_exit(void) {
    corral_free(corral_realloc(corral_calloc(10, 10, ID), 5000, ID), ID);
}

/* Never ends of itself: it is inside corral, or near it, when the process ends. */
static void *run_in_background(void *argument) {
    (void)argument;
    for (size_t i = 0;; i++) {
        void *block = corral_alloc(i % 5000, ID);
        CHECK(block != NULL, "no block");
        corral_free(block, ID);
        atomic_fetch_add_explicit(&background_calls, 1, memory_order_relaxed);
    }
    return NULL;
}

int main(void) {
    give(early, ID);
    figures_expect(ID, 0, 0);
    take(across, SCATTERED);
    figures_expect(SCATTERED, COUNT, figures_of(SCATTERED).live_bytes);
    CHECK(atexit(at_exit) == 0, "no atexit");
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run_in_background, NULL) == 0, "no thread");
    CHECK(pthread_detach(thread) == 0, "no detach");
    while (atomic_load_explicit(&background_calls, memory_order_relaxed) < 1000) {
        sched_yield();
    }
    return EXIT_FAILURE;
}
