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
static unsigned arenas[BENCH_CATEGORIES];
static pthread_once_t arenas_once = PTHREAD_ONCE_INIT;

static unsigned create(const char *what) {
    unsigned made = 0;
    size_t size = sizeof made;
    if (mallctl(what, &made, &size, NULL, 0) != 0) {
        fprintf(stderr, "jemalloc refuses %s\n", what);
        abort();
    }
    return made;
}

static void create_arenas(void) {
    for (int i = 0; i < BENCH_CATEGORIES; i++) {
        arenas[i] = create("arenas.create");
    }
}

void bench_thread_begin(void) {
    pthread_once(&arenas_once, create_arenas);
    for (int i = 0; i < BENCH_CATEGORIES; i++) {
        caches[i] = create("tcache.create");
        bench_flags[i] = (int)(MALLOCX_ARENA(arenas[i]) | MALLOCX_TCACHE(caches[i]));
    }
}

void bench_thread_end(void) {
    for (int i = 0; i < BENCH_CATEGORIES; i++) {
        mallctl("tcache.destroy", NULL, NULL, &caches[i], sizeof caches[i]);
    }
}
