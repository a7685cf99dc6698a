/* SPDX-License-Identifier: MIT
 *
 * mimalloc, the calling thread's default heap.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. mi_malloc and mi_free are what its documentation shows first.
 * Does not: know categories.
 */
#include <mimalloc.h>
#include <stdio.h>

#define BENCH_ALLOCATOR "mimalloc"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_TRIM 1

static inline void *bench_alloc(size_t size, uint32_t category) {
    (void)category;
    return mi_malloc(size);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    mi_free(block);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    (void)category;
    return mi_realloc(block, size);
}

static inline void bench_trim(void) {
    mi_collect(true);
}

static inline const char *bench_version(void) {
    static char text[16];
    int version = mi_version();
    snprintf(text, sizeof text, "%d.%d.%d", version / 100, version / 10 % 10, version % 10);
    return text;
}
