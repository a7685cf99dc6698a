/* SPDX-License-Identifier: MIT
 *
 * corral in the place of malloc; with BENCH_SCOPE, in a scope.
 *
 * Owns:     nothing: the calls are those of the C library's allocator, and whose they are is the linker's
 *           choice.
 * Callers:  allocator.h, in programs that are linked to libcorral-malloc.
 * Promises: as allocator.h says. The scope is begun before main, and never left.
 * Does not: say its own name and version; no row is made of it.
 */
#include "glibc.h"

#include <corral/scope.h>

#ifdef BENCH_SCOPE
__attribute__((constructor)) static void bench_begin_scope(void) {
    corral_scope before = corral_scope_push(BENCH_SCOPE);
    (void)before;
}
#endif
