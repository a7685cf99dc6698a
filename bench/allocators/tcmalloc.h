/* SPDX-License-Identifier: MIT
 *
 * tcmalloc of gperftools.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. Its functions are called by their own names.
 * Does not: know categories.
 */
#include <gperftools/tcmalloc.h>

#define BENCH_ALLOCATOR "tcmalloc"
#define BENCH_LARGEST   SIZE_MAX

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return tc_malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    tc_free(block);
}

static inline const char *bench_version(void) {
    return tc_version(NULL, NULL, NULL);
}
