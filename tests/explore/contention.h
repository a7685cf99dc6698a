/* SPDX-License-Identifier: MIT
 *
 * contention: at which operations it matters which fiber goes on.
 *
 * Owns:     the objects that were found to be contended since the set-up.
 * Callers:  schedule; order and memory through engine.h.
 * Promises: an object that two fibers use, one of them to write, with nothing that orders the two, is
 *           contended from then on.
 * Does not: find out by itself: memory sees the accesses.
 */
#ifndef CORRAL_EXPLORE_CONTENTION_H
#define CORRAL_EXPLORE_CONTENTION_H

#include "engine.h"

void contention_clear(void);
bool contention_is_at(struct explore_site *site, const volatile void *object);
/* Was an object newly found to be contended since this was called last? */
bool contention_learned(void);

#endif
