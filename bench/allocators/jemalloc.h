/* SPDX-License-Identifier: MIT
 *
 * jemalloc, its malloc and free.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. It is linked in their place, as its documentation shows.
 * Does not: know categories.
 */
#include <jemalloc/jemalloc.h>

#define BENCH_ALLOCATOR "jemalloc"
#define BENCH_LARGEST   SIZE_MAX

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    free(block);
}

static inline const char *bench_version(void) {
    return JEMALLOC_VERSION;
}
