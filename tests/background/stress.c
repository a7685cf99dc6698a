/* SPDX-License-Identifier: MIT
 *
 * Threads start and stop the background thread, and fork, while others allocate and free.
 *
 * Owns:     its threads and children.
 * Callers:  meson, in the suite stress; also under ThreadSanitizer.
 * Promises: no block is lost or damaged; nobody waits for ever; in a child the thread is to be had.
 * Does not: count threads (thread.c).
 */
#include <corral/background.h>
#include <corral/upkeep.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 2, SWITCHERS = 2, ROUNDS = 400, BLOCKS = 200, SIZE = 3000, FORKS = 20 };

static atomic_int working = WORKERS;
static atomic_ulong starts, stops;

static void *work(void *argument) {
    uint32_t id = *(const uint32_t *)argument;
    static _Thread_local void *blocks[BLOCKS];
    for (size_t round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            blocks[i] = corral_alloc(SIZE, id);
            pattern_fill(blocks[i], SIZE, i);
        }
        for (size_t i = 0; i < BLOCKS; i++) {
            CHECK(pattern_holds(blocks[i], SIZE, i), "block %zu", i);
            corral_free(blocks[i], id);
        }
    }
    working--;
    return NULL;
}

static void *switch_on_and_off(void *argument) {
    uint32_t interval = *(const uint32_t *)argument;
    while (working > 0) {
        CHECK(corral_background_start(interval) == CORRAL_OK, "no thread");
        starts++;
        if (starts % 3 == 0) {
            corral_background_stop();
            stops++;
        }
    }
    return NULL;
}

/* ThreadSanitizer lets the child of several threads start none; with AddressSanitizer one may wait for a lock of that, which
 * another thread had when the parent forked. */
static void fork_once(void) {
    fflush(stdout);
    pid_t child = fork();
    CHECK(child >= 0, "no child");
    if (child == 0) {
        bool runs = BUILD_HAS_TSAN || BUILD_HAS_ASAN || corral_background_start(1) == CORRAL_OK;
        void *block = corral_alloc(SIZE, 1);
        corral_free(block, 1);
        corral_background_stop();
        _exit(runs && block != NULL ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child: %d", status);
}

int main(void) {
    static const uint32_t numbers[] = {1, 2};
    pthread_t threads[WORKERS + SWITCHERS];
    for (size_t i = 0; i < WORKERS + SWITCHERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, i < WORKERS ? work : switch_on_and_off, (void *)&numbers[i % 2]) == 0, "no thread");
    }
    for (int i = 0; i < FORKS; i++) {
        fork_once();
    }
    for (size_t i = 0; i < WORKERS + SWITCHERS; i++) {
        pthread_join(threads[i], NULL);
    }
    corral_background_stop();
    printf("%lu starts, %lu stops\n", starts, stops);
    CHECK(stops > 0, "nothing was stopped");
    figures_expect_nothing();
    return 0;
}
