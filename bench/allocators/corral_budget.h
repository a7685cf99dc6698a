/* SPDX-License-Identifier: MIT
 *
 * corral, with a hard budget for each category that nothing gets near; with BENCH_EXACT in the exact mode.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as corral.h beside it: what differs is what a budget costs.
 * Does not: stand in any comparison that it is not named for.
 */
#define BENCH_ARGUMENT_HOOK

/* Takes no argument: sets the budgets, before the first allocation. */
void bench_take_arguments(int *argc, char **argv);

#include "corral.h"

#undef BENCH_ALLOCATOR
#define BENCH_ALLOCATOR (BENCH_EXACT ? "corral-exact" : "corral-budget")
