/* SPDX-License-Identifier: MIT
 *
 * engine: the parts of the explorer, to each other.
 *
 * Owns:     nothing.
 * Callers:  the parts.
 * Promises: see each part.
 * Does not: show anything to scenarios.
 *
 *   schedule  which fiber goes on, at each yield point      order   which stores a load may see
 *   memory    undo, races of plain accesses                 world   the OS of corral
 */
#ifndef CORRAL_EXPLORE_ENGINE_H
#define CORRAL_EXPLORE_ENGINE_H

#include "explore.h"
#include "sites.h"

/* Fiber 0 sets up and checks. */
#define FIBERS (THREADS_MOST + 1)

struct clock {
    uint32_t at[FIBERS];
};

/* What the running fiber knows of each, and who it is. */
extern struct clock engine_clocks[FIBERS];
extern unsigned engine_fiber;
extern const struct scenario *engine_scenario;

static inline bool clock_knows(unsigned fiber, unsigned other, uint32_t time) {
    return time <= engine_clocks[fiber].at[other];
}
static inline void clock_join(struct clock *into, const struct clock *from) {
    for (unsigned i = 0; i < FIBERS; i++) {
        into->at[i] = into->at[i] > from->at[i] ? into->at[i] : from->at[i];
    }
}

/* schedule: one of `count` ways to go on; 0 is the plain one. */
enum choice { CHOOSE_FIBER, CHOOSE_NEXT, CHOOSE_STORE };
unsigned schedule_choose(enum choice kind, unsigned count);
/* Before each operation: others may run here. */
void schedule_yield(struct explore_site *site, const volatile void *object);
void schedule_fail(const char *message);
/* Two fibers use a granule of 8 bytes by atomic operations that nothing orders. */
void schedule_contend(uintptr_t granule);
bool schedule_is_stack(uintptr_t address);
bool schedule_is_running(void);

/* memory: what plain accesses do. Takes the place of ThreadSanitizer's runtime. */
void memory_log(const volatile void *start, size_t size);
void memory_mark(void);  /* the state to which undo leads */
void memory_undo(void);
void memory_access(const volatile void *start, unsigned size, bool write, bool atomic);
/* [start, start + size) is written at once: purged, or unmapped when `gone`. */
void memory_clear(void *start, size_t size, bool gone);
/* What was unmapped is mapped again, as it was: nobody has accessed it since, but the running fiber. */
void memory_map_again(void *start, size_t size);
uint64_t memory_trace(void); /* a sum over all accesses of the schedule */

/* order: forgets the stores of the schedule before. */
void order_begin(void);

/* main: the faults and the sites. */
extern struct explore_site __start_explore_sites[], __stop_explore_sites[];

#endif
