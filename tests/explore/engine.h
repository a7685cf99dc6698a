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
 *   memory    races of plain accesses                       world   the OS of corral
 *   tsan      what the compiler reports                     undo    memory as it was before
 *   contention, fibers, snapshot, states                    see their headers
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
extern bool engine_running; /* a schedule, and not its set-up */
extern const struct scenario *engine_scenario;
/* A sum over what each fiber did, and which stores it saw: what it does next follows from it. Two
 * schedules in which all of them are the same differ only in the order of what does not matter. */
extern uint64_t engine_histories[FIBERS];

static inline bool clock_knows(unsigned fiber, unsigned other, uint32_t time) {
    return time <= engine_clocks[fiber].at[other];
}
static inline void clock_join(struct clock *into, const struct clock *from) {
    for (unsigned i = 0; i < FIBERS; i++) {
        into->at[i] = into->at[i] > from->at[i] ? into->at[i] : from->at[i];
    }
}

static inline uint64_t engine_mix(uint64_t sum, uint64_t more) {
    sum = (sum ^ more * UINT64_C(0x9E3779B97F4A7C15)) * UINT64_C(0xD6E8FEB86659FD93);
    sum = (sum ^ sum >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return sum ^ sum >> 32;
}

/* schedule: one of `count` ways to go on; 0 is the plain one. */
enum choice { CHOOSE_FIBER, CHOOSE_NEXT, CHOOSE_STORE };
unsigned schedule_choose(enum choice kind, unsigned count);
/* Before each operation: others may run here. */
void schedule_yield(struct explore_site *site, const volatile void *object);
void schedule_fail(const char *message);
/* Two fibers use a granule of 8 bytes by atomic operations that nothing orders. */
void schedule_contend(uintptr_t granule);
/* Is the operation for figures only, and the scenario not about them? No other steers by its result:
 * where it stands among other threads' operations makes no difference to anything but figures. */
bool schedule_is_figure(struct explore_site *site, const volatile void *object);
bool schedule_is_stack(uintptr_t address);

/* world: the addresses that corral gets from the OS. */
#define WORLD_BYTES ((size_t)8 << 30)
#define WORLD_BASE  ((uintptr_t)1 << 40)
#define WORLD_PAGE  ((size_t)4096)

/* undo: what memory was before each write outside of stacks. */
void undo_log(const volatile void *start, size_t size);
void undo_mark(void); /* the state to which place 0 leads */
size_t undo_place(void);
void undo_return(size_t place);
/* Was anything of the page logged since the explorer began? If not, it is all zeros. */
bool undo_is_touched(uintptr_t page);

/* memory: who accesses what. */
enum access { PLAIN, ATOMIC, FIGURE }; /* FIGURE is atomic, and contends with nothing */
void memory_begin(void);               /* forgets the accesses of the schedule before */
void memory_access(const volatile void *start, unsigned size, bool write, enum access kind);
/* [start, start + size) is written at once: purged, or unmapped when `gone`. */
void memory_clear(void *start, size_t size, bool gone);
/* What was unmapped is mapped again, as it was: nobody has accessed it since, but the running fiber. */
void memory_map_again(void *start, size_t size);
/* A place in a schedule, to which all memory can be returned from a later one, the engine's tables of
 * accesses and stores with it. */
struct memory_place {
    size_t undo;
    unsigned clears, used;
    uint64_t trace;
};
struct memory_place memory_place(void);
void memory_return(const struct memory_place *place);
uint64_t memory_trace(void); /* a sum over all accesses of the schedule */

/* order: forgets the stores of the schedule before. */
void order_begin(void);

/* main: the faults and the sites. */
extern struct explore_site __start_explore_sites[], __stop_explore_sites[];

#endif
