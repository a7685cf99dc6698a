/* SPDX-License-Identifier: MIT
 *
 * The stages of a round, see round.h.
 *
 * Owns:     nothing beyond the round that it is given.
 * Callers:  main.c and the parts.
 * Promises: a round ends when every thread of its parts was joined.
 * Does not: end a thread that does not come to the gate; the parts bound all their waits.
 */
#define _GNU_SOURCE
#include "round.h"

#include "check.h"
#include "shared.h"

#include <time.h>

const char *const work_names[WORKS] = {
    [WORK_PACKETS] = "enet packets",   [WORK_SCRIPTS] = "lua scripts",  [WORK_ROWS] = "sqlite rows",
    [WORK_REQUESTS] = "http requests", [WORK_PARTY] = "party messages",
};

static void gate_init(struct gate *gate, unsigned expected) {
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->opened, NULL);
    gate->expected = expected;
    gate->waiting = 0;
    gate->open = false;
}

static void gate_destroy(struct gate *gate) {
    pthread_cond_destroy(&gate->opened);
    pthread_mutex_destroy(&gate->mutex);
}

static void gate_pass(struct gate *gate) {
    pthread_mutex_lock(&gate->mutex);
    gate->waiting++;
    if (gate->waiting == gate->expected) {
        gate->open = true;
        pthread_cond_broadcast(&gate->opened);
    }
    while (!gate->open) {
        pthread_cond_wait(&gate->opened, &gate->mutex);
    }
    pthread_mutex_unlock(&gate->mutex);
}

double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

bool round_working(const struct game_round *round) {
    return !load_relaxed(&round->stopping);
}

void round_wait_for_inspection(struct game_round *round) {
    gate_pass(&round->quiet);
    gate_pass(&round->leave);
}

void round_done(struct game_round *round, enum work work, uint64_t number) {
    add_relaxed(&round->done[work], number);
}

void round_thread(pthread_t *thread, void *(*body)(void *argument), void *argument) {
    if (pthread_create(thread, NULL, body, argument) != 0) {
        fatal("a thread cannot be started");
    }
}

static double work_for(struct game_round *round,
                       void (*progress)(const struct game_round *round, double elapsed)) {
    const struct timespec step = {0, 100000000L};
    const double begin = seconds_now();
    double elapsed = 0;
    while (elapsed < round->seconds) {
        nanosleep(&step, NULL);
        elapsed = seconds_now() - begin;
        progress(round, elapsed);
    }
    store_relaxed(&round->stopping, true);
    return elapsed;
}

double round_run(struct game_round *round, const struct part *const *parts, unsigned count,
                 void (*progress)(const struct game_round *round, double elapsed),
                 void (*inspect)(void)) {
    unsigned threads = 1;
    for (unsigned index = 0; index < count; index++) {
        threads += parts[index]->threads;
    }
    gate_init(&round->quiet, threads);
    gate_init(&round->leave, threads);
    store_relaxed(&round->stopping, false);
    for (unsigned index = 0; index < count; index++) {
        parts[index]->start(round);
    }
    const double elapsed = work_for(round, progress);
    gate_pass(&round->quiet);
    inspect();
    for (unsigned index = 0; index < count; index++) {
        if (parts[index]->inspect != NULL) {
            parts[index]->inspect();
        }
    }
    gate_pass(&round->leave);
    for (unsigned index = 0; index < count; index++) {
        parts[index]->finish();
    }
    gate_destroy(&round->quiet);
    gate_destroy(&round->leave);
    return elapsed;
}
