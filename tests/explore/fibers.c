/* SPDX-License-Identifier: MIT
 *
 * fibers: see fibers.h.
 *
 * Owns:     as fibers.h.
 * Callers:  through fibers.h.
 * Promises: as fibers.h.
 * Does not: use threads.
 */
#include "fibers.h"

#include <string.h>
#include <ucontext.h>

#define STACK_BYTES      (256u * 1024)
#define MAIN_STACK_BYTES (1024u * 1024) /* more than fiber 0 uses */
/* Below the frame of who leaves: its own locals, and what the ABI lets it use below its stack. */
#define FRAME_BYTES 1024u

struct fiber fibers[FIBERS];

static char stacks[FIBERS][STACK_BYTES] __attribute__((aligned(64)));
static ucontext_t starts[FIBERS]; /* the same in each schedule */
static ucontext_t unused;

static char *stack_end(unsigned fiber) {
    return stacks[fiber] + STACK_BYTES;
}

bool fibers_is_stack(uintptr_t address) {
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    return address - (uintptr_t)stacks < sizeof stacks ||
           (engine_fiber == 0 && address - frame < MAIN_STACK_BYTES);
}

void fibers_begin(unsigned fiber, struct corral_thread_state thread, void (*function)(void)) {
    fibers[fiber] = (struct fiber){.thread = thread, .low = stack_end(fiber) - FRAME_BYTES};
    getcontext(&starts[fiber]);
    starts[fiber].uc_stack.ss_sp = stacks[fiber];
    starts[fiber].uc_stack.ss_size = STACK_BYTES;
    starts[fiber].uc_link = NULL;
    makecontext(&starts[fiber], function, 0);
}

void fibers_leave_to(unsigned next) {
    struct fiber *from = &fibers[engine_fiber];
    struct fiber *to = &fibers[next];
    from->thread = corral_thread;
    from->budget = corral_budget_mine;
    from->low = (char *)__builtin_frame_address(0) - FRAME_BYTES;
    if (setjmp(from->context) != 0) {
        return;
    }
    engine_fiber = next;
    corral_thread = to->thread;
    corral_budget_mine = to->budget;
    if (to->started) {
        longjmp(to->context, 1);
    }
    to->started = true;
    swapcontext(&unused, &starts[next]);
}

size_t fibers_image_size(char *low) {
    fibers[engine_fiber].low = low - FRAME_BYTES;
    size_t size = 0;
    for (unsigned i = 1; i < FIBERS; i++) {
        size += (size_t)(stack_end(i) - fibers[i].low);
    }
    return size;
}

size_t fibers_save(struct fibers_image *image, char *bytes) {
    char *to = bytes;
    fibers[engine_fiber].thread = corral_thread;
    fibers[engine_fiber].budget = corral_budget_mine;
    memcpy(image->fibers, fibers, sizeof fibers);
    for (unsigned i = 1; i < FIBERS; i++) {
        /* One that ended is of no use, unless it chooses who is next. */
        bool used = !fibers[i].ended || i == engine_fiber;
        image->sizes[i] = used ? (size_t)(stack_end(i) - fibers[i].low) : 0;
        memcpy(to, stack_end(i) - image->sizes[i], image->sizes[i]);
        to += image->sizes[i];
    }
    return (size_t)(to - bytes);
}

void fibers_restore(const struct fibers_image *image, const char *bytes) {
    memcpy(fibers, image->fibers, sizeof fibers);
    for (unsigned i = 1; i < FIBERS; i++) {
        memcpy(stack_end(i) - image->sizes[i], bytes, image->sizes[i]);
        bytes += image->sizes[i];
    }
}
