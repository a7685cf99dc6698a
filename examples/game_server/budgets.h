/* SPDX-License-Identifier: MIT
 *
 * Names and budgets of the categories, and what is left of them.
 *
 * Owns:     how often a soft budget was passed.
 * Callers:  the main thread, before the first round and after the last; corral, on any thread.
 * Promises: each category has the name of the table. The storage of sqlite has a soft budget, which each round on
 *           corral passes; all categories together have a hard one that none of the libraries gets near. A
 *           category of the game's own is filled up to its hard budget, to the block, and of each of its blocks a walk
 *           tells where it was asked for.
 * Does not: refuse a library anything.
 */
#ifndef GAME_SERVER_BUDGETS_H
#define GAME_SERVER_BUDGETS_H

/* Sets names and budgets. */
void budgets_set(void);

/* Checks that each of the rounds on corral passed the soft budget, that nothing was refused, and what a hard
 * budget refuses; and says so. */
void budgets_check(unsigned rounds);

/* Prints the leak report, and checks that it is empty. */
void budgets_report_leaks(void);

#endif
