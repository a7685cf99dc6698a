/* SPDX-License-Identifier: MIT
 *
 * figures: what a category holds, and each of its size classes, summed over all caches.
 *
 * Owns:     nothing; each counter lies with its one writer.
 * Callers:  pool (the peak), stats. Any thread.
 * Promises: exact when nothing moves; never negative. Wait-free, in time proportional to caches
 *           times classes.
 * Does not: stop anyone: a sum that raced is near, not exact.
 */
#ifndef CORRAL_FIGURES_H
#define CORRAL_FIGURES_H

#include "cache.h"
#include "slab.h"

/* Law at rest: blocks and bytes are those that callers hold. */
struct figures {
    int64_t blocks, bytes;
    uint64_t sent, refills;
    uint64_t allocations, frees, requested;
    int64_t large_blocks, large_bytes;
};

/* Sums once over all caches. */
void corral_figures_sum(uint32_t category, struct figures *figures);
/* The live bytes, as the least of a few sums. */
uint64_t corral_figures_live(uint32_t category);
/* Sums until two sums agree, a bounded number of times. True when they did. */
bool corral_figures_read(uint32_t category, struct figures *figures);
/* Which pools of a category were used by any cache, of those of a word. */
uint64_t corral_figures_used(uint32_t category, unsigned word);
/* As corral_figures_read of one pool, all caches' together: nothing of it is large. At rest, all pools and
 * the category's large blocks are the category. */
bool corral_figures_read_pool(uint32_t pool, struct figures *figures);

/* Looks at the category's live bytes for its peak, if its slabs, or the bytes of its large blocks,
 * are a sixteenth more than they were when it last looked. */
void corral_figures_note_peak(uint32_t category);
/* Looks at the category's live bytes for its peak. */
void corral_figures_look(uint32_t category);

#endif
