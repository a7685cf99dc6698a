/* SPDX-License-Identifier: MIT
 *
 * states: which states a search has met.
 *
 * Owns:     a set of sums, each with the fewest preemptions that led to it.
 * Callers:  schedule; main.
 * Promises: a state that is not entered was entered before. Two of n states share a sum with a
 *           probability of n * n / 2^57: of ten million states, one is left out once in a thousand.
 * Does not: know what a state is.
 */
#ifndef CORRAL_EXPLORE_STATES_H
#define CORRAL_EXPLORE_STATES_H

#include <stdbool.h>
#include <stdint.h>

/* Forgets all states. */
void states_clear(void);
/* Enters a state that `preemptions` led to. False when as few led to it before. */
bool states_enter(uint64_t state, unsigned preemptions);
uint64_t states_count(void);

#endif
