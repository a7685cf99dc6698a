/* SPDX-License-Identifier: MIT
 *
 * decay: purges what was kept long enough.
 *
 * Owns:     the places where the next step looks.
 * Callers:  refill, when it makes a slab; thread exit; slab, before it gives one back; trim, tick, reset. Any
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

/* Purges `most` bytes, or up to a slab more, of what is kept of a category beyond its reserve, but for slabs of arenas
 * in which others claim or give back some at that moment. Returns how many. Walks the category's arenas. Calls the OS. */
size_t corral_decay_category(uint32_t category, size_t most);

/* Purges up to `most` slabs of an arena, by its number, that are due: kept as long as they may be, or beyond what may
 * be kept. Returns how many. May call the OS. */
unsigned corral_decay_due(uint32_t number, uint32_t now, unsigned most);

CORRAL_FAST void decay_make_room(unsigned slabs) {
    if (unlikely(corral_retire_is_full(slabs)) && corral_keep_may_ever((size_t)slabs << SLAB_SHIFT) &&
        !corral_keep_is_ticked()) {
        corral_decay_make_room(slabs);
    }
}

#endif
