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
 *   begin    CAS        any        of two that begin at once, one has the cursor
 *   end      any        –
 */
#include <corral/upkeep.h>

#include "arena.h"
#include "backend.h"
#include "decay.h"
#include "home.h"
#include "large_due.h"
#include "large_kept.h"
#include "large_unmap.h"
#include "os.h"
#include "poison.h"
#include "pool.h"
#include "thread.h"

/* A step has up to so many units: slabs, or pieces of a large block, that are purged. */
#define STEP_BYTES  ((size_t)(512 * KIB))
#define STEP_SLABS  (STEP_BYTES > SLAB_BYTES ? (unsigned)(STEP_BYTES / SLAB_BYTES) : 1u)
#define STEP_PIECES ((unsigned)(STEP_BYTES / DUE_UNIT))
#define STEP_LOOKS  16u /* arenas looked at between two readings of the clock */

/* How long a unit of a kind takes, in nanoseconds: the mean of the last steps, and how far they lie from it. */
struct pace {
    uint64_t mean, deviation;
};

static _Atomic uint64_t ticker; /* atomic [E:tick]: the thread that ticks, or 0 */
/* Of who is the ticker. */
static uint32_t cursor, stays; /* `stays`: ticks that began and ended at the cursor, one after the other */
static bool slabs_first; /* by turns: a tick's first step is made in any case */
static struct pace pace_pieces, pace_unmaps, pace_slabs, pace_arenas;

struct budget {
    uint64_t began, ns, last; /* `last`: the clock's last reading */
    bool stepped;             /* a step was made whose pace is known */
};

static bool has_time(struct budget *budget) {
    budget->last = corral_os->nanoseconds();
    return budget->last - budget->began < budget->ns;
}

/* Units of a step that will end in time, by what the last ones took. The first step has one unit at least while there
 * is any time, and one when nothing is known of its kind. */
static unsigned units_in_time(const struct budget *budget, const struct pace *pace, unsigned most) {
    uint64_t spent = budget->last - budget->began, unit = pace->mean + 2 * pace->deviation;
    if (spent >= budget->ns) {
        return 0;
    }
    uint64_t units = unit == 0 ? most : (budget->ns - spent) / unit;
    if (units >= most) {
        return budget->stepped || unit != 0 ? most : 1;
    }
    if (budget->stepped && units < (most + 1) / 2) { /* a unit of a small step takes longer */
        return 0;
    }
    return units == 0 ? 1 : (unsigned)units;
}

/* After a step. One in which the thread did not run for a while tells little of the next ones. */
static void note_step(struct budget *budget, struct pace *pace, unsigned units) {
    uint64_t before = budget->last;
    has_time(budget);
    uint64_t unit = (budget->last - before) / units, most = 4 * pace->mean;
    if (pace->mean == 0) {
        unit = unit > budget->ns ? budget->ns : unit;
        *pace = (struct pace){.mean = unit, .deviation = unit / 4};
    } else {
        unit = unit > most ? most : unit;
        uint64_t off = unit > pace->mean ? unit - pace->mean : pace->mean - unit;
        pace->mean = pace->mean - pace->mean / 8 + unit / 8;
        pace->deviation = pace->deviation - pace->deviation / 4 + off / 4;
    }
    budget->stepped = true;
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
static void tick_own(struct cache *cache, uint32_t now, struct budget *budget) {
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

/* What is left of a block, by pieces, then its addresses. Each is purged first, since that keeps no other thread from
 * its page faults, and the OS has less to do at the end. False when there was no time for all; `purged` says how far. */
static bool give_block(void *block, struct large_entry *entry, struct budget *budget, size_t *purged) {
    size_t bytes = large_word_bytes(load_relaxed(&entry->word)); /* [R:holder] */
    while (*purged < bytes && *purged < DUE_KNOWN_MOST && !corral_backend_cleans()) {
        unsigned pieces = units_in_time(budget, &pace_pieces, STEP_PIECES);
        size_t step = pieces * DUE_UNIT, left = bytes - *purged;
        if (pieces == 0) {
            return false;
        }
        step = step < left ? step : left;
        unpoison((char *)block + *purged, step);
        if (!corral_backend_purge((char *)block + *purged, step)) {
            break;
        }
        note_step(budget, &pace_pieces, pieces);
        *purged += step;
    }
    if (units_in_time(budget, &pace_unmaps, 1) == 0) {
        return false;
    }
    corral_large_unmap(block, entry);
    note_step(budget, &pace_unmaps, 1);
    return true;
}

/* Large blocks. Returns the bytes that are left. */
static uint64_t tick_large(uint32_t now, struct budget *budget) {
    corral_large_age(now);
    void *block = corral_large_due_take();
    has_time(budget);
    while (block != NULL) {
        struct large_entry *entry = large_map_find(block);
        void *next = corral_large_due_next(entry);
        size_t purged = corral_large_due_purged(entry);
        if (!give_block(block, entry, budget, &purged)) {
            corral_large_due_put(block, entry, purged);
        }
        block = next;
    }
    return corral_large_due_bytes();
}

/* One arena. False when there was no time for all of it. */
static bool tick_arena(uint32_t number, uint32_t now, struct budget *budget) {
    unsigned slabs, purged;
    do {
        slabs = units_in_time(budget, &pace_slabs, STEP_SLABS);
        purged = slabs == 0 ? 0 : corral_decay_due(number, now, slabs);
        if (purged != 0) {
            note_step(budget, &pace_slabs, purged);
        }
    } while (purged != 0);
    if (slabs == 0) {
        return false;
    }
    if (corral_arena_is_spare(number)) {
        if (units_in_time(budget, &pace_arenas, 1) == 0) {
            return false;
        }
        if (corral_arena_end_spare(number)) {
            note_step(budget, &pace_arenas, 1);
        }
    }
    return true;
}

/* Where the next tick goes on: at the arena that this one did not finish; but at the next one when so many ticks went no
 * further, since one that is in use has something due each time. */
static void stop_at_cursor(bool stayed) {
    stays = stayed ? stays + 1 : 0;
    if (stays < ARENA_SLABS) {
        cursor--;
    } else {
        stays = 0;
    }
}

/* All arenas, from where the last tick came to. Returns the bytes that are left. */
static uint64_t tick_slabs(uint32_t now, struct budget *budget) {
    uint32_t count = corral_registry_count();
    for (uint32_t looked = 1; looked < count; looked++) {
        bool time = looked % STEP_LOOKS != 1 || has_time(budget);
        cursor = cursor + 1 < count ? cursor + 1 : 1;
        if (!time || !tick_arena(cursor, now, budget)) {
            stop_at_cursor(looked == 1);
            size_t excess = corral_keep_excess(0);
            return excess != 0 ? excess : corral_keep_is_any() ? SLAB_BYTES : 0;
        }
    }
    return 0;
}

/* Makes the calling thread the ticker. In the child of a fork, who ticked in its parent is not here. */
static bool begin(void) {
    uint64_t self = corral_os_thread() + 1, there = load_relaxed(&ticker); /* [R:cas-reload] */
    if (there != 0 && corral_os_thread_is_ours(there - 1)) {
        return false;
    }
    return cas_acquire(&ticker, &there, self); /* [E:tick] Sees the cursor. */
}

uint64_t corral_tick(uint64_t budget_ns) {
    struct budget budget = {.began = corral_os->nanoseconds(), .ns = budget_ns};
    struct cache *cache = thread_cache();
    uint32_t now = (uint32_t)corral_os->milliseconds();
    if (thread_is_attached(cache)) {
        tick_own(cache, now, &budget);
    }
    if (!begin()) {
        return corral_keep_excess(0);
    }
    corral_keep_tick(now);
    slabs_first = !slabs_first;
    uint64_t left = slabs_first ? tick_slabs(now, &budget) : 0;
    left += tick_large(now, &budget);
    left += slabs_first ? 0 : tick_slabs(now, &budget);
    store_release(&ticker, 0); /* [E:tick] Publishes the cursor. */
    return left;
}
