/* SPDX-License-Identifier: MIT
 *
 * corral, called.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. Each call is a call of the library's public function.
 * Does not: use anything that is not in corral's public header.
 */
#include <corral/corral.h>
#include <corral/upkeep.h>

#include <stdio.h>

#define BENCH_ALLOCATOR "corral"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_REALLOC
#define BENCH_IDS
#define BENCH_TRIM      1

static inline void *bench_alloc(size_t size, uint32_t category) {
    return corral_alloc(size, category);
}

static inline void bench_free(void *block, uint32_t category) {
    corral_free(block, category);
}

static inline void *bench_realloc(void *block, size_t old, size_t size, uint32_t category) {
    (void)old;
    return corral_realloc(block, size, category);
}

static inline void *bench_alloc_id(size_t size, uint32_t id, uint32_t category) {
    (void)category;
    return corral_alloc(size, id);
}

static inline void bench_free_id(void *block, uint32_t id, uint32_t category) {
    (void)category;
    corral_free(block, id);
}

static inline void bench_trim(void) {
    corral_trim_all(0);
}

static inline const char *bench_version(void) {
    static char text[16];
    uint32_t version = corral_version();
    snprintf(text, sizeof text, "%u.%u.%u", version / 10000 % 100, version / 100 % 100,
             version % 100);
    return text;
}
