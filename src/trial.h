/* SPDX-License-Identifier: MIT
 *
 * trial: an allocation that did not succeed, or is not to.
 *
 * Owns:     what is done before an allocation fails, and its errno and count.
 * Callers:  slow, block, configure, malloc. The calling thread, which holds nothing of corral's.
 * Promises: NULL is answered only after what threads have at hand was called for, and the callback of the budget
 *           that refused was run; or after what is kept was given back to the OS.
 * Does not: allocate.
 *
 *   a budget refused it ...... what the thread has at hand goes home, and others are asked for theirs; then
 *                              the callback decides, each time anew
 *   there was no memory ...... what is kept is given back, once
 */
#ifndef CORRAL_TRIAL_H
#define CORRAL_TRIAL_H

#include "budget.h"
#include "control.h"

/* What was done for an allocation. */
struct trial {
    uint32_t category;
    size_t size;
    uint32_t attempt; /* times that a budget refused it */
    bool released;    /* what is kept was given back */
};

/* Is another try worth while? When it is not, the allocation has failed, with ENOMEM. May call the OS. */
bool corral_trial_goes_on(struct trial *trial);
/* Does the thread's next allocation in a category that FAILS fail on purpose? Then it has. */
bool corral_trial_fails(uint32_t category);
/* Gives what is kept for later allocations back to the OS: what the calling thread has at hand, its large block, freed
 * large blocks but for those that have memory behind live ones, what lay between guard pages, and empty arenas. False when
 * that was nothing. */
bool corral_release_kept(void);
/* Sends home what the calling thread has at hand of a category, its own large block of any with it, and asks
 * other threads to do so when they next need blocks of it. */
void corral_recall(uint32_t category);

CORRAL_FAST bool trial_fails(uint32_t category) {
    return unlikely((control_flags(category) & CONTROL_FAILS) != 0) && corral_trial_fails(category);
}

#endif
