/* SPDX-License-Identifier: MIT
 *
 * decay: purges what was kept long enough.
 *
 * Owns:     the place where the next step looks.
 * Callers:  refill, when it makes a slab; thread exit. Any thread.
 * Promises: a step looks at a bounded number of arenas and purges a bounded number of them; of all
 *           threads one does a step, a few times in the decay time at most.
 * Does not: run by itself: in a process where nothing allocates, nothing decays. A thread that is
 *           stopped in the middle of a purge keeps one arena's empty slabs from everyone.
 */
#ifndef CORRAL_DECAY_H
#define CORRAL_DECAY_H

/* Does a step when one is due. May call the OS. */
void corral_decay_step(void);

#endif
