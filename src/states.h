/* SPDX-License-Identifier: MIT
 *
 * states: where a category's slabs are, and how much memory may stand behind its addresses.
 *
 * Owns:     nothing.
 * Callers:  stats. Any thread.
 * Promises: exact when nothing moves. Wait-free, in time proportional to the arenas that the category ever had at once,
 *           times the slabs of one.
 * Does not: touch an arena, whose header may be gone at any time for who holds no slab of it: it reads the static
 *           tables of registry and shelf. Who owns a slab stands in the header, so slabs that are some cache's and those
 *           that are FULL are counted together.
 *
 *   slab:  free, purged ──► claimed: a cache's, or FULL ──► free, kept ──► free, purged
 *                                    ⇅
 *                           claimed: on its shelf
 */
#ifndef CORRAL_STATES_H
#define CORRAL_STATES_H

#include "registry.h"

/* Law at rest: held + shelved = the category's slabs; headers = its arenas times HEADER_SLABS. */
struct states {
    uint64_t held;    /* claimed, and not on a shelf: a cache's, or FULL, or on its way from one to the other */
    uint64_t shelved; /* claimed, on a shelf: free blocks and no owner */
    uint64_t kept;    /* free, and their memory may be resident */
    uint64_t headers; /* those that arenas' headers take */
};

void corral_states_count(uint32_t category, struct states *states);

#endif
