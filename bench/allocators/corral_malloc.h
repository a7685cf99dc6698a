/* SPDX-License-Identifier: MIT
 *
 * corral in the place of malloc; with BENCH_SCOPE, in a scope.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. The scope is begun before main, and never left.
 * Does not: tell categories apart.
 */
#include <corral/scope.h>
#include <stdlib.h>

#define BENCH_ALLOCATOR "corral-malloc"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC

#ifdef BENCH_SCOPE
__attribute__((constructor)) static void bench_begin_scope(void) {
    corral_scope before = corral_scope_push(BENCH_SCOPE);
    (void)before;
}
#endif

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

static inline const char *bench_version(void) {
    return "";
}
