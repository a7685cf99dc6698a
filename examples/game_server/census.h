/* SPDX-License-Identifier: MIT
 *
 * Compares what corral says it holds with what the libraries hold, block by block.
 *
 * Owns:     the last census: what each category held when it was taken.
 * Callers:  the main thread, while no other thread allocates or frees.
 * Promises: for every category, live blocks and bytes of corral's figures are exactly those of the
 *           blocks in the table; every block is of the category it was allocated in, and no two
 *           overlap. After a round nothing is left of any of them.
 * Does not: ask the system's allocator for figures it does not have: there, only the table of
 *           blocks and the numbers of calls are compared.
 */
#ifndef GAME_SERVER_CENSUS_H
#define GAME_SERVER_CENSUS_H

#include "category.h"

#include <corral/corral.h>

/* While all libraries are full of live blocks. */
void census_take(void);

/* After every library has been closed. */
void census_check_empty(void);

/* corral's figures of a category at the last census of a round on corral. */
const corral_stats *census_held(enum category category);

/* corral's figures of a category now. */
corral_stats census_figures(enum category category);

#endif
