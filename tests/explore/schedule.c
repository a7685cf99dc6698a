/* SPDX-License-Identifier: MIT
 *
 * schedule: see schedule.h.
 *
 * Owns:     the fibers' stacks; which objects are contended.
 * Callers:  through schedule.h and engine.h.
 * Promises: as schedule.h.
 * Does not: use threads.
 */
#include "schedule.h"

#include "thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

#define STACK_BYTES (256u * 1024)
#define STEPS_MOST  200000u
#define CONTENDED   65536u

struct fiber {
    jmp_buf context;
    ucontext_t start;
    struct thread thread; /* corral's thread-local state, while others run */
    uint64_t steps;
    bool started, ended, stopped;
};

struct schedule schedule;
struct clock engine_clocks[FIBERS];
unsigned engine_fiber;
const struct scenario *engine_scenario;

static char stacks[FIBERS][STACK_BYTES] __attribute__((aligned(64)));
static struct fiber fibers[FIBERS];
static uintptr_t contended[CONTENDED];
static bool learned, running;
static jmp_buf out;
static ucontext_t unused;
static const struct plan *plan;
static unsigned preemptions, stale_reads;
static struct thread inherited;
static struct clock start; /* the set-up's, at its end */
static uint64_t random_state;

bool schedule_is_stack(uintptr_t address) {
    return address - (uintptr_t)stacks < sizeof stacks;
}

bool schedule_is_running(void) {
    return running;
}

bool schedule_learned(void) {
    return learned;
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

unsigned schedule_choose(enum choice kind, unsigned count) {
    if (!running || count <= 1 || !within_budget(kind)) {
        return 0;
    }
    if (schedule.length == CHOICES) {
        schedule_fail("more choices than a schedule has");
    }
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

static void leave_to(unsigned next);

/* The way out of a fiber that never goes on. */
static _Noreturn void go_out(void) {
    longjmp(out, 1);
}

void schedule_fail(const char *message) {
    if (!schedule.failed) {
        schedule.failed = true;
        snprintf(schedule.message, sizeof schedule.message, "%s", message);
    }
    if (!running) {
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
    leave_to(list[schedule_choose(CHOOSE_NEXT, count)]);
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

static void leave_to(unsigned next) {
    struct fiber *from = &fibers[engine_fiber];
    struct fiber *to = &fibers[next];
    from->thread = corral_thread;
    if (setjmp(from->context) != 0) {
        return;
    }
    engine_fiber = next;
    corral_thread = to->thread;
    if (to->started) {
        longjmp(to->context, 1);
    }
    to->started = true;
    swapcontext(&unused, &to->start);
}

static size_t place_of(uintptr_t granule) {
    size_t at = (size_t)((granule >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 48);
    while (contended[at] != 0 && contended[at] != granule) {
        at = (at + 1) % CONTENDED;
    }
    return at;
}

void schedule_contend(uintptr_t granule) {
    size_t at = place_of(granule);
    learned |= contended[at] == 0;
    contended[at] = granule;
}

static bool is_contended(const volatile void *object) {
    return contended[place_of((uintptr_t)object & ~(uintptr_t)7)] != 0;
}

static void stop_here(struct explore_site *site) {
    unsigned list[FIBERS];
    schedule.went_on = others(list) != 0;
    site->stopped_here |= schedule.went_on;
    schedule.was_stopped = true;
    fibers[engine_fiber].stopped = true;
    pass_on();
}

void schedule_yield(struct explore_site *site, const volatile void *object) {
    if (!running || engine_fiber == 0) {
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
    if (plan->stopped == engine_fiber && fibers[engine_fiber].steps == plan->stopped_at) {
        stop_here(site);
    }
    if (!is_contended(object)) {
        return;
    }
    unsigned list[FIBERS];
    unsigned count = others(list);
    unsigned taken = schedule_choose(CHOOSE_FIBER, count + 1);
    if (taken != 0) {
        leave_to(list[taken - 1]);
    }
}

static void begin_fiber(unsigned i) {
    struct fiber *fiber = &fibers[i];
    *fiber = (struct fiber){.thread = {.cache = &corral_cache_empty}};
    if (i == 1) {
        fiber->thread = inherited;
    }
    getcontext(&fiber->start);
    fiber->start.uc_stack.ss_sp = stacks[i];
    fiber->start.uc_stack.ss_size = STACK_BYTES;
    fiber->start.uc_link = NULL;
    makecontext(&fiber->start, run_fiber, 0);
    engine_clocks[i] = engine_clocks[0];
    engine_clocks[i].at[i] = 1;
}

void schedule_set_up(const struct scenario *scenario) {
    engine_scenario = scenario;
    engine_fiber = 0;
    engine_clocks[0] = (struct clock){{1}};
    corral_thread = (struct thread){.cache = &corral_cache_empty};
    for (size_t i = 0; i < CONTENDED; i++) {
        contended[i] = 0;
    }
    order_begin();
    if (scenario->setup != NULL) {
        scenario->setup();
    }
    if (scenario->inherits) {
        world_inherit();
        inherited = corral_thread;
        corral_thread = (struct thread){.cache = &corral_cache_empty};
    } else {
        world_exit_thread();
        inherited = (struct thread){.cache = &corral_cache_empty};
    }
    fibers[0].thread = corral_thread;
    memory_mark();
    start = engine_clocks[0];
    schedule.depth = 0;
}

/* The end of all threads, and what the scenario says of it. */
static void check(const struct scenario *scenario) {
    engine_fiber = 0;
    corral_thread = fibers[0].thread;
    for (unsigned i = 1; i < FIBERS; i++) {
        clock_join(&engine_clocks[0], &engine_clocks[i]);
    }
    if (scenario->check != NULL && !schedule.was_stopped) {
        scenario->check();
    }
}

static void run_fibers(void) {
    if (setjmp(out) == 0) {
        for (unsigned i = 0; i < FIBERS; i++) {
            schedule.done[i] = 0;
        }
        unsigned list[FIBERS];
        unsigned count = others(list);
        fibers[0].ended = true;
        leave_to(plan->first != 0 ? plan->first : list[schedule_choose(CHOOSE_NEXT, count)]);
    }
}

void schedule_run(const struct scenario *scenario, const struct plan *how) {
    plan = how;
    preemptions = stale_reads = 0;
    random_state = how->seed | 1;
    learned = false;
    schedule.length = 0;
    schedule.steps = 0;
    schedule.failed = schedule.was_stopped = false;
    engine_fiber = 0;
    struct thread before = fibers[0].thread;
    engine_clocks[0] = start;
    order_begin();
    for (unsigned i = 1; i < FIBERS; i++) {
        begin_fiber(i);
    }
    running = true;
    run_fibers();
    if (!schedule.failed && setjmp(out) == 0) {
        check(scenario);
    }
    schedule.traced = memory_trace();
    running = false;
    engine_fiber = 0;
    memory_undo();
    fibers[0] = (struct fiber){.thread = before};
    corral_thread = before;
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
