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
#define BENCH_REALLOC
#define BENCH_TRIM 1

/* The name of the control is made of the number that stands for all arenas. */
#define BENCH_TEXT_(value) #value
#define BENCH_TEXT(value)  BENCH_TEXT_(value)
#define BENCH_PURGE_ALL    "arena." BENCH_TEXT(MALLCTL_ARENAS_ALL) ".purge"

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    free(block);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    (void)category;
    return realloc(block, size);
}

/* All arenas give back what they keep; threads' caches keep what they have. */
static inline void bench_trim(void) {
    mallctl(BENCH_PURGE_ALL, NULL, NULL, NULL, 0);
}

static inline const char *bench_version(void) {
    return JEMALLOC_VERSION;
}
