/* SPDX-License-Identifier: MIT
 *
 * What the child of a fork cannot use any more, beside what its parent's other threads held.
 *
 * Owns:     nothing.
 * Callers:  a child that has one thread, which has freed all blocks that it knows of and has no cache.
 * Promises: reads slabs and caches as the fork left them.
 * Does not: run under ThreadSanitizer, for which the parent's threads are still at it.
 */
#ifndef CORRAL_TESTS_STRESS_LOSS_H
#define CORRAL_TESTS_STRESS_LOSS_H

#include <stddef.h>

struct loss {
    size_t lost;  /* bytes of blocks that no refill of the child can reach */
    size_t held;  /* bytes of slabs and blocks in the caches of the threads that are gone; and with
                     those blocks, others of their slabs that do not suffice to wake these */
    size_t slack; /* bytes that each thread may have had in its hands besides: two units */
};

/* largest: the largest block that is not a large one. */
struct loss loss_measure(size_t largest);

#endif
