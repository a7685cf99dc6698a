/* SPDX-License-Identifier: MIT
 *
 * corral/upkeep.h: when memory goes back, and when it is there before it is asked for.
 *
 * Owns:     the public interface of trims, ticks and prewarming, and no state.
 * Callers:  any thread, at any time; ticks, once a frame from each thread that has frames.
 * Promises: a program that ticks, and whose needs are warm, has no system call in an allocation or a free.
 * Does not: start a thread. Take what threads hold that do nothing: see corral_trim.
 *
 * Memory that blocks leave is kept for the next ones: of free slabs as much as corral_category_options and the build
 * say (-Dretire_kib), for as long (-Ddecay_ms); of freed large blocks, -Dlarge_keep_kib. What is beyond goes back to
 * where it came from (corral/backend.h):
 *
 *   without ticks   by the free that passes the bound, and by a refill that takes a new slab, a few arenas at a time
 *   with ticks      by a tick alone; so more is kept until the next one has time for it, but for freed large blocks
 *                   beyond 256 MiB or so, of which a purged one counts 64 KiB. When none has come for a second,
 *                   alloc and free do it again
 */
#ifndef CORRAL_UPKEEP_H
#define CORRAL_UPKEEP_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gives memory of a category back until at most so much of it is kept free.
 *
 * memory_type_id  any id; one that nothing was allocated with has nothing to give.
 * target          bytes of free slabs that may stay kept, beside the category's reserve. With 0, freed large blocks
 *                 and empty arenas go too, the former of all categories.
 * Returns how many bytes of kept slabs went back.
 *
 * What it reaches: what the calling thread has at hand of the category, and its slabs; what ended threads left; slabs
 * that nobody has; what is kept. Other threads send home what they have at hand when they next need blocks of the
 * category, or tick; what one holds that does nothing stays: front lists of up to -Dfront_budget_kib, queued slabs of
 * up to -Dqueue_budget_kib, the slabs that it hands out from, and one large block.
 * Thread role: any. Progress: lock-free but for the backend. Takes time for each arena of the category and each cache
 * (corral_stats). Calls the OS: yes. errno is kept. */
CORRAL_API uint64_t corral_trim(uint32_t memory_type_id, uint64_t target);

/* The same of all categories, `target` being for each of them. The calling thread gives its cache up, as
 * corral_thread_detach does. */
CORRAL_API uint64_t corral_trim_all(uint64_t target);

/* Does what is due, as far as the time goes: first for the calling thread (what others asked it to send home; one
 * size class that it has not used lately), then for all (memory that was kept for as long as it may be, or beyond what
 * may be kept). Of several threads that tick at once, one does the latter.
 *
 * budget_ns  time to spend, in nanoseconds. A step is begun when the last ones of its kind took so long that it will end
 *            in time; the first one of a tick, when there is time at all. So a tick ends late by what a step takes longer
 *            than usual, or by one step that the budget has no room for. Steps: up to 512 KiB of slabs, or of a large
 *            block, purged, or one slab that is larger; a large block unmapped (all of one that the backend cannot
 *            purge); an arena's end; what the thread has of one category sent home. 0 makes no step, but is a tick.
 * Returns bytes that are known to be due and were not got to: 0 when nothing is left to do.
 * Thread role: any; a thread that is stopped for ever within a tick leaves the others the first part, and to alloc and
 * free, after a second, the rest, but for the large blocks that waited when its tick began. Progress: wait-free but for
 * the backend. Calls the OS: yes. errno is kept. */
CORRAL_API uint64_t corral_tick(uint64_t budget_ns);

/* Makes memory ready for blocks: they come from slabs whose pages were touched, and the calling thread's tables for
 * the category are there. No block is allocated, so budgets, faults on purpose and figures of live blocks do not see
 * it, but for a large one, which is live while it is touched. What is made ready is kept like other free memory: it goes back when more is kept than may be, or for longer; a
 * reserve (corral/configure.h) of the size keeps it.
 *
 * memory_type_id  any id.
 * size            bytes of a block.
 * count           blocks for which memory is to be kept free, that which is so already included; of large ones
 *                 (above the build's largest class), besides. 0: the calling thread's tables alone.
 * Returns for how many blocks memory is ready: fewer than `count`, with errno ENOMEM, when memory is exhausted or no
 * more may be kept. What is kept in more than sixteen arenas besides the one that served last may not be found, and counts
 * as kept all the same: then it is fewer than there are.
 * Thread role: any, for itself and all others. Progress: lock-free but for the OS. Calls the OS: yes. */
CORRAL_API size_t corral_prewarm(uint32_t memory_type_id, size_t size, size_t count);

#ifdef __cplusplus
}
#endif

#endif
