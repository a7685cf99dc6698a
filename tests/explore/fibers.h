/* SPDX-License-Identifier: MIT
 *
 * fibers: a scenario's threads, on stacks of their own, one of which runs at a time.
 *
 * Owns:     the stacks, and what each fiber has while others run.
 * Callers:  schedule; snapshot.
 * Promises: a fiber goes on where it left; all of them go on where they were when an image was made.
 * Does not: choose which fiber runs. Fiber 0 is the explorer's own stack, and is in no image.
 */
#ifndef CORRAL_EXPLORE_FIBERS_H
#define CORRAL_EXPLORE_FIBERS_H

#include "budget.h"
#include "engine.h"
#include "thread.h"

#include <setjmp.h>

struct fiber {
    jmp_buf context;
    struct corral_thread_state thread; /* corral's thread-local state, while others run */
    struct budget_mine budget;         /* likewise; nothing for one that begins */
    char *low;            /* below what is in use of its stack, while others run */
    uint64_t steps;
    bool started, ended, stopped;
};

extern struct fiber fibers[FIBERS];

bool fibers_is_stack(uintptr_t address);
/* Makes a fiber that runs `function` when it is first left to. */
void fibers_begin(unsigned fiber, struct corral_thread_state thread, void (*function)(void));
/* The running fiber waits, and `next` runs. */
void fibers_leave_to(unsigned next);

/* All fibers but 0. The bytes are in a buffer of the caller's. */
struct fibers_image {
    struct fiber fibers[FIBERS];
    size_t sizes[FIBERS];
};
/* The most bytes that an image needs now, the running fiber's stack being in use from `low` on. */
size_t fibers_image_size(char *low);
/* Returns the bytes written. */
size_t fibers_save(struct fibers_image *image, char *bytes);
void fibers_restore(const struct fibers_image *image, const char *bytes);

#endif
