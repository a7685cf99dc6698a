/* SPDX-License-Identifier: MIT
 *
 * The threads of this process, as the kernel has them.
 *
 * Owns:     nothing.
 * Callers:  the tests of libcorral-background.
 * Promises: one that was joined is not counted, however long the kernel takes to forget it.
 * Does not: know threads by name.
 */
#ifndef CORRAL_TESTS_BACKGROUND_TASKS_H
#define CORRAL_TESTS_BACKGROUND_TASKS_H

#include <stdbool.h>

/* Are there so many? Waits a while until there are. */
bool tasks_become(unsigned count);
/* The number of one that is not the calling thread; 0: there is none. */
int tasks_other(void);

#endif
