/* SPDX-License-Identifier: MIT
 *
 * tcmalloc of gperftools.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. Its functions are called by their own names.
 * Does not: know categories.
 */
#include <gperftools/malloc_extension_c.h>
#include <gperftools/tcmalloc.h>

#define BENCH_ALLOCATOR "tcmalloc"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_TRIM 1

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return tc_malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    tc_free(block);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    (void)category;
    return tc_realloc(block, size);
}

static inline void bench_trim(void) {
    MallocExtension_ReleaseFreeMemory();
}

static inline const char *bench_version(void) {
    return tc_version(NULL, NULL, NULL);
}
