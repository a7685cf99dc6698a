/* SPDX-License-Identifier: MIT
 *
 * One round: all libraries at work at once, for a while, on one backend.
 *
 * Owns:     the clock of the round, the gate between its stages, and the counts of what was done.
 * Callers:  round_run the main thread; the rest the threads of the parts.
 * Promises: while the main thread inspects, every thread of every part waits at the gate with its
 *           library still full of live blocks, so that figures can be compared exactly.
 * Does not: know the libraries. A part is three functions and a number of threads.
 *
 * The stages of a round, and who is where:
 *
 *   main thread      start parts | sleep, progress | stop | inspect      | open | finish parts
 *   a part's thread  open library, work ............ until stop | at gate | ---- | close library
 */
#ifndef GAME_SERVER_ROUND_H
#define GAME_SERVER_ROUND_H

#include "memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* What is counted as done, one kind per part. */
enum work { WORK_PACKETS, WORK_SCRIPTS, WORK_ROWS, WORK_REQUESTS, WORK_PARTY, WORKS };

extern const char *const work_names[WORKS];

/* All threads of the parts and the main thread pass a gate together. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t opened;
    unsigned expected; /* const */
    unsigned waiting;  /* under mutex */
    bool open;         /* under mutex */
};

struct game_round {
    uint64_t seed;                /* const */
    double seconds;               /* const: how long the parts work */
    _Atomic bool stopping;        /* relaxed: it only ends loops, and carries no data */
    struct gate quiet;            /* all have stopped working */
    struct gate leave;            /* the main thread has inspected */
    _Atomic uint64_t done[WORKS]; /* relaxed: numbers only */
};

struct part {
    unsigned threads;                        /* of its own that pass the round's gates */
    void (*start)(struct game_round *round); /* creates them */
    void (*inspect)(void);                   /* called while all are quiet; NULL: nothing */
    void (*finish)(void);                    /* joins them and gives back what is left */
};

/* Runs one round of all parts; done[] is added to by what was done. The callback is called some
 * times a second while the parts work, the inspection once while all are quiet. Returns the
 * seconds that the parts worked. */
double round_run(struct game_round *round, const struct part *const *parts, unsigned count,
                 void (*progress)(const struct game_round *round, double elapsed),
                 void (*inspect)(void));

/* For threads of parts: whether to go on, and what to do when not. */
bool round_working(const struct game_round *round);
void round_wait_for_inspection(struct game_round *round);

/* Counts something done. */
void round_done(struct game_round *round, enum work work, uint64_t number);

/* Starts a thread, or ends the program. */
void round_thread(pthread_t *thread, void *(*body)(void *argument), void *argument);

/* Seconds of a clock that only goes forward. */
double seconds_now(void);

#endif
