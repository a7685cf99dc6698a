/* SPDX-License-Identifier: MIT
 *
 * The limit, inlined into the workload.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h, for 1, 16 and 64 categories.
 * Promises: as allocator.h says. What the compiler can fold at the call, it folds.
 * Does not: serve large blocks.
 */
#include "limit.h"

#define BENCH_LARGEST         LIMIT_LARGEST
#define BENCH_MOST_CATEGORIES LIMIT_CATEGORIES

static inline void *bench_alloc(size_t size, uint32_t category) {
    return limit_alloc(size, category);
}

static inline void bench_free(void *block, uint32_t category) {
    (void)category;
    limit_free(block);
}

static inline const char *bench_version(void) {
    return "-";
}
