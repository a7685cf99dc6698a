/* SPDX-License-Identifier: MIT
 *
 * Drivers, each of which has one short-lived thread at a time.
 *
 * Owns:     nothing that outlives a call.
 * Callers:  see lives.h.
 * Promises: a driver sees all that its thread did before it starts the next one.
 * Does not: join a vanished thread under a sanitizer: one waits for its end for ever, another finds
 *           what it left in its stack.
 */
#include "lives.h"

#include "support/build.h"
#include "support/check.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

struct driver {
    pthread_t thread;
    const struct lives *lives;
    atomic_uint_fast64_t *next;
    uint64_t number;   /* of the life that runs */
    _Atomic pid_t ended; /* the vanishing thread, as the OS names it, when it has done all else */
};

static void *run_life(void *argument) {
    struct driver *driver = argument;
    driver->lives->live(driver->number);
    if (driver->lives->vanish) {
        atomic_store_explicit(&driver->ended, (pid_t)syscall(SYS_gettid), memory_order_release);
        syscall(SYS_exit, 0);
    }
    return NULL;
}

/* Waits until the OS knows the thread no more. */
static void await_vanished(struct driver *driver) {
    pid_t ended;
    while ((ended = atomic_load_explicit(&driver->ended, memory_order_acquire)) == 0) {
        sched_yield();
    }
    while (tgkill(getpid(), ended, 0) == 0 || errno != ESRCH) {
        sched_yield();
    }
}

static void *drive(void *argument) {
    struct driver *driver = argument;
    const struct lives *lives = driver->lives;
    while ((driver->number = atomic_fetch_add(driver->next, 1)) < lives->last) {
        atomic_store_explicit(&driver->ended, 0, memory_order_relaxed);
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_life, driver) == 0, "no thread %llu",
              (unsigned long long)driver->number);
        if (lives->vanish) {
            await_vanished(driver);
        }
        if (lives->vanish && (BUILD_HAS_ASAN || BUILD_HAS_TSAN)) {
            pthread_detach(thread);
        } else {
            pthread_join(thread, NULL);
        }
    }
    return NULL;
}

void lives_run(const struct lives *lives) {
    struct driver drivers[LIVES_AT_A_TIME];
    CHECK(lives->at_a_time <= LIVES_AT_A_TIME, "%u threads at a time", lives->at_a_time);
    atomic_uint_fast64_t next = lives->first;
    for (unsigned i = 0; i < lives->at_a_time; i++) {
        drivers[i].lives = lives;
        drivers[i].next = &next;
        CHECK(pthread_create(&drivers[i].thread, NULL, drive, &drivers[i]) == 0, "no driver");
    }
    for (unsigned i = 0; i < lives->at_a_time; i++) {
        pthread_join(drivers[i].thread, NULL);
    }
}
