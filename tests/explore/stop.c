/* SPDX-License-Identifier: MIT
 *
 * stop: see stop.h.
 *
 * Owns:     nothing.
 * Callers:  through stop.h.
 * Promises: as stop.h.
 * Does not: check what a scenario checks at its end: a stopped thread holds what it held.
 */
#include "stop.h"

#include <stdio.h>
#include <string.h>

void stop_begin(const struct scenario *scenario, unsigned first, struct stops *stops) {
    struct plan plan = {.first = first};
    schedule.depth = 0;
    schedule_run(scenario, &plan);
    *stops = (struct stops){0};
    memcpy(stops->expected, schedule.done, sizeof stops->expected);
}

bool stop_is_harmless(const struct scenario *scenario, struct stops *stops) {
    if (schedule.stopped == 0) {
        return true;
    }
    stops->points += schedule.went_on;
    for (unsigned i = 1; i < FIBERS; i++) {
        if (i == schedule.stopped) {
            continue;
        }
        if (schedule.done[i] != stops->expected[i]) {
            printf("failed\t%s\t0\tthread %u does not go on without thread %u\n", scenario->name, i,
                   schedule.stopped);
            return false;
        }
        stops->done += schedule.done[i];
    }
    return true;
}

void stop_print(const struct scenario *scenario, const struct stops *stops) {
    printf("stopped\t%s\t%llu\t%llu\n", scenario->name, (unsigned long long)stops->points,
           (unsigned long long)stops->done);
}

static int stop_thread(const struct scenario *scenario, unsigned first, unsigned fiber,
                       struct stops *stops) {
    for (uint64_t at = 1;; at++) {
        struct plan plan = {.first = first, .stopped = fiber, .stopped_at = at};
        schedule.depth = 0;
        schedule_run(scenario, &plan);
        if (schedule.failed) {
            return report_failure(scenario, &plan, at);
        }
        if (!stop_is_harmless(scenario, stops)) {
            return 1;
        }
        if (schedule.stopped == 0) {
            return 0;
        }
    }
}

int stop_all(const struct scenario *scenario) {
    struct stops all = {0};
    for (unsigned first = 1; first < FIBERS && scenario->threads[first - 1] != NULL; first++) {
        struct stops stops;
        stop_begin(scenario, first, &stops);
        for (unsigned fiber = 1; fiber < FIBERS && scenario->threads[fiber - 1] != NULL; fiber++) {
            if (stop_thread(scenario, first, fiber, &stops) != 0) {
                return 1;
            }
        }
        all.points += stops.points;
        all.done += stops.done;
    }
    stop_print(scenario, &all);
    return 0;
}
