/* SPDX-License-Identifier: MIT
 *
 * The system allocator of the C library.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. The compiler's knowledge of malloc is switched off by the build.
 * Does not: tune anything with mallopt.
 */
#include <gnu/libc-version.h>
#include <malloc.h>
#include <stdlib.h>

#define BENCH_ALLOCATOR "glibc"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_TRIM 1

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

static inline void bench_trim(void) {
    malloc_trim(0);
}

static inline const char *bench_version(void) {
    return gnu_get_libc_version();
}
