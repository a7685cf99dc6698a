/* SPDX-License-Identifier: MIT
 *
 * budget: how much of a category, and of all together, may be taken from slabs and the backend.
 *
 * Owns:     the counters of control.h that begin with charged; what the calling thread was refused.
 * Callers:  pool and slow, when blocks were taken. Any thread.
 * Promises: of a hard budget H, callers and caches never hold more than H bytes. Wait-free: a charge is one
 *           atomic operation, or that and one look at all caches.
 * Does not: count what is freed: who looks finds it in the pools' own counters.
 *
 *   charged   all bytes that were ever taken, those included whose taking was refused and undone
 *   T         a sum over all caches: blocks taken less blocks sent home, in bytes, and the large blocks
 *   spare     charged − T, as somebody saw it: what came home by then, less what was never charged since the
 *             category had no budget yet. It only grows, so an old one is too little, and is safe
 *
 * Who takes n bytes: 1. takes the blocks and counts them in his pool; 2. reads spare; 3. adds n to charged, which
 * makes it c; 4. may keep them if c ≤ H + spare. Else 5. reads charged again, then sums up T; publishes
 * charged − T as spare; and may keep them if T ≤ H. Else he puts them back and counts them off.
 *
 * Why that holds. Take the kept take A with the greatest c so far. At 5: T has every take with c up to what
 * charged was, since each was counted before it was charged, less homecomings of blocks of takes before A,
 * for there are no kept ones behind it; so all kept takes are in T, and T ≤ H. At 4: spare was published before
 * A was charged, by one who had read a charged of less than c, call it r. Takes kept by then are in T or were
 * charged between r and c, which is c − r bytes in all; and T + c − r ≤ H is what was tested. A refused take
 * may be in T for a moment, which refuses others too early, not too late.
 *
 * Synchronization (row beside column):
 *             charge      look
 *   charge    fetch_add   any      charged carries what was counted before it (E:charge)
 *   look      any         any      of two that publish spare the last one stays: either is safe (E:spare)
 */
#ifndef CORRAL_BUDGET_H
#define CORRAL_BUDGET_H

#include "cache.h"
#include "control.h"

/* What the calling thread is to see to when it holds nothing of corral's: the control (and 1) whose budget
 * refused its last take; the category (and 1) whose soft budget may be passed; may the process's? */
struct budget_mine {
    uint32_t refused, soft_category;
    bool soft_process;
    uint32_t in_callback; /* the category (and 1) of the allocation that a callback runs for; 0: none runs */
};

extern CORRAL_HIDDEN __thread struct budget_mine corral_budget_mine;

/* Counts bytes that the caller took and has counted in its pool, or among the large blocks. False when they are
 * too many: the caller puts them back and counts them off. category: counted. */
bool corral_budget_charge(uint32_t category, int64_t bytes);
/* After a take was refused: runs the callback of whoever refused it. Does it want another try? category, size: what
 * is allocated. */
bool corral_budget_ask(uint32_t category, size_t size, uint32_t attempt);
/* Runs the callbacks of soft budgets that are passed, once. category, size: what was just allocated, or grown by. */
void corral_budget_tell(uint32_t category, size_t size);

CORRAL_FAST bool budget_charge(uint32_t category, int64_t bytes) {
    return !control_is_counted(category) || corral_budget_charge(category, bytes);
}

/* Was the thread's last take refused, since this was last asked? */
CORRAL_FAST bool budget_was_refused(void) {
    return corral_budget_mine.refused != 0;
}

/* Nothing came of what was charged. */
CORRAL_FAST void budget_forget(void) {
    corral_budget_mine.refused = 0;
    corral_budget_mine.soft_category = 0;
    corral_budget_mine.soft_process = false;
}

CORRAL_FAST bool budget_is_to_tell(void) {
    return corral_budget_mine.soft_category != 0 || corral_budget_mine.soft_process;
}

/* Is the thread in a callback, of an allocation in the category? */
CORRAL_FAST bool budget_is_called_for(uint32_t category) {
    return corral_budget_mine.in_callback == category + 1;
}

CORRAL_FAST void budget_tell_if_due(uint32_t category, size_t size) {
    if (unlikely(budget_is_to_tell())) {
        corral_budget_tell(category, size);
    }
}

#endif
