/* SPDX-License-Identifier: MIT
 *
 * check: assertions in three levels.
 *
 * Owns:     what an invariant that does not hold leads to.
 * Callers:  every room above. Any thread.
 * Promises: a switched-off form still compiles its expression, and costs nothing.
 * Does not: judge callers: their faults go to misuse.h, whatever the level.
 *
 *   level 0  (always on is misuse.h)
 *   level 1  check_debug: cheap invariants
 *   level 2  check_slow: the structures' _valid functions
 */
#ifndef CORRAL_CHECK_H
#define CORRAL_CHECK_H

#include "base.h"
#include "options.h"

_Noreturn void corral_check_failed(const char *expression, const char *file, int line);

#define check_at_level(level, expression)                                                          \
    do {                                                                                           \
        if (CORRAL_CHECK_LEVEL >= (level) && unlikely(!(expression))) {                            \
            corral_check_failed(#expression, __FILE__, __LINE__);                                  \
        }                                                                                          \
    } while (0)

#define check_debug(expression) check_at_level(1, expression)
#define check_slow(expression)  check_at_level(2, expression)

#endif
