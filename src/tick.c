/* SPDX-License-Identifier: MIT
 *
 * tick: upkeep in steps, when the program has time for it.
 *
 * Owns:     the cursor of ticks; which thread has it.
 * Callers:  a program's thread, through corral/upkeep.h.
 * Promises: as corral/upkeep.h. The clock is read after each step.
 * Does not: wait for another tick.
 *
 * Synchronization (row beside column):
 *            begin      end
 *   begin    exchange   any        of two that begin at once, one has the cursor
 *   end      any        –
 */
#include <corral/upkeep.h>

#include "arena.h"
#include "decay.h"
#include "home.h"
#include "large_kept.h"
#include "large_unmap.h"
#include "os.h"
#include "pool.h"
#include "thread.h"

/* A step: slabs that are purged, bytes of a large block that are unmapped, arenas that are looked at. */
#define STEP_BYTES ((size_t)(256 * KIB))
#define STEP_SLABS (STEP_BYTES > SLAB_BYTES ? (unsigned)(STEP_BYTES / SLAB_BYTES) : 1u)
#define STEP_LARGE ((size_t)(512 * KIB))
#define STEP_LOOKS 16u

static _Atomic bool busy; /* atomic [E:tick] */
static uint32_t cursor;   /* of who made `busy` true */

struct budget {
    uint64_t began, ns;
};

static bool has_time(const struct budget *budget) {
    return corral_os->nanoseconds() - budget->began < budget->ns;
}

/* The hand comes round once in the time that free slabs are kept, so what was not used for twice as long goes home. */
static void look_at_idle(struct cache *cache, uint32_t now) {
    uint32_t round = corral_keep_ms(CONTROL_PROCESS);
    if (cache->turns == 0 || round == UINT32_MAX ||
        !corral_keep_has_passed(round / cache->turns, cache->looked_at, now)) {
        return;
    }
    cache->looked_at = now;
    corral_home_look(cache);
}

/* What the calling thread does for itself. Of a category that was asked for, its slabs go too. */
static void tick_own(struct cache *cache, uint32_t now, const struct budget *budget) {
    const struct row *row = cache->row_list;
    for (; row != NULL && has_time(budget); row = row->next) {
        if (row->recalls != control_recalls(row->category)) {
            corral_pool_send_category_home(cache, row->category);
        }
    }
    if (has_time(budget)) {
        look_at_idle(cache, now);
    }
}

/* Gives a piece of a block back, or what is left of it. Returns the block that is next. */
static void *give_piece(void *block) {
    struct large_entry *entry = large_map_find(block);
    void *next = corral_large_due_next(entry);
    size_t bytes = large_word_bytes(load_relaxed(&entry->word)); /* [R:holder] */
    if (bytes > STEP_LARGE && corral_large_cut(block, entry, STEP_LARGE)) {
        return block;
    }
    corral_large_unmap(block, entry);
    return next;
}

/* Large blocks. Returns the bytes that are left. */
static uint64_t tick_large(uint32_t now, const struct budget *budget) {
    uint64_t left = 0;
    corral_large_age(now);
    void *block = corral_large_due_take();
    while (block != NULL && has_time(budget)) {
        block = give_piece(block);
    }
    while (block != NULL) {
        struct large_entry *entry = large_map_find(block);
        void *next = corral_large_due_next(entry);
        left += large_word_bytes(load_relaxed(&entry->word)); /* [R:holder] */
        corral_large_due_put(block, entry);
        block = next;
    }
    return left;
}

/* One arena. False when there was no time for all of it. */
static bool tick_arena(uint32_t number, uint32_t now, const struct budget *budget) {
    bool time = true;
    while (time && corral_decay_due(number, now, STEP_SLABS) != 0) {
        time = has_time(budget);
    }
    if (time && corral_arena_end_spare(number)) {
        time = has_time(budget);
    }
    return time;
}

/* All arenas, from where the last tick came to. Returns the bytes that are left. */
static uint64_t tick_slabs(uint32_t now, const struct budget *budget) {
    uint32_t count = corral_registry_count();
    for (uint32_t looked = 1; looked < count; looked++) {
        bool time = looked % STEP_LOOKS != 1 || has_time(budget);
        cursor = cursor + 1 < count ? cursor + 1 : 1;
        if (!time || !tick_arena(cursor, now, budget)) {
            cursor--; /* to be looked at again */
            size_t excess = corral_keep_excess(0);
            return excess != 0 ? excess : corral_keep_is_any() ? SLAB_BYTES : 0;
        }
    }
    return 0;
}

uint64_t corral_tick(uint64_t budget_ns) {
    struct budget budget = {.began = corral_os->nanoseconds(), .ns = budget_ns};
    struct cache *cache = thread_cache();
    uint32_t now = (uint32_t)corral_os->milliseconds();
    if (thread_is_attached(cache)) {
        tick_own(cache, now, &budget);
    }
    if (exchange_acquire(&busy, true)) { /* [E:tick] Sees the cursor. */
        return corral_keep_excess(0);
    }
    corral_keep_tick(now);
    uint64_t left = tick_large(now, &budget);
    left += tick_slabs(now, &budget);
    store_release(&busy, false); /* [E:tick] Publishes the cursor. */
    return left;
}
