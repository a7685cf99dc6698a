/* SPDX-License-Identifier: MIT
 *
 * An OS for tests of ticks: its clocks stand where a test sets them, and what is asked of it is counted.
 *
 * Owns:     the clocks and the counts; every test is a process of its own.
 * Callers:  tick.c, tick_large.c, tick_pace.c: a test's main thread.
 * Promises: each reading of the clock of nanoseconds is one more than the one before, so that a budget is a number of
 *           steps; and more by what a purge or a release is said to take.
 * Does not: change what an operation does, but for a purge that is to be refused, or to wait.
 */
#ifndef CORRAL_TESTS_UNIT_TICKING_H
#define CORRAL_TESTS_UNIT_TICKING_H

#include <corral/configure.h>
#include <corral/upkeep.h>

#include "keep.h"
#include "os.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { ID = 3, OTHER = 4, BLOCKS = 6000, SIZE = 16000, SMALL = 200, LARGES = 40 };
#define KEPT_MOST ((uint64_t)CORRAL_RETIRE_KIB * BUILD_KIB)
#define SLAB      ((uint64_t)CORRAL_SLAB_KIB * BUILD_KIB)
#define STEP      (SLAB > 512 * BUILD_KIB ? SLAB : 512 * BUILD_KIB)
#define LARGE     (4 * BUILD_MIB)
#define WHOLE     UINT64_MAX

static struct corral_os table;
static uint64_t clock_ms = 5000;
static _Atomic uint64_t clock_ns;
static unsigned purges, releases;
static size_t most_purged, bytes_purged;
static uintptr_t arena_purged; /* the last purge's */
static unsigned arenas_begun;  /* purges that were in another arena than the one before */
static sem_t entered, go_on;
static _Atomic bool stops; /* the next purge waits for `go_on` */

static inline uint64_t milliseconds(void) {
    return clock_ms;
}

static inline uint64_t nanoseconds(void) {
    return atomic_fetch_add(&clock_ns, 1);
}

static bool refuses; /* to purge */
static uint64_t (*purge_takes)(size_t size), (*release_takes)(size_t size); /* nanoseconds; NULL: nothing */
static char *huge;   /* an arena of huge pages, of which nothing may be purged */
static size_t mapped;

static inline void *reserve(size_t size, size_t alignment) {
    void *start = corral_os_real.reserve(size, alignment);
    mapped += start == NULL ? 0 : size;
    return start;
}

static inline void *reserve_huge(size_t size, size_t alignment) {
    return huge = corral_os_real.reserve(size, alignment);
}

static inline bool purge(void *start, size_t size) {
    purges++;
    CHECK(huge == NULL || (char *)start < huge || (char *)start >= huge + 64 * SLAB, "a part of huge pages");
    if (refuses) {
        return false;
    }
    most_purged = size > most_purged ? size : most_purged;
    bytes_purged += size;
    arenas_begun += arena_purged != (uintptr_t)start / (64 * SLAB);
    arena_purged = (uintptr_t)start / (64 * SLAB);
    atomic_fetch_add(&clock_ns, purge_takes == NULL ? 0 : purge_takes(size));
    if (atomic_exchange(&stops, false)) {
        sem_post(&entered);
        sem_wait(&go_on);
    }
    return corral_os_real.purge(start, size);
}

static inline bool release(void *start, size_t size) {
    releases++;
    mapped -= size;
    atomic_fetch_add(&clock_ns, release_takes == NULL ? 0 : release_takes(size));
    return corral_os_real.release(start, size);
}

/* Where more may be kept than the tests use, nothing is ever beyond that. */
static inline void ticking_begin(void) {
    if (KEPT_MOST > BLOCKS * SIZE / 2 || CORRAL_LARGE_KEEP_KIB * BUILD_KIB > LARGES * LARGE / 2) {
        cr_skip_test("this build keeps all of it");
    }
    table = corral_os_real;
    table.milliseconds = milliseconds;
    table.nanoseconds = nanoseconds;
    table.purge = purge;
    table.release = release;
    table.reserve = reserve;
    table.reserve_huge = reserve_huge;
    corral_os = &table;
    guards_off();
}

static void *blocks[BLOCKS];

static inline void use_and_free(uint32_t id) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = corral_alloc(SIZE, id);
        CHECK(blocks[i] != NULL, "block %d", i);
    }
    for (int i = 0; i < BLOCKS; i++) {
        corral_free(blocks[i], id);
    }
}

static inline void use_and_free_large(void) {
    for (int i = 0; i < LARGES; i++) {
        blocks[i] = corral_alloc(LARGE, ID);
        CHECK(blocks[i] != NULL, "block %d", i);
    }
    for (int i = 0; i < LARGES; i++) {
        corral_free(blocks[i], ID);
    }
}

static inline unsigned calls(void) {
    return purges + releases;
}

static inline uint64_t kept(void) {
    return figures_of(ID).kept_bytes;
}

#endif
