/* SPDX-License-Identifier: MIT
 *
 * Starts and stops within the making of the thread, as a budget's callback may do that the C library's memory for it
 * calls, and within a fork's handlers.
 *
 * Owns:     pthread_create of this program, and handlers of forks; every case is a process of its own.
 * Callers:  meson.
 * Promises: a case that waits for ever is ended by a signal, or with all of them blocked, by meson.
 * Does not: race (stress.c).
 */
#include <corral/background.h>

#include "support/build.h"
#include "support/check.h"
#include "support/process.h"
#include "tasks.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20 };

typedef int creator(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument);

static void (*within)(void); /* called before a thread is made; NULL: nothing */
static int creations;

/* In the place of the C library's, which it calls. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) {
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    void (*now)(void) = within;
    creator *create;
    memcpy(&create, &symbol, sizeof create);
    within = NULL;
    creations++;
    if (now != NULL) {
        now();
    }
    return create(thread, attributes, run, argument);
}

static void start(void) {
    CHECK(corral_background_start(1) == CORRAL_OK, "it does not start");
}

static void start_within_a_start(void *unused) {
    (void)unused;
    within = start;
    start();
    CHECK(tasks_become(2), "not one thread");
    CHECK(creations == 1, "%d were made", creations);
    corral_background_stop();
    CHECK(tasks_become(1), "it was not stopped");
}

static void stop_within_a_start(void *unused) {
    (void)unused;
    within = corral_background_stop;
    start();
    CHECK(tasks_become(1), "it was not stopped");
    start();
    CHECK(tasks_become(2), "it does not start again");
}

/* A child that ends as programs do, which stops its thread. */
static void fork_and_exit(void (*first)(void), unsigned threads) {
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0, "no child");
    if (child == 0) {
        alarm(SECONDS);
        if (first != NULL) {
            first();
        }
        exit(tasks_become(threads) ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the child: %d", status);
}

static void *stop_and_start(void *unused) {
    corral_background_stop();
    start();
    return unused;
}

static pthread_t other;

/* For a while: it may have to wait for the start that this is within. */
static void let_another_restart(void) {
    CHECK(pthread_create(&other, NULL, stop_and_start, NULL) == 0, "no thread");
    usleep(100000);
}

/* The last call of all was a start. */
static void restarted_within_a_start(void *unused) {
    (void)unused;
    within = let_another_restart;
    start();
    pthread_join(other, NULL);
    CHECK(tasks_become(2), "it does not run");
    corral_background_stop();
    CHECK(tasks_become(1), "it was not stopped");
}

static atomic_bool stopped;

static void *stop_beside(void *unused) {
    corral_background_stop();
    stopped = true;
    return unused;
}

/* It cannot end before the thread that is being made has. */
static void let_another_stop(void) {
    CHECK(pthread_create(&other, NULL, stop_beside, NULL) == 0, "no thread");
    usleep(100000);
    CHECK(!stopped, "it did not wait");
}

static void stopped_beside_a_start(void *unused) {
    (void)unused;
    within = let_another_stop;
    start();
    pthread_join(other, NULL);
    CHECK(stopped && tasks_become(1), "it was not stopped");
}

static void fork_and_start(void) {
    fork_and_exit(start, 2);
}

/* Who makes the parent's thread is not there in the child to go on. */
static void fork_within_a_start(void *unused) {
    (void)unused;
    within = fork_and_start;
    start();
    CHECK(tasks_become(2), "it does not start");
}

/* The program's handlers are known to forks later than the library's own. */
static void stopped_for_forks(void *unused) {
    (void)unused;
    CHECK(pthread_atfork(corral_background_stop, start, start) == 0, "no handlers");
    start();
    fork_and_exit(NULL, 2);
    CHECK(tasks_become(2), "it was not started again");
}

static void started_first_by_a_fork(void *unused) {
    (void)unused;
    CHECK(pthread_atfork(start, NULL, NULL) == 0, "no handler");
    for (int i = 0; i < 50; i++) {
        fork_and_exit(NULL, 1);
        corral_background_stop();
    }
}

int main(void) {
    void (*const cases[])(void *) = {
        start_within_a_start, stop_within_a_start, restarted_within_a_start,
        stopped_beside_a_start, fork_within_a_start, stopped_for_forks,
        started_first_by_a_fork,
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct child child;
        child_call(cases[i], NULL, &child);
        CHECK(child_succeeded(&child), "case %zu: %s", i, child.output);
    }
    return 0;
}
