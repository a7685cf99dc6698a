/* SPDX-License-Identifier: MIT
 *
 * corral, with allocations that say where they are asked for; with BENCH_ORIGINS where walks find them.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as corral.h beside it: what differs is what a record costs, and the option `origins`.
 * Does not: stand in any comparison that it is not named for.
 */
#include <corral/origin.h>

#define BENCH_ARGUMENT_HOOK

/* Takes no argument: sets the option, before the first allocation. */
void bench_take_arguments(int *argc, char **argv);

#define corral_alloc(size, id) CORRAL_ALLOC_HERE(size, id)
#include "corral.h"
#undef corral_alloc

#undef BENCH_ALLOCATOR
#define BENCH_ALLOCATOR (BENCH_ORIGINS ? "corral-origins" : "corral-here")
