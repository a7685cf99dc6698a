/* SPDX-License-Identifier: MIT
 *
 * corral, inlined into the workload.
 *
 * Owns:     the allocator's side of allocator.h.
 * Callers:  allocator.h.
 * Promises: as allocator.h says. What the compiler can fold at the call, it folds; what a thread's
 *           front lists do not serve is a call of the library.
 * Does not: differ from corral.h in anything else.
 */
#define CORRAL_INLINE_CALLS
#include <corral/inline.h>

#include "corral.h"

#undef BENCH_ALLOCATOR
#define BENCH_ALLOCATOR "corral-inline"
