/* SPDX-License-Identifier: MIT
 *
 * Threads that allocate and free for long while another ticks make no system call.
 *
 * Owns:     the blocks, which pass from thread to thread; the process is a child of the test.
 * Callers:  Criterion.
 * Promises: a thread that works ends the process by its first system call, whichever it is, once it is warm. The
 *           ticks of the other purge meanwhile.
 * Does not: measure time.
 */
#include "filling.h"

#include <corral/upkeep.h>

#include "support/forbid.h"
#include "support/guards.h"
#include "support/prng.h"
#include "support/process.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WORKERS = 3, SLOTS = 3000, WARM = 60000, OPERATIONS = 600000, MOST = 20000 };
/* Ids that have a category each, beside id 0 and the overflow category. */
enum { CATEGORIES = CORRAL_CATEGORY_LIMIT - 2 < 3 ? CORRAL_CATEGORY_LIMIT - 2 : 3 };

static _Atomic(void *) slots[SLOTS];
static atomic_uint warm, done;
static atomic_bool all_warm;

static uint32_t id_of_slot(size_t slot) {
    return 1 + (uint32_t)(slot % CATEGORIES);
}

/* A new block in place of whatever there is, which another thread allocated as a rule. */
static void step(struct prng *prng) {
    size_t slot = (size_t)prng_below(prng, SLOTS);
    size_t size = (size_t)prng_below(prng, prng_below(prng, 8) == 0 ? MOST : 512);
    char *block = corral_alloc(size, id_of_slot(slot));
    if (block == NULL) {
        raise(SIGABRT);
    }
    if (size > 0) {
        block[size - 1] = 1;
    }
    corral_free(atomic_exchange(&slots[slot], block), id_of_slot(slot));
}

static void steps(struct prng *prng, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        step(prng);
    }
}

static void *work(void *argument) {
    struct prng prng = prng_for(12, (uintptr_t)argument);
    steps(&prng, WARM);
    atomic_fetch_add(&warm, 1);
    while (!atomic_load(&all_warm)) {
    }
    forbid_all_of_thread();
    steps(&prng, OPERATIONS);
    atomic_fetch_add(&done, 1);
    while (atomic_load(&all_warm)) { /* for ever: to end would be a system call */
    }
    return NULL;
}

/* As a game does it: reserves, memory made ready, a tick for each frame. */
static void play(void *unused) {
    (void)unused;
    pthread_t thread;
    guards_off(); /* they are made to trap by calls of the OS */
    for (uint32_t id = 1; id <= CATEGORIES; id++) {
        configure(id, (corral_category_options){.reserve = 64 * BUILD_MIB, .decay_ms = 20});
    }
    corral_tick(0);
    for (uintptr_t i = 0; i < WORKERS; i++) {
        CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0, "no thread");
    }
    while (atomic_load(&warm) < WORKERS) {
        corral_tick(1000000);
    }
    atomic_store(&all_warm, true);
    while (atomic_load(&done) < WORKERS) {
        corral_tick(1000000);
        usleep(1000);
    }
    CHECK(figures_total().refills > OPERATIONS / 1000, "nothing but hits");
    _exit(0);
}

Test(no_calls, after_warm_up, .disabled = BUILD_HAS_ASAN || BUILD_HAS_TSAN || BUILD_IS_EMULATED) {
    struct child child;
    child_call(play, NULL, &child);
    cr_assert(child_succeeded(&child));
}

static void *call(void *unused) {
    forbid_all_of_thread();
    getppid();
    return unused;
}

static void call_once(void *unused) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, call, unused) == 0, "no thread");
    pthread_join(thread, NULL);
}

/* Without this the test could pass because the filter does nothing. */
Test(no_calls, the_filter_works) {
    struct child child;
    child_call(call_once, NULL, &child);
    cr_assert_eq(child.signal, SIGSYS, "status %d, signal %d", child.status, child.signal);
}
