/* SPDX-License-Identifier: MIT
 *
 * explore: what a scenario is told, and what it tells.
 *
 * Owns:     nothing.
 * Callers:  scenarios.
 * Promises: between two schedules all memory is as the set-up left it: the scenario's, corral's, and
 *           what corral got from the OS.
 * Does not: run threads of the OS: a scenario's threads are fibers of one.
 */
#ifndef CORRAL_EXPLORE_H
#define CORRAL_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define THREADS_MOST 3u

/* setup runs once, by itself; then, for each schedule, the threads, until all have ended, and check,
 * by itself again. A thread's end is followed by its exit hook, if it has one. */
struct scenario {
    const char *name;
    const char *what; /* one line for people */
    void (*setup)(void);
    void (*threads[THREADS_MOST])(void); /* NULL: none */
    void (*check)(void);
    unsigned most; /* preemptions that a search can come to the end of; 0: as many as it is told */
    bool vanishes; /* the first thread ends without its exit hook */
    bool misuses;  /* it breaks the contract on purpose: a line on the error stream is no failure */
    bool figures;  /* figures are looked at: what is read for them only is ordered like the rest */
    bool budgets;  /* there are budgets: what blocks taken without a pool are worth is no figure only */
    bool inherits; /* the first thread goes on as the set-up's, whose exit hook does not run before */
};

/* Lists of scenarios, each of which ends with NULL, as this list does. */
extern const struct scenario *const *const explore_scenarios[];

/* Ends the schedule as a failure. Does not return. */
_Noreturn void explore_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            explore_fail("%s:%d: %s does not hold", __FILE__, __LINE__, #condition);               \
        }                                                                                          \
    } while (0)

/* The calling thread holds [start, start + size) from here on, and fills it; fails when it overlaps
 * what another holds. NULL is let through: memory is exhausted. */
void *explore_take(void *start, size_t size);
/* The calling thread gives up what it or another took, after looking whether it is intact. */
void *explore_leave(void *start);
/* Counts one operation of the calling thread: what others complete while one is stopped. */
void explore_done(void);

/* The outside world of corral in this test. */
void world_begin(void);
/* From now on so many reservations succeed, and those that fit where one was released. */
void world_set_reservations(unsigned count);
/* The most that the OS maps at once from now on. */
void world_set_largest(size_t size);
/* Does the OS refuse to map anything for the calling thread from now on? */
void world_refuse_reservations(bool refuse);
/* Does the OS refuse to take the calling thread's mappings back from now on? */
void world_refuse_releases(bool refuse);
void world_add_milliseconds(unsigned count);
/* Runs the calling fiber's exit hook, if it has one. */
void world_exit_thread(void);
/* Makes the calling fiber a thread that the OS no longer has. */
void world_vanish(void);
/* Gives fiber 1 the set-up's exit hook. */
void world_inherit(void);

#endif
