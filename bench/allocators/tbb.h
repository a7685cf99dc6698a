/* SPDX-License-Identifier: MIT
 *
 * The scalable allocator of oneAPI TBB.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. Its functions are called by their own names.
 * Does not: know categories.
 */
#include <tbb/scalable_allocator.h>

#define BENCH_ALLOCATOR "tbb"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_TRIM 1

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return scalable_malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    scalable_free(block);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    (void)category;
    return scalable_realloc(block, size);
}

static inline void bench_trim(void) {
    scalable_allocation_command(TBBMALLOC_CLEAN_ALL_BUFFERS, NULL);
}

static inline const char *bench_version(void) {
    return BENCH_TBB_VERSION;
}
