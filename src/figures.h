/* SPDX-License-Identifier: MIT
 *
 * figures: what a category holds, summed over all caches.
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

/* Law at rest: blocks and bytes are those that callers hold. */
struct figures {
    int64_t blocks, bytes;
    uint64_t sent, refills;
    uint64_t allocations, frees;
    int64_t large_blocks, large_bytes;
};

/* Sums once over all caches. */
void corral_figures_sum(uint32_t category, struct figures *figures);
/* The live bytes, as the least of a few sums. */
uint64_t corral_figures_live(uint32_t category);
/* Sums until two sums agree, a bounded number of times. True when they did. */
bool corral_figures_read(uint32_t category, struct figures *figures);
/* Looks at the category's live bytes for its peak, if its slabs, or the bytes of its large blocks,
 * are a sixteenth more than they were when it last looked. */
void corral_figures_note_peak(uint32_t category);
/* Looks at the category's live bytes for its peak. */
void corral_figures_look(uint32_t category);

#endif
