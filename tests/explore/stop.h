/* SPDX-License-Identifier: MIT
 *
 * stop: schedules in which one thread is stopped for ever.
 *
 * Owns:     nothing.
 * Callers:  main.
 * Promises: fails when another thread does not complete what it completes otherwise.
 * Does not: stop a thread itself: schedule does, as a plan says.
 */
#ifndef CORRAL_EXPLORE_STOP_H
#define CORRAL_EXPLORE_STOP_H

#include "schedule.h"

struct stops {
    uint64_t expected[FIBERS]; /* operations that each fiber completes when none is stopped */
    uint64_t points;           /* stops while others had not ended */
    uint64_t done;             /* operations that others completed beside a stopped one */
};

/* `first` begins the schedule; 0: a choice. */
void stop_begin(const struct scenario *scenario, unsigned first, struct stops *stops);
/* After a schedule: counts it, if a thread was stopped. False when that held another up. */
bool stop_is_harmless(const struct scenario *scenario, struct stops *stops);
void stop_print(const struct scenario *scenario, const struct stops *stops);
/* Stops each thread before each of its operations, each of them having begun in turn. */
int stop_all(const struct scenario *scenario);

/* main: says that a schedule failed, as the `count`th, and with --trace what it did. Returns 1. */
int report_failure(const struct scenario *scenario, const struct plan *plan, uint64_t count);

#endif
