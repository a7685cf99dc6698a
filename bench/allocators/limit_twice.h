/* SPDX-License-Identifier: MIT
 *
 * The limit, made twice as slow: every alloc and free is done twice.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h, for 1 category.
 * Promises: as allocator.h says. A report that tells the truth says about 2 of a/pair, where each
 *           call waits for the last; more where the limit's own calls overlap each other.
 * Does not: stand in any comparison that it is not named for.
 */
#include "limit.h"

#define BENCH_LARGEST         LIMIT_LARGEST
#define BENCH_MOST_CATEGORIES LIMIT_CATEGORIES

void *limit_called_alloc(size_t size, uint32_t category);
void limit_called_free(void *block, uint32_t category);

static inline void *bench_alloc(size_t size, uint32_t category) {
    limit_called_free(limit_called_alloc(size, category), category);
    return limit_called_alloc(size, category);
}

static inline void bench_free(void *block, uint32_t category) {
    limit_called_free(block, category);
}

static inline const char *bench_version(void) {
    return "-";
}
