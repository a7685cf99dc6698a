/* SPDX-License-Identifier: MIT
 *
 * trial: see trial.h.
 *
 * Owns:     nothing.
 * Callers:  through trial.h.
 * Promises: as trial.h.
 * Does not: look at a thread that is not attached.
 */
#include "trial.h"

#include "arena.h"
#include "guard.h"
#include "home.h"
#include "large_kept.h"
#include "pool.h"
#include "thread.h"

#include <errno.h>

/* What the thread has at hand: a slab that a pool hands out from keeps its arena's addresses, and those of its whole
 * reservation. */
static bool send_own_home(struct cache *cache) {
    for (const struct row *row = cache->row_list; row != NULL; row = row->next) {
        corral_pool_send_category_home(cache, row->category);
    }
    return corral_large_own_end(&cache->large_own);
}

CORRAL_SLOW bool corral_release_kept(void) {
    struct cache *cache = thread_cache();
    bool any = thread_is_attached(cache) && send_own_home(cache);
    any |= corral_large_release_kept();
    if (GUARDS) {
        any |= corral_guard_release();
    }
    return corral_arena_end_empty() || any;
}

void corral_recall(uint32_t category) {
    struct cache *cache = thread_cache();
    control_recall(category);
    if (thread_is_attached(cache)) {
        corral_large_own_end(&cache->large_own);
        corral_home_send_category(cache, category);
    }
}

/* A budget refused what the thread was about to take of a category. First what threads have at hand of what the
 * budget is for goes home; then the callback may make room. False when it is to be refused. */
CORRAL_SLOW static bool makes_room(uint32_t category, size_t size, uint32_t attempt) {
    if (attempt > 0) {
        return corral_budget_ask(category, size, attempt - 1);
    }
    bool all = corral_budget_mine.refused == CONTROL_PROCESS + 1;
    uint32_t end = load_relaxed(&corral_category_end); /* [R:hint] */
    corral_budget_mine.refused = 0;
    for (uint32_t i = all ? 0 : category; i < (all ? end : category + 1); i++) {
        corral_recall(i);
    }
    return true;
}

CORRAL_SLOW bool corral_trial_goes_on(struct trial *trial) {
    bool again;
    if (budget_was_refused()) {
        again = makes_room(trial->category, trial->size, trial->attempt++);
    } else {
        again = !trial->released && corral_release_kept();
        trial->released = true;
    }
    if (!again) {
        control_count_failed(trial->category);
        errno = ENOMEM;
    }
    return again;
}

CORRAL_SLOW bool corral_trial_fails(uint32_t category) {
    bool fails = corral_control_fails_now(category);
    if (fails) {
        control_count_failed(category);
        errno = ENOMEM;
    }
    return fails;
}
