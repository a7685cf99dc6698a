/* SPDX-License-Identifier: MIT
 *
 * background: a thread that ticks.
 *
 * Owns:     the thread, and the lock that start, stop and the thread share.
 * Callers:  through corral/background.h.
 * Promises: as corral/background.h. A child of a fork finds the lock free, from before the program's first start on.
 * Does not: hold the lock while it calls corral or makes a thread: either may call what is the program's.
 */
#define _GNU_SOURCE
#include <corral/background.h>
#include <corral/upkeep.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

#define NS_OF_MS UINT64_C(1000000)
#define NS_OF_S  UINT64_C(1000000000)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t changed;                           /* waits by the monotonic clock */
static bool is_ready;      /* forks know the lock */
static bool starts;        /* a thread is being made, by `starter` */
static pthread_t starter;
static bool wanted;        /* the last call was a start */
static bool runs;          /* one was, and is not stopped */
static pthread_t thread;
static uintptr_t number;   /* of the thread that is to go on */
static uint32_t interval;  /* milliseconds */

static struct timespec time_after(uint64_t ns) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    ns += (uint64_t)now.tv_nsec;
    now.tv_sec += (time_t)(ns / NS_OF_S);
    now.tv_nsec = (long)(ns % NS_OF_S);
    return now;
}

/* Until the time has come, or another thread is to tick, or none. The lock is held but while it waits. */
static void wait_after_tick(uintptr_t mine, uint64_t ns) {
    struct timespec until = time_after(ns);
    while (number == mine && pthread_cond_timedwait(&changed, &lock, &until) == 0) {
    }
}

static void *run(void *argument) {
    uintptr_t mine = (uintptr_t)argument;
    pthread_mutex_lock(&lock);
    while (number == mine) {
        uint64_t ns = interval * NS_OF_MS;
        pthread_mutex_unlock(&lock);
        corral_tick(ns / 10);
        pthread_mutex_lock(&lock);
        wait_after_tick(mine, ns);
    }
    pthread_mutex_unlock(&lock);
    return NULL;
}

static void make_condition(void) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

static void before_fork(void) {
    pthread_mutex_lock(&lock);
}

static void after_fork(void) {
    pthread_mutex_unlock(&lock);
}

/* The parent's thread is not here, and nobody waits. */
static void in_child(void) {
    starts = false;
    runs = false;
    wanted = false;
    number++;
    make_condition();
    pthread_mutex_unlock(&lock);
}

__attribute__((constructor)) static void prepare(void) {
    make_condition();
    is_ready = pthread_atfork(before_fork, after_fork, in_child) == 0;
}

/* With all signals blocked, as its thread is to have them. */
static bool create(pthread_t *made, uintptr_t mine) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool created = pthread_create(made, NULL, run, (void *)mine) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return created;
}

/* The lock is held, but while the thread is made. False when there is none to be had. */
static bool start_one(void) {
    pthread_t made;
    uintptr_t mine = ++number;
    pthread_mutex_unlock(&lock);
    bool created = create(&made, mine);
    pthread_mutex_lock(&lock);
    if (created && number == mine) {
        thread = made;
        runs = true;
    } else if (created) { /* it was stopped meanwhile */
        pthread_mutex_unlock(&lock);
        pthread_join(made, NULL);
        pthread_mutex_lock(&lock);
    }
    return created;
}

/* Until no thread is being made. Who makes it does not wait for itself, where what it calls calls this. */
static void await_starter(void) {
    while (starts && !pthread_equal(starter, pthread_self())) {
        pthread_cond_wait(&changed, &lock);
    }
}

/* Likewise. What is stopped meanwhile, and started again, is made again. */
static corral_status start(void) {
    bool created = true;
    starts = true;
    starter = pthread_self();
    while (wanted && !runs && created) {
        created = start_one();
    }
    starts = false;
    pthread_cond_broadcast(&changed);
    return created ? CORRAL_OK : CORRAL_ENOMEM;
}

corral_status corral_background_start(uint32_t interval_ms) {
    if (interval_ms == 0 || interval_ms > CORRAL_BACKGROUND_MOST_MS) {
        return CORRAL_EINVAL;
    }
    int saved = errno;
    pthread_mutex_lock(&lock);
    corral_status status = is_ready ? CORRAL_OK : CORRAL_ENOMEM;
    await_starter();
    interval = interval_ms;
    wanted = true;
    if (!runs && !starts && is_ready) {
        status = start();
    }
    pthread_mutex_unlock(&lock);
    errno = saved;
    return status;
}

/* It needs the lock to end, so it is waited for without. */
__attribute__((destructor)) void corral_background_stop(void) {
    int saved = errno;
    pthread_mutex_lock(&lock);
    wanted = false;
    number++; /* also of one that is being made */
    await_starter();
    bool mine = runs;
    pthread_t ended = thread;
    runs = false;
    if (mine) {
        number++;
        pthread_cond_broadcast(&changed);
    }
    pthread_mutex_unlock(&lock);
    if (mine) {
        pthread_join(ended, NULL);
    }
    errno = saved;
}
