/* SPDX-License-Identifier: MIT
 *
 * jemalloc: the public doors of libcorral-jemalloc, and the hooks.
 *
 * Owns:     nothing.
 * Callers:  corral, through the hooks; the program.
 * Promises: as corral/jemalloc.h. Of a reservation, what jemalloc has behind the bytes that were asked for is
 *           zero, so that the reservation can grow into it.
 * Does not: use jemalloc's thread caches, or any arena that corral has not.
 */
#define _GNU_SOURCE
#include <corral/jemalloc.h>

#include "arena.h"

#include <jemalloc/jemalloc.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

static void *reserve(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)argument;
    unsigned arena;
    corral_jemalloc_arena_of(id, &arena);
    return mallocx(size, MALLOCX_ARENA(arena) | MALLOCX_ALIGN(alignment) | MALLOCX_TCACHE_NONE |
                             MALLOCX_ZERO);
}

static int release(void *start, size_t size, void *argument) {
    (void)size, (void)argument;
    dallocx(start, MALLOCX_TCACHE_NONE);
    return 1;
}

/* jemalloc has nothing to say of live memory: its mappings are private, so that the OS gives zeros. */
static int purge(void *start, size_t size, void *argument) {
    (void)argument;
    return madvise(start, size, MADV_DONTNEED) == 0;
}

static int resize(void *start, size_t old_size, size_t new_size, void *argument) {
    (void)argument;
    const int flags = MALLOCX_TCACHE_NONE | MALLOCX_ZERO;
    if (new_size > old_size) {
        return sallocx(start, 0) >= new_size || xallocx(start, new_size, 0, flags) >= new_size;
    }
    size_t left = xallocx(start, new_size, 0, flags);
    size_t most = left < old_size ? left : old_size;
    memset((char *)start + new_size, 0, most - new_size);
    return 1;
}

const corral_backend *corral_jemalloc_backend(void) {
    static const corral_backend hooks = {reserve, release, purge, resize, NULL};
    return &hooks;
}

static uint64_t figure(unsigned arena, const char *which) {
    char name[64];
    size_t value = 0, size = sizeof value;
    snprintf(name, sizeof name, "stats.arenas.%u.%s", arena, which);
    return mallctl(name, &value, &size, NULL, 0) == 0 ? value : 0;
}

corral_status corral_jemalloc_stats_of(uint64_t id, corral_jemalloc_stats *stats, size_t stats_size) {
    if (stats == NULL || stats_size == 0) {
        return CORRAL_EINVAL;
    }
    corral_jemalloc_stats ours = {0};
    unsigned arena;
    bool known = corral_jemalloc_arena_find(id, &arena);
    if (known) {
        uint64_t epoch = 1;
        mallctl("epoch", NULL, NULL, &epoch, sizeof epoch);
        ours.arena = arena;
        ours.allocated_bytes = figure(arena, "large.allocated") + figure(arena, "small.allocated");
        ours.resident_bytes = figure(arena, "resident");
    }
    memcpy(stats, &ours, stats_size < sizeof ours ? stats_size : sizeof ours);
    return known ? CORRAL_OK : CORRAL_EUNUSED;
}
