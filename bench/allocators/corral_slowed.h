/* SPDX-License-Identifier: MIT
 *
 * corral, slowed on purpose by a known amount.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. Each alloc takes a number of steps more, which the argument
 *           --steps says: an even number, 0 without it. They are fenced in, so that their time is
 *           added to that of the pair whatever the workload is. The fences cost time too: compare
 *           one number of steps with another.
 * Does not: stand in any comparison that it is not named for.
 */
#include "steps.h"

#include <corral/corral.h>

#define BENCH_ALLOCATOR "corral-slowed"
#define BENCH_LARGEST   SIZE_MAX
#define BENCH_ARGUMENT_HOOK

extern uint64_t bench_slowed_pairs;

/* Takes --steps NUMBER. Ends the program when the number is not an even one. */
void bench_take_arguments(int *argc, char **argv);

static inline void *bench_alloc(size_t size, uint32_t category) {
    void *block = corral_alloc(size, category);
    steps_fence();
    block = (void *)(uintptr_t)steps_take((uintptr_t)block, bench_slowed_pairs);
    steps_fence();
    return block;
}

static inline void bench_free(void *block, uint32_t category) {
    corral_free(block, category);
}

static inline const char *bench_version(void) {
    return "-";
}
