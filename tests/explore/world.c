/* SPDX-License-Identifier: MIT
 *
 * world: the OS that corral sees under the explorer. It takes the place of src/os_posix.c.
 *
 * Owns:     a range of addresses, the clock, the exit hooks and the names of fibers.
 * Callers:  corral, through src/os.h; scenarios; schedule.
 * Promises: the same answers in each schedule. What corral unmaps may not be accessed before it is
 *           mapped again, and the next mapping of that size stands there.
 * Does not: split a mapping that was released.
 */
#define _GNU_SOURCE
#include "engine.h"

#include "base.h"
#include "os.h"
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Mappings that were released and may be used again. */
#define FREE_MOST 16u

struct hole {
    uintptr_t start;
    size_t size;
    struct clock released; /* what who maps it again learns: the OS orders the two */
};

struct hook {
    void (*function)(void *);
    void *argument;
};

/* All of this is undone with the rest of memory. */
static struct {
    uintptr_t next;
    uint64_t milliseconds;
    uint64_t nanoseconds;
    uint64_t reservations; /* that may yet succeed */
    uint64_t largest;      /* bytes that are mapped at once */
    uint64_t gone;         /* a bit for each fiber */
    uint64_t refuses;      /* does release fail? a bit for each fiber */
    uint64_t mark;         /* of the last call, as of the store to an object */
    uint64_t reserves_not; /* does reserve fail? a bit for each fiber */
    struct hook hooks[FIBERS];
    struct hole holes[FREE_MOST];
    unsigned hole_count;
} world = {.reservations = UINT64_MAX, .largest = UINT64_MAX};

static void log_world(void) {
    undo_log(&world, sizeof world);
}

/* A call of which others' calls see the effect: like an atomic operation on the OS. */
static void call(void) {
    static struct explore_site site = {.file = "the OS", .verb = "call"};
    schedule_yield(&site, &world.mark);
    memory_access(&world.mark, sizeof world.mark, true, ATOMIC);
    log_world();
    engine_histories[engine_fiber] = engine_mix(engine_histories[engine_fiber], world.mark);
    world.mark = engine_histories[engine_fiber];
}

void world_begin(void) {
    void *base = mmap((void *)WORLD_BASE, WORLD_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (base != (void *)WORLD_BASE) {
        perror("mmap");
        exit(2);
    }
    world.next = WORLD_BASE;
}

void world_set_reservations(unsigned count) {
    call();
    world.reservations = count;
}

static void set_own(uint64_t *bits, bool set) {
    log_world();
    *bits = (*bits & ~(UINT64_C(1) << engine_fiber)) | (uint64_t)set << engine_fiber;
}

static bool own(uint64_t bits) {
    return (bits >> engine_fiber & 1) != 0;
}

void world_refuse_releases(bool refuse) {
    set_own(&world.refuses, refuse);
}

void world_refuse_reservations(bool refuse) {
    set_own(&world.reserves_not, refuse);
}

void world_set_largest(size_t size) {
    log_world();
    world.largest = size;
}

void world_add_milliseconds(unsigned count) {
    log_world();
    world.milliseconds += count;
}

void world_exit_thread(void) {
    struct hook hook = world.hooks[engine_fiber];
    log_world();
    world.hooks[engine_fiber].argument = NULL;
    if (hook.argument != NULL) {
        hook.function(hook.argument);
    }
}

void world_vanish(void) {
    call();
    world.gone |= UINT64_C(1) << engine_fiber;
}

void world_inherit(void) {
    world.hooks[1] = world.hooks[0];
    world.hooks[0].argument = NULL;
}

/* The hole of that size and alignment that was made last, as an OS fills it. */
static void *fill_hole(size_t size, size_t alignment) {
    for (unsigned i = world.hole_count; i-- > 0;) {
        struct hole hole = world.holes[i];
        if (hole.size == size && hole.start % alignment == 0) {
            world.holes[i] = world.holes[--world.hole_count];
            clock_join(&engine_clocks[engine_fiber], &hole.released);
            memory_map_again((void *)hole.start, size);
            return (void *)hole.start;
        }
    }
    return NULL;
}

static void *world_reserve(size_t size, size_t alignment) {
    if (own(world.reserves_not) || size > world.largest) {
        return NULL;
    }
    call();
    void *again = fill_hole(size, alignment);
    uintptr_t start = round_up(world.next, alignment);
    if (again != NULL || world.reservations == 0 || start + size > WORLD_BASE + WORLD_BYTES) {
        return again;
    }
    world.reservations -= world.reservations != UINT64_MAX;
    world.next = start + size;
    return (void *)start;
}

static bool world_release(void *start, size_t size) {
    if (own(world.refuses)) {
        return false;
    }
    call();
    memory_clear(start, size, true);
    if (world.hole_count < FREE_MOST) {
        world.holes[world.hole_count++] =
            (struct hole){(uintptr_t)start, size, engine_clocks[engine_fiber]};
    }
    return true;
}

static bool world_purge(void *start, size_t size) {
    memory_clear(start, size, false);
    return true;
}

static bool world_grow(void *start, size_t old_size, size_t new_size) {
    (void)start, (void)old_size, (void)new_size;
    return false;
}

static void world_advise_huge(void *start, size_t size, bool huge) {
    (void)start, (void)size, (void)huge;
}

static bool world_protect(void *start, size_t size, bool usable) {
    (void)start, (void)size, (void)usable;
    call();
    return true;
}

static uint64_t world_milliseconds(void) {
    return world.milliseconds;
}

static uint64_t world_nanoseconds(void) {
    return ++world.nanoseconds;
}

static bool world_on_thread_exit(void (*function)(void *), void *argument) {
    log_world();
    world.hooks[engine_fiber] = (struct hook){function, argument};
    return true;
}

const struct corral_os corral_os_real = {
    .reserve = world_reserve,
    .release = world_release,
    .purge = world_purge,
    .grow = world_grow,
    .reserve_huge = world_reserve,
    .advise_huge = world_advise_huge,
    .milliseconds = world_milliseconds,
    .nanoseconds = world_nanoseconds,
    .on_thread_exit = world_on_thread_exit,
    .protect = world_protect,
};
const struct corral_os *corral_os = &corral_os_real;

size_t corral_os_page_size(void) {
    return 4096;
}

uint64_t corral_os_thread(void) {
    return engine_fiber + 1;
}

bool corral_os_thread_is_ours(uint64_t thread) {
    (void)thread;
    return true;
}

bool corral_os_thread_is_gone(uint64_t thread) {
    call();
    unsigned fiber = (unsigned)thread - 1;
    bool gone = thread != 0 && (world.gone >> fiber & 1) != 0;
    if (gone) {
        /* As the OS does: all that a thread wrote is seen by who learns that it is gone. */
        clock_join(&engine_clocks[engine_fiber], &engine_clocks[fiber]);
    }
    return gone;
}

void corral_os_write_error(const char *text, size_t length) {
    if (engine_scenario->misuses) {
        return;
    }
    char line[200];
    snprintf(line, sizeof line, "corral said: %.*s", (int)length, text);
    schedule_fail(line);
}

_Noreturn void corral_os_abort(void) {
    schedule_fail("corral aborted");
    abort();
}
