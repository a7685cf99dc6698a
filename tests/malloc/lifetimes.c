/* SPDX-License-Identifier: MIT
 *
 * malloc before main and after it, in the destructors of a thread's data, in children of fork and vfork, and
 * in a library that comes and goes.
 *
 * Owns:     blocks that cross all of these.
 * Callers:  meson, as a plain main, with a shared library to load that allocates when it comes and frees when
 *           it goes.
 * Promises: main returns a failure, which the last destructor alone turns into success.
 * Does not: look at figures, which other parts of the process change.
 */
#include "support/check.h"
#include "support/pattern.h"

#include <corral/corral.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { COUNT = 300, THREADS = 3, FORKS = 8, ROUNDS = 20, SECONDS = 60 };

static unsigned char *early[COUNT], *late[COUNT];
static atomic_bool ended;

static size_t size_of(size_t number) {
    return number * number * 7 % 200000;
}

static void take(unsigned char **blocks) {
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = malloc(size_of(i));
        CHECK(blocks[i] != NULL && corral_memory_type_of(blocks[i]) == 0, "not corral's");
        pattern_fill(blocks[i], size_of(i), i);
    }
}

static void give(unsigned char **blocks) {
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(pattern_holds(blocks[i], size_of(i), i), "content");
        free(blocks[i]);
    }
}

static void __attribute__((constructor(101))) before_main(void) {
    take(early);
}

static void __attribute__((destructor(101))) at_the_very_end(void) {
    give(late);
    take(late);
    give(late);
    _exit(EXIT_SUCCESS);
}

static void at_exit(void) {
    unsigned char *blocks[COUNT];
    take(blocks);
    give(blocks);
}

/* Churns until the end, so that a fork meets it anywhere. */
static void *churn(void *argument) {
    unsigned char *window[64] = {NULL};
    for (size_t i = (uintptr_t)argument; !atomic_load_explicit(&ended, memory_order_relaxed); i++) {
        free(window[i % 64]);
        window[i % 64] = malloc(size_of(i % COUNT));
    }
    for (size_t i = 0; i < 64; i++) {
        free(window[i]);
    }
    return NULL;
}

static void *work_in_child(void *argument) {
    at_exit();
    return argument;
}

static void expect_success(pid_t child) {
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child, "no child");
    CHECK(status == 0, "the child ended with %x", (unsigned)status);
}

/* The child of a process with threads allocates, frees what its parent had, and starts threads. */
static void fork_children(void) {
    for (int i = 0; i < FORKS; i++) {
        unsigned char *blocks[COUNT];
        take(blocks);
        pid_t child = fork();
        if (child == 0) {
            alarm(SECONDS);
            pthread_t thread;
            give(blocks);
            at_exit();
            CHECK(pthread_create(&thread, NULL, work_in_child, NULL) == 0, "no thread");
            CHECK(pthread_join(thread, NULL) == 0, "not joined");
            _exit(EXIT_SUCCESS);
        }
        give(blocks);
        expect_success(child);
    }
}

/* What a child of vfork allocates, in its parent's memory and as the parent's thread, the parent frees. */
static void vfork_children(void) {
    for (int i = 0; i < FORKS; i++) {
        static unsigned char *volatile passed;
        passed = NULL;
        pid_t child = vfork();
        if (child == 0) {
            unsigned char *block = malloc(1000);
            free(malloc(100000));
            passed = block;
            _exit(EXIT_SUCCESS);
        }
        expect_success(child);
        CHECK(passed != NULL && corral_memory_type_of(passed) == 0, "no block");
        memset(passed, 1, 1000);
        free(passed);
    }
}

/* Destructors of a thread's data, in rounds: those after corral's own too. */
static pthread_key_t keys[8];

static void destroy(void *value) {
    static __thread int round;
    unsigned char *again = malloc(size_of((size_t)round));
    CHECK(again != NULL, "no block");
    free(value);
    if (round++ < 3 * 8) {
        pthread_setspecific(keys[round % 8], again);
    } else {
        free(again);
    }
}

static void *end_with_data(void *argument) {
    for (int i = 0; i < 8; i++) {
        pthread_setspecific(keys[i], malloc(100));
    }
    return argument;
}

static void threads_that_end(void) {
    for (int i = 0; i < 8; i++) {
        CHECK(pthread_key_create(&keys[i], destroy) == 0, "no key");
    }
    for (int i = 0; i < ROUNDS; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, end_with_data, NULL) == 0, "no thread");
        CHECK(pthread_join(thread, NULL) == 0, "not joined");
    }
}

static void library_that_comes_and_goes(const char *path) {
    for (int i = 0; i < ROUNDS; i++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        CHECK(library != NULL, "%s", dlerror());
        CHECK(dlclose(library) == 0, "%s", dlerror());
    }
}

int main(int count, char **arguments) {
    CHECK(count == 2, "usage: lifetimes LIBRARY");
    pthread_t threads[THREADS];
    atexit(at_exit);
    give(early);
    for (uintptr_t i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, churn, (void *)i) == 0, "no thread");
    }
    fork_children();
    vfork_children();
    threads_that_end();
    library_that_comes_and_goes(arguments[1]);
    atomic_store_explicit(&ended, true, memory_order_relaxed);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0, "not joined");
    }
    take(late);
    return EXIT_FAILURE;
}
