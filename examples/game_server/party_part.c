/* SPDX-License-Identifier: MIT
 *
 * The title's thread of party_part.h.
 *
 * Owns:     nothing beyond that thread.
 * Callers:  round.c.
 * Promises: while the round is inspected the stand-in is suspended.
 * Does not: know the stand-in's threads.
 */
#define _GNU_SOURCE
#include "party_part.h"

#include "party_sdk.h"

enum { CHANGES_AT_ONCE = 32 };

static struct game_round *round_now;
static pthread_t thread;

static void *play(void *unused) {
    (void)unused;
    party_sdk_set_memory_callbacks(memory_party_allocate, memory_party_free);
    party_sdk_initialize(round_now->seed);
    while (round_working(round_now)) {
        unsigned finished = 0;
        struct party_change *change = party_sdk_next_change(2);
        while (change != NULL) {
            party_sdk_finish_change(change);
            finished++;
            change = finished < CHANGES_AT_ONCE ? party_sdk_next_change(0) : NULL;
        }
        round_done(round_now, WORK_PARTY, finished);
    }
    party_sdk_suspend();
    round_wait_for_inspection(round_now);
    party_sdk_resume();
    party_sdk_cleanup();
    return NULL;
}

static void start(struct game_round *round) {
    round_now = round;
    round_thread(&thread, play, NULL);
}

static void finish(void) {
    pthread_join(thread, NULL);
}

const struct part party_part = {1, start, NULL, finish};
