/* SPDX-License-Identifier: MIT
 *
 * budget: see budget.h.
 *
 * Owns:     nothing of its own but the thread's notes.
 * Callers:  through budget.h.
 * Promises: as budget.h.
 * Does not: put anything back.
 */
#include "budget.h"

#include "category.h"
#include "figures.h"

__thread struct budget_mine corral_budget_mine;

/* While more than the soft budget is taken, a look for each such part of it. */
#define SOFT_PART 16

static int64_t taken_from_pools(const struct cache *cache, uint32_t category) {
    const struct row *row = load_acquire(&cache->rows[category]); /* [E:row] */
    int64_t bytes = 0;
    for (unsigned word = 0; row != NULL && word < CLASS_WORDS; word++) {
        for (uint64_t used = row_used(row, word); used != 0; used &= used - 1) {
            unsigned i = word * 64 + bits_lowest(used);
            /* [R:after-edge] At least what was charged before the look began. */
            bytes += load_relaxed(&row->pools[i].net) * (int64_t)corral_classes[i].size;
        }
    }
    return bytes;
}

/* T of a category. */
static int64_t taken(uint32_t category) {
    const struct category *shared = &corral_categories[category];
    int64_t bytes = load_relaxed(&shared->stray_bytes); /* [R:after-edge] */
    bytes += (int64_t)load_relaxed(&shared->large_bytes); /* [R:after-edge] */
    for (unsigned i = 1, count = corral_cache_count(); i < count; i++) {
        const struct cache *cache = corral_cache_named(i);
        if (cache != NULL) {
            bytes += taken_from_pools(cache, category);
        }
    }
    return bytes;
}

static uint32_t category_end(void) {
    return load_relaxed(&corral_category_end); /* [R:after-edge] */
}

/* T of a control: of a category, or of all. */
static int64_t taken_of(uint32_t which) {
    if (which != CONTROL_PROCESS) {
        return taken(which);
    }
    int64_t bytes = 0;
    for (uint32_t category = 0, end = category_end(); category < end; category++) {
        bytes += taken(category);
    }
    return bytes;
}

static int64_t hard_of(const struct control *control) {
    int64_t hard = load_relaxed(&control->hard); /* [R:value-is-all] */
    return hard == 0 ? INT64_MAX / 2 : hard;
}

static int64_t soft_of(const struct control *control) {
    int64_t soft = load_relaxed(&control->soft); /* [R:value-is-all] */
    return soft == 0 ? INT64_MAX / 2 : soft;
}

/* Notes where the category stands with its soft budget. */
static void note_soft(struct control *control, uint32_t which, int64_t charged, int64_t bytes) {
    int64_t soft = soft_of(control);
    if (bytes <= soft) {
        store_relaxed(&control->soft_state, SOFT_BELOW); /* [R:hint] */
        return;
    }
    uint32_t state = SOFT_BELOW;
    store_relaxed(&control->soft_next, charged + soft / SOFT_PART); /* [R:hint] */
    if (cas_relaxed(&control->soft_state, &state, SOFT_UNTOLD) || state == SOFT_UNTOLD) { /* [R:value-is-all] */
        corral_budget_mine.soft = which + 1;
    }
}

/* Step 5. */
CORRAL_SLOW static bool look(struct control *control, uint32_t which) {
    int64_t charged = load_acquire(&control->charged); /* [E:charge] sees what was counted before */
    int64_t bytes = taken_of(which);
    store_release(&control->spare, charged - bytes); /* [E:spare] behind the reading of charged */
    note_soft(control, which, charged, bytes);
    return bytes <= hard_of(control);
}

static bool charge(uint32_t which, int64_t bytes) {
    struct control *control = &corral_controls[which];
    /* [E:counted] Sees that nothing was known to be spare. */
    if ((load_acquire(&control->flags) & CONTROL_COUNTED) == 0) {
        return true;
    }
    int64_t spare = load_acquire(&control->spare); /* [E:spare] before charging */
    /* [E:charge] Publishes what the caller counted. */
    int64_t charged = fetch_add_release(&control->charged, bytes) + bytes;
    bool soft = charged > soft_of(control) + spare &&
                charged >= load_relaxed(&control->soft_next); /* [R:hint] */
    if (likely(!soft && charged <= hard_of(control) + spare)) {
        return true;
    }
    bool fits = look(control, which);
    if (!fits) {
        corral_budget_mine.refused = which + 1;
    }
    return fits;
}

CORRAL_SLOW bool corral_budget_charge(uint32_t category, int64_t bytes) {
    return charge(category, bytes) && charge(CONTROL_PROCESS, bytes);
}

static uint64_t live_bytes(uint32_t which) {
    if (which != CONTROL_PROCESS) {
        return corral_figures_live(which);
    }
    uint64_t bytes = 0;
    for (uint32_t category = 0, end = category_end(); category < end; category++) {
        bytes += corral_figures_live(category);
    }
    return bytes;
}

/* Calls the callback of a control, if it has one, and there is none under way in this thread. */
static bool call(uint32_t which, corral_budget_kind kind, size_t size, uint32_t attempt) {
    struct control *control = &corral_controls[which];
    /* [E:callback] */
    const struct control_callback *callback = load_acquire(&control->callback);
    if (callback == NULL || corral_budget_mine.in_callback) {
        return false;
    }
    bool process = which == CONTROL_PROCESS;
    corral_budget_event event = {
        .id = process ? CORRAL_MEMORY_TYPE_NONE : corral_category_id(which),
        .name = process ? NULL : control_name(which),
        .kind = kind,
        .attempt = attempt,
        .live_bytes = live_bytes(which),
        .budget_bytes = (uint64_t)(kind == CORRAL_BUDGET_HARD ? hard_of(control) : soft_of(control)),
        .size = size,
    };
    corral_budget_mine.in_callback = true;
    bool again = callback->function(&event, callback->argument) != 0;
    corral_budget_mine.in_callback = false;
    return again;
}

CORRAL_SLOW bool corral_budget_ask(size_t size, uint32_t category, uint32_t attempt) {
    uint32_t which = corral_budget_mine.refused - 1;
    corral_budget_mine.refused = 0;
    if (call(which, CORRAL_BUDGET_HARD, size, attempt)) {
        return true;
    }
    control_count_failed(category);
    return false;
}

CORRAL_SLOW void corral_budget_tell(size_t size) {
    if (corral_budget_mine.in_callback) {
        return;
    }
    uint32_t which = corral_budget_mine.soft - 1;
    uint32_t state = SOFT_UNTOLD;
    corral_budget_mine.soft = 0;
    if (cas_relaxed(&corral_controls[which].soft_state, &state, SOFT_TOLD)) { /* [R:value-is-all] */
        call(which, CORRAL_BUDGET_SOFT, size, 0);
    }
}
