/* SPDX-License-Identifier: MIT
 *
 * The tables of backend.h.
 *
 * Owns:     constants.
 * Callers:  memory.c.
 * Promises: the system's calls go to system_malloc and its like, past the demo's own count of
 *           malloc calls, so that the count does not slow the system's allocator down.
 * Does not: check anything.
 */
#define _GNU_SOURCE
#include "backend.h"

#include "interpose.h"

#include <corral/corral.h>
#include <corral/party.h>

#include <malloc.h>

static void *system_alloc(size_t size, uint32_t id) {
    (void)id;
    return system_malloc(size);
}

static void *system_zeroed(size_t count, size_t size, uint32_t id) {
    (void)id;
    return system_calloc(count, size);
}

static void *system_resize(void *block, size_t size, uint32_t id) {
    (void)id;
    return system_realloc(block, size);
}

static void system_release(void *block, uint32_t id) {
    (void)id;
    system_free(block);
}

/* glibc wants the block without const, though it only reads. */
static size_t system_usable(const void *block) {
    return malloc_usable_size((void *)(uintptr_t)block);
}

const struct backend backends[BACKENDS] = {
    [BACKEND_CORRAL] =
        {
            .alloc = corral_alloc,
            .zeroed = corral_calloc,
            .resize = corral_realloc,
            .release = corral_free,
            .usable = corral_usable_size,
            .party_allocate = corral_party_allocate,
            .party_free = corral_party_free,
        },
    [BACKEND_SYSTEM] =
        {
            .alloc = system_alloc,
            .zeroed = system_zeroed,
            .resize = system_resize,
            .release = system_release,
            .usable = system_usable,
            .party_allocate = system_alloc,
            .party_free = system_release,
        },
};
