/* SPDX-License-Identifier: MIT
 *
 * reap: caches whose threads ended without giving them back.
 *
 * Owns:     the threads; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: such a cache, and what it held, serves again; a living thread's never does.
 * Does not: test threads that end inside corral: nothing is promised for them.
 */
#include "reap.h"

#include "category.h"
#include <corral/corral.h>
#include "os.h"
#include "thread.h"

#include "support/build.h"
#include "support/check.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ID = 0, SIZE = 100, THREADS = 300, LIVING = 40, LAST_ROUND = PTHREAD_DESTRUCTOR_ITERATIONS };

/* The OS's name of the thread that ended last. */
static uint64_t ended;

static void *allocate_and_vanish(void *unused) {
    (void)unused;
    corral_free(corral_alloc(SIZE, ID), ID);
    ended = corral_os_thread();
    syscall(SYS_exit, 0);
    return NULL;
}

/* Starts a thread and waits until the OS knows it no more. */
static void start_and_wait(void *(*function)(void *)) {
    pthread_t thread;
    ended = 0;
    CHECK(pthread_create(&thread, NULL, function, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
    CHECK(ended != 0, "the thread did not run");
    while (!corral_os_thread_is_gone(ended)) {
        usleep(100);
    }
}

/* AddressSanitizer keeps threads of its own account, and does not survive one that vanishes. */
Test(reap, gives_the_caches_of_vanished_threads_to_others, .disabled = BUILD_HAS_ASAN) {
    corral_free(corral_alloc(SIZE, ID), ID);
    for (unsigned i = 0; i < THREADS; i++) {
        start_and_wait(allocate_and_vanish);
    }
    cr_assert_eq(corral_cache_count(), 3, "two caches and the identity that is none, not %u",
                 corral_cache_count());
    corral_thread_detach();
    start_and_wait(allocate_and_vanish);
    cr_assert_eq(corral_cache_count(), 3);
    cr_assert_leq(load_relaxed(&corral_categories[ID].slabs), 2, "their slabs serve again");
}

static pthread_key_t key;

/* Runs in every round of destructors; only in the last one does it use corral, for the first time
 * on its thread. */
static void destroy(void *round) {
    if ((uintptr_t)round < LAST_ROUND) {
        CHECK(pthread_setspecific(key, (char *)round + 1) == 0, "no next round");
        return;
    }
    corral_free(corral_alloc(SIZE, ID), ID);
    ended = corral_os_thread();
}

static void *end_with_destructors(void *unused) {
    (void)unused;
    CHECK(pthread_setspecific(key, (void *)(uintptr_t)1) == 0, "no first round");
    return NULL;
}

/* The key of corral's own destructor is made first, so that its turn in the last round is over when
 * the test's comes. */
Test(reap, gives_back_what_a_first_use_in_the_last_destructor_took) {
    corral_free(corral_alloc(SIZE, ID), ID);
    CHECK(pthread_key_create(&key, destroy) == 0, "no key");
    for (unsigned i = 0; i < THREADS; i++) {
        start_and_wait(end_with_destructors);
    }
    cr_assert_eq(corral_cache_count(), 3, "two caches, not %u", corral_cache_count() - 1);
}

static sem_t attached, done;

static void *live(void *unused) {
    (void)unused;
    corral_free(corral_alloc(SIZE, ID), ID);
    sem_post(&attached);
    sem_wait(&done);
    corral_free(corral_alloc(SIZE, ID), ID);
    return NULL;
}

/* Threads that have a cache each until `done` is posted for each. */
static void start_living(pthread_t *threads, unsigned count) {
    sem_init(&attached, 0, 0);
    sem_init(&done, 0, 0);
    for (unsigned i = 0; i < count; i++) {
        CHECK(pthread_create(&threads[i], NULL, live, NULL) == 0, "no thread");
        sem_wait(&attached);
    }
}

Test(reap, leaves_living_threads_their_caches) {
    pthread_t thread;
    start_living(&thread, 1);
    cr_assert_null(corral_reap_take(CACHE_LIMIT));
    sem_post(&done);
    pthread_join(thread, NULL);
    cr_assert_null(corral_reap_take(CACHE_LIMIT), "it is an orphan, which is not reaped");
    cr_assert_not_null(corral_cache_take_orphan());
}

static sem_t vanished;
static bool stale; /* the thread began with another's value of the key */

static void *set_and_vanish(void *unused) {
    CHECK(pthread_setspecific(key, &key) == 0, "no value");
    return allocate_and_vanish(unused);
}

static void *attach_late(void *unused) {
    sem_wait(&vanished);
    return live(unused);
}

static void *end_at_once(void *unused) {
    stale = pthread_getspecific(key) != NULL;
    ended = corral_os_thread();
    return unused;
}

/* A C library that keeps the stacks of ended threads gives a new one the values of a vanished one's keys, and
 * runs their destructors at its end. */
Test(reap, leaves_a_cache_to_the_thread_that_took_it_when_another_gets_the_stack, .disabled = BUILD_HAS_ASAN) {
    CHECK(pthread_key_create(&key, NULL) == 0, "no key");
    sem_init(&attached, 0, 0);
    sem_init(&done, 0, 0);
    sem_init(&vanished, 0, 0);
    pthread_t taker;
    CHECK(pthread_create(&taker, NULL, attach_late, NULL) == 0, "no thread");
    start_and_wait(set_and_vanish);
    sem_post(&vanished);
    sem_wait(&attached);
    cr_assert_eq(corral_cache_count(), 2, "the taker has the only cache");
    start_and_wait(end_at_once);
    if (!stale) {
        cr_skip_test("this C library gives new threads no stale values");
    }
    cr_assert_null(corral_cache_take_orphan(), "its cache was given up");
    sem_post(&done);
    pthread_join(taker, NULL);
    cr_assert_not_null(corral_cache_take_orphan(), "until it ended");
}

Test(reap, leaves_the_parents_caches_alone_in_a_child) {
    pthread_t thread;
    start_living(&thread, 1);
    pid_t child = fork();
    if (child == 0) {
        _exit(corral_reap_take(CACHE_LIMIT) == NULL ? 0 : 1);
    }
    int status = -1;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0, "a cache of the parent's thread was taken");
    sem_post(&done);
    pthread_join(thread, NULL);
}

/* The living threads' caches lie side by side, as those of a program's workers do. */
Test(reap, makes_few_caches_beside_many_living_threads, .disabled = BUILD_HAS_ASAN) {
    pthread_t living[LIVING];
    start_living(living, LIVING);
    for (unsigned i = 0; i < 4 * THREADS; i++) {
        start_and_wait(allocate_and_vanish);
    }
    unsigned caches = corral_cache_count() - 1;
    cr_assert_leq(caches, 2 * (LIVING + 1), "%u caches", caches);
    for (unsigned i = 0; i < LIVING; i++) {
        sem_post(&done);
    }
    for (unsigned i = 0; i < LIVING; i++) {
        pthread_join(living[i], NULL);
    }
}
