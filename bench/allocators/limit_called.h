/* SPDX-License-Identifier: MIT
 *
 * The limit behind two function calls, as a library would be.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h, for 1, 16 and 64 categories.
 * Promises: as allocator.h says. The functions have the shape of corral's.
 * Does not: serve large blocks.
 */
#include "limit.h"

#define BENCH_LARGEST         LIMIT_LARGEST
#define BENCH_MOST_CATEGORIES LIMIT_CATEGORIES

void *limit_called_alloc(size_t size, uint32_t category);
void limit_called_free(void *block, uint32_t category);

static inline void *bench_alloc(size_t size, uint32_t category) {
    return limit_called_alloc(size, category);
}

static inline void bench_free(void *block, uint32_t category) {
    limit_called_free(block, category);
}

static inline const char *bench_version(void) {
    return "-";
}
