/* SPDX-License-Identifier: MIT
 *
 * decay: purges what was kept long enough.
 *
 * Owns:     the places where the next step looks.
 * Callers:  refill, when it makes a slab; thread exit; slab, before it gives one back; malloc_trim. Any
 *           thread.
 * Promises: a step looks at a bounded number of arenas and purges a bounded number of them; of all
 *           threads one does a step, a few times in the decay time at most.
 * Does not: run by itself: in a process where nothing allocates, nothing decays. A thread that is
 *           stopped in the middle of a purge keeps one arena's empty slabs from everyone.
 */
#ifndef CORRAL_DECAY_H
#define CORRAL_DECAY_H

#include "retire.h"

/* Does a step when one is due. May call the OS. */
void corral_decay_step(void);

/* Before so many slabs are given back: where as much is kept as may be, purges as many that were not
 * given back lately, so that these are kept in their place; fewer when a few arenas have no such. May
 * call the OS. */
void corral_decay_make_room(unsigned slabs);

/* Purges what is kept, but for slabs of arenas in which others claim or give back some at that moment. False
 * when there was none. Walks all arenas. Calls the OS. */
bool corral_decay_all(void);

/* The same for the arenas of a category. */
void corral_decay_category(uint32_t category);

CORRAL_FAST void decay_make_room(unsigned slabs) {
    if (((size_t)slabs << SLAB_SHIFT) <= RETIRE_BYTES && unlikely(corral_retire_is_full(slabs))) {
        corral_decay_make_room(slabs);
    }
}

#endif
