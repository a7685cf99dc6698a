/* SPDX-License-Identifier: MIT
 *
 * schedule: which fiber goes on at each yield point.
 *
 * Owns:     the fibers and the choices of a schedule.
 * Callers:  main, report.
 * Promises: the same choices give the same schedule.
 * Does not: decide how many schedules are run.
 *
 * A choice is one of several ways to go on: which fiber runs at a yield point (any but the running one
 * costs a preemption), which fiber runs when one has ended, which store a load sees (any but the last
 * one costs a stale read). Way 0 is always the plain one. A yield point is a choice when its object is
 * contended: when in some schedule two fibers used it, one of them to write, and neither happened
 * before the other. What is always ordered otherwise, as a cache's fields are by the set of orphans, is
 * reordered only by reordering what orders it.
 */
#ifndef CORRAL_EXPLORE_SCHEDULE_H
#define CORRAL_EXPLORE_SCHEDULE_H

#include "engine.h"

#define CHOICES 100000u

struct choice_made {
    uint8_t taken, count, kind;
};

struct plan {
    unsigned preemptions, stale_reads; /* at most, in one schedule */
    bool random;
    bool prune;   /* ends a schedule that comes to a state that was met before */
    bool resumes; /* goes on from the last choice of the schedule before that is still to be made
                   * otherwise, instead of from the start; schedule_leave ends such a series */
    uint64_t seed;
    unsigned first;      /* the fiber that begins; 0: a choice */
    unsigned stopped;    /* the fiber that is stopped for ever; 0: none */
    uint64_t stopped_at; /* its operation, counted from 1 */
    bool stops_at_sites; /* who comes first to a site that is marked so is stopped for ever */
};

struct schedule {
    struct choice_made choices[CHOICES];
    unsigned depth; /* choices that are set, for the next run to follow */
    unsigned length; /* choices of the last run */
    bool failed;
    bool tracing; /* prints each operation */
    unsigned stopped;        /* the fiber that was stopped; 0: none */
    bool pruned;             /* it came to a state from which all schedules are known or to come */
    bool went_on;            /* and others had not ended by then */
    uint64_t done[FIBERS];   /* operations that each fiber completed */
    uint64_t steps;
    uint64_t traced;
    char message[240];
};

extern struct schedule schedule;

/* Runs a scenario's set-up: once, before its schedules. */
void schedule_set_up(const struct scenario *scenario);
/* Runs one schedule: the choices that are set, and beyond them what the plan says. */
void schedule_run(const struct scenario *scenario, const struct plan *plan);
/* Sets the choices of the next schedule in the order of a search. False when there is none. */
bool schedule_advance(void);
/* Puts memory back to what the set-up left. */
void schedule_leave(void);

#endif
