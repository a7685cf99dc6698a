/* SPDX-License-Identifier: MIT
 *
 * The arenas and caches of jemalloc.
 *
 * Owns:     one arena for each category, for the life of the program, and one cache for each
 *           category and thread, for the part of the thread in a run.
 * Callers:  the workloads, through allocators/jemalloc_arenas.h.
 * Promises: a category's blocks come from its own arena, whichever thread asks.
 * Does not: tune the arenas.
 */
#include "allocator.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

_Thread_local int bench_flags[BENCH_CATEGORIES];

static _Thread_local unsigned caches[BENCH_CATEGORIES];
static _Thread_local uint32_t cache_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned arenas[BENCH_CATEGORIES]; /* under lock until made, then constant */
static uint32_t arena_count;              /* under lock */

static unsigned create(const char *what) {
    unsigned made = 0;
    size_t size = sizeof made;
    if (mallctl(what, &made, &size, NULL, 0) != 0) {
        fprintf(stderr, "jemalloc refuses %s\n", what);
        abort();
    }
    return made;
}

static void create_arenas(uint32_t categories) {
    pthread_mutex_lock(&lock);
    while (arena_count < categories) {
        arenas[arena_count] = create("arenas.create");
        arena_count++;
    }
    pthread_mutex_unlock(&lock);
}

void bench_thread_begin(uint32_t categories) {
    create_arenas(categories);
    cache_count = categories;
    for (uint32_t i = 0; i < categories; i++) {
        caches[i] = create("tcache.create");
        bench_flags[i] = (int)(MALLOCX_ARENA(arenas[i]) | MALLOCX_TCACHE(caches[i]));
    }
}

void bench_thread_end(void) {
    for (uint32_t i = 0; i < cache_count; i++) {
        mallctl("tcache.destroy", NULL, NULL, &caches[i], sizeof caches[i]);
    }
}
