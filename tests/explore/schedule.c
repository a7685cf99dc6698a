/* SPDX-License-Identifier: MIT
 *
 * schedule: see schedule.h.
 *
 * Owns:     the choices of the schedule that runs.
 * Callers:  through schedule.h and engine.h.
 * Promises: as schedule.h.
 * Does not: use threads.
 */
#include "schedule.h"

#include "contention.h"
#include "fibers.h"
#include "snapshot.h"
#include "states.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define STEPS_MOST 200000u

struct schedule schedule;
struct clock engine_clocks[FIBERS];
unsigned engine_fiber;
bool engine_running;
uint64_t engine_histories[FIBERS];
const struct scenario *engine_scenario;

static jmp_buf out;
static const struct plan *plan;
static unsigned preemptions, stale_reads;
static struct corral_thread_state inherited, outside; /* the first fiber's, the explorer's */
static struct clock start;               /* the set-up's, at its end */
static uint64_t random_state;

bool schedule_is_stack(uintptr_t address) {
    return fibers_is_stack(address);
}

static uint64_t next_random(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * UINT64_C(0x2545F4914F6CDD1D) >> 32;
}

static bool within_budget(enum choice kind) {
    return kind == CHOOSE_NEXT   ? true
           : kind == CHOOSE_FIBER ? preemptions < plan->preemptions
                                  : stale_reads < plan->stale_reads;
}

static unsigned roll(enum choice kind, unsigned count) {
    if (!plan->random) {
        return 0;
    }
    unsigned one_in = kind == CHOOSE_NEXT ? 1 : kind == CHOOSE_FIBER ? 12 : 20;
    return next_random() % one_in == 0 ? (unsigned)(next_random() % count) : 0;
}

/* The way out of a fiber that never goes on. */
static _Noreturn void go_out(void) {
    longjmp(out, 1);
}

/* At a new choice, a state that was met before with as many preemptions left, or more, ends the
 * schedule. Where the running fiber ended, it makes no difference which one that was. */
static void prune(enum choice kind) {
    uint64_t state = kind == CHOOSE_NEXT ? 0 : engine_fiber;
    for (unsigned i = 1; i < FIBERS; i++) {
        state = engine_mix(state, engine_histories[i]);
    }
    if (!states_enter(engine_mix(state, stale_reads), preemptions)) {
        schedule.pruned = true;
        go_out();
    }
}

static struct snapshot *take_snapshot(char *low) {
    struct snapshot *snapshot = snapshot_take(schedule.length, low);
    if (snapshot != NULL) {
        snapshot->preemptions = preemptions;
        snapshot->stale_reads = stale_reads;
    }
    return snapshot;
}

/* Makes the choice, or finds it made. */
static unsigned choose(enum choice kind, unsigned count) {
    struct choice_made *choice = &schedule.choices[schedule.length];
    if (schedule.length++ >= schedule.depth) {
        *choice = (struct choice_made){(uint8_t)roll(kind, count), (uint8_t)count, (uint8_t)kind};
    }
    if (choice->count != count) {
        schedule_fail("the same choices led elsewhere");
    }
    preemptions += kind == CHOOSE_FIBER && choice->taken != 0;
    stale_reads += kind == CHOOSE_STORE && choice->taken != 0;
    return choice->taken;
}

/* A later schedule may come back to where the snapshot is taken, with another choice. */
unsigned schedule_choose(enum choice kind, unsigned count) {
    if (!engine_running || count <= 1) {
        return 0;
    }
    if (plan->prune && kind != CHOOSE_STORE && schedule.length >= schedule.depth) {
        prune(kind);
    }
    if (!within_budget(kind)) {
        return 0;
    }
    if (schedule.length == CHOICES) {
        schedule_fail("more choices than a schedule has");
    }
    if (plan->resumes) {
        struct snapshot *snapshot = take_snapshot(__builtin_frame_address(0));
        if (snapshot != NULL) {
            setjmp(snapshot->point);
        }
    }
    return choose(kind, count);
}

void schedule_fail(const char *message) {
    if (!schedule.failed) {
        schedule.failed = true;
        snprintf(schedule.message, sizeof schedule.message, "%s", message);
    }
    if (!engine_running) {
        fprintf(stderr, "%s: outside of a schedule: %s\n", engine_scenario->name, message);
        exit(2);
    }
    go_out();
}

_Noreturn void explore_fail(const char *format, ...) {
    char text[240];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    schedule_fail(text);
    abort();
}

void explore_done(void) {
    schedule.done[engine_fiber]++;
}

/* Fibers other than the running one that can go on, in the order of their numbers. */
static unsigned others(unsigned *list) {
    unsigned count = 0;
    for (unsigned i = 1; i < FIBERS; i++) {
        if (i != engine_fiber && !fibers[i].ended && !fibers[i].stopped &&
            engine_scenario->threads[i - 1] != NULL) {
            list[count++] = i;
        }
    }
    return count;
}

/* The running fiber has ended or stopped: who is next? When none is left, the schedule is over. */
static void pass_on(void) {
    unsigned list[FIBERS];
    unsigned count = others(list);
    if (count == 0) {
        go_out();
    }
    fibers_leave_to(list[schedule_choose(CHOOSE_NEXT, count)]);
}

static void run_fiber(void) {
    engine_scenario->threads[engine_fiber - 1]();
    if (engine_scenario->vanishes && engine_fiber == 1) {
        world_vanish();
    } else {
        world_exit_thread();
    }
    fibers[engine_fiber].ended = true;
    pass_on();
}

static void stop_here(struct explore_site *site) {
    unsigned list[FIBERS];
    schedule.went_on = others(list) != 0;
    site->stopped_here |= schedule.went_on;
    schedule.stopped = engine_fiber;
    fibers[engine_fiber].stopped = true;
    pass_on();
}

void schedule_yield(struct explore_site *site, const volatile void *object) {
    if (!engine_running || engine_fiber == 0) {
        return;
    }
    if (schedule.tracing) {
        printf("  %u  %s:%d %s %p\n", engine_fiber, site->file, site->line, site->verb,
               (const void *)object);
    }
    if (++schedule.steps > STEPS_MOST) {
        schedule_fail("it does not end");
    }
    fibers[engine_fiber].steps++;
    bool chosen = plan->stopped == engine_fiber && fibers[engine_fiber].steps == plan->stopped_at;
    if (chosen || (plan->stops_at_sites && site->stops && schedule.stopped == 0)) {
        stop_here(site);
    }
    if (!contention_is_at(site, object)) {
        return;
    }
    unsigned list[FIBERS];
    unsigned count = others(list);
    unsigned taken = schedule_choose(CHOOSE_FIBER, count + 1);
    if (taken != 0) {
        fibers_leave_to(list[taken - 1]);
    }
}

void schedule_set_up(const struct scenario *scenario) {
    engine_scenario = scenario;
    engine_fiber = 0;
    engine_clocks[0] = (struct clock){{1}};
    corral_thread = (struct corral_thread_state)THREAD_BEGINS;
    corral_budget_mine = (struct budget_mine){0};
    contention_clear();
    order_begin();
    if (scenario->setup != NULL) {
        scenario->setup();
    }
    inherited = (struct corral_thread_state)THREAD_BEGINS;
    if (scenario->inherits) {
        world_inherit();
        inherited = corral_thread;
        corral_thread = (struct corral_thread_state)THREAD_BEGINS;
    } else {
        world_exit_thread();
    }
    outside = corral_thread;
    undo_mark();
    start = engine_clocks[0];
    schedule.depth = 0;
}

/* As the explorer's own thread is. */
static void be_outside(void) {
    corral_thread = outside;
    corral_budget_mine = (struct budget_mine){0};
}

void schedule_leave(void) {
    undo_return(0);
    be_outside();
}

/* The end of all threads, and what the scenario says of it. */
static void check(const struct scenario *scenario) {
    engine_fiber = 0;
    be_outside();
    for (unsigned i = 1; i < FIBERS; i++) {
        clock_join(&engine_clocks[0], &engine_clocks[i]);
    }
    if (scenario->check != NULL && schedule.stopped == 0) {
        scenario->check();
    }
}

static void begin(void) {
    undo_return(0);
    memory_begin();
    preemptions = stale_reads = 0;
    random_state = plan->seed | 1;
    schedule.length = 0;
    schedule.steps = 0;
    engine_fiber = 0;
    be_outside();
    engine_clocks[0] = start;
    order_begin();
    for (unsigned i = 1; i < FIBERS; i++) {
        static const struct corral_thread_state fresh = {.fronts = corral_cache_empty.fronts};
        fibers_begin(i, i == 1 ? inherited : fresh, run_fiber);
        engine_histories[i] = i;
        engine_clocks[i] = start;
        engine_clocks[i].at[i] = 1;
        schedule.done[i] = 0;
    }
}

/* From the snapshot of the choice that is now made otherwise, or from the start. */
static void run_fibers(void) {
    struct snapshot *snapshot = NULL;
    if (plan->resumes && schedule.depth > 0) {
        snapshot = snapshot_of(schedule.depth - 1);
    }
    if (snapshot != NULL) {
        schedule.length = schedule.depth - 1;
        preemptions = snapshot->preemptions;
        stale_reads = snapshot->stale_reads;
        snapshot_restore(snapshot);
        for (unsigned i = 1; i < FIBERS; i++) {
            schedule.stopped = fibers[i].stopped ? i : schedule.stopped;
        }
        longjmp(snapshot->point, 1);
    }
    begin();
    unsigned list[FIBERS];
    unsigned count = others(list);
    fibers_leave_to(plan->first != 0 ? plan->first : list[schedule_choose(CHOOSE_NEXT, count)]);
}

void schedule_run(const struct scenario *scenario, const struct plan *how) {
    plan = how;
    schedule.failed = schedule.pruned = false;
    schedule.stopped = 0;
    engine_running = true;
    if (setjmp(out) == 0) {
        run_fibers();
    }
    if (!schedule.failed && !schedule.pruned && setjmp(out) == 0) {
        check(scenario);
    }
    schedule.traced = memory_trace();
    engine_running = false;
    engine_fiber = 0;
    if (!plan->resumes) {
        schedule_leave();
    }
}

bool schedule_advance(void) {
    schedule.depth = schedule.length;
    while (schedule.depth > 0) {
        struct choice_made *last = &schedule.choices[schedule.depth - 1];
        if (last->taken + 1u < last->count) {
            last->taken++;
            return true;
        }
        schedule.depth--;
    }
    return false;
}
