/* SPDX-License-Identifier: MIT
 *
 * jemalloc with an arena for each category, and for each thread a cache for each arena.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. This is the documented way to keep arenas apart and fast.
 * Does not: share a cache between arenas: a cached block would change its category.
 */
#include <jemalloc/jemalloc.h>

#define BENCH_ALLOCATOR "jemalloc-arenas"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_TRIM 1
#define BENCH_THREAD_HOOKS

/* The name of the control is made of the number that stands for all arenas. */
#define BENCH_TEXT_(value) #value
#define BENCH_TEXT(value)  BENCH_TEXT_(value)
#define BENCH_PURGE_ALL    "arena." BENCH_TEXT(MALLCTL_ARENAS_ALL) ".purge"

/* The flags of mallocx and dallocx that name a category's arena and the thread's cache for it. */
extern _Thread_local int bench_flags[BENCH_CATEGORIES];

void bench_thread_begin(uint32_t categories);
void bench_thread_end(void);

static inline void *bench_alloc(size_t size, uint32_t category) {
    return mallocx(size, bench_flags[category]);
}

static inline void bench_free(void *block, uint32_t category) {
    dallocx(block, bench_flags[category]);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    return rallocx(block, size, bench_flags[category]);
}

/* All arenas give back what they keep; threads' caches keep what they have. */
static inline void bench_trim(void) {
    mallctl(BENCH_PURGE_ALL, NULL, NULL, NULL, 0);
}

static inline const char *bench_version(void) {
    return JEMALLOC_VERSION;
}
