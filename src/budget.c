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

#include <errno.h>

__thread struct budget_mine corral_budget_mine;

/* While more than the soft budget is taken, a look for each such part of it. */
#define SOFT_PART 16

static int64_t taken_from_pools(const struct cache *cache, uint32_t category) {
    const struct row *row = cache_row_of(cache, category);
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

/* Budgets are up to PTRDIFF_MAX; what is charged and not spare is compared with them, which no sum passes. */
static int64_t hard_of(const struct control *control) {
    int64_t hard = load_relaxed(&control->hard); /* [R:value-is-all] */
    return hard == 0 ? INT64_MAX : hard;
}

static int64_t soft_of(const struct control *control) {
    int64_t soft = load_relaxed(&control->soft); /* [R:value-is-all] */
    return soft == 0 ? INT64_MAX : soft;
}

/* What a charge came to. */
struct charge {
    bool fits;
    bool looked;
    int64_t charged, bytes; /* when it looked: what was charged then, and T */
};

/* Step 5. */
CORRAL_SLOW static void look(struct charge *charge, struct control *control, uint32_t which) {
    charge->charged = load_acquire(&control->charged); /* [E:charge] sees what was counted before */
    charge->bytes = taken_of(which);
    /* [E:spare] behind the reading of charged */
    store_release(&control->spare, charge->charged - charge->bytes);
    charge->fits = charge->bytes <= hard_of(control);
    charge->looked = true;
}

static struct charge charge(uint32_t which, int64_t bytes) {
    struct charge charge = {.fits = true};
    struct control *control = &corral_controls[which];
    /* [E:counted] Sees that nothing was known to be spare. */
    if ((load_acquire(&control->flags) & CONTROL_COUNTED) == 0) {
        return charge;
    }
    int64_t spare = load_acquire(&control->spare); /* [E:spare] before charging */
    /* [E:charge] Publishes what the caller counted. */
    int64_t charged = fetch_add_release(&control->charged, bytes) + bytes;
    bool soft = charged - spare > soft_of(control) &&
                charged >= load_relaxed(&control->soft_next); /* [R:hint] */
    if (unlikely(soft || charged - spare > hard_of(control))) {
        look(&charge, control, which);
        if (!charge.fits) {
            corral_budget_mine.refused = which + 1;
        }
    }
    return charge;
}

/* After a take that was kept: is more taken than the soft budget? Then it is to be seen whether so much is live. */
static bool may_pass_soft(struct control *control, const struct charge *charge) {
    if (!charge->looked) {
        return false;
    }
    if (charge->bytes <= soft_of(control)) {
        store_relaxed(&control->soft_told, false); /* [R:hint] */
        return false;
    }
    /* [R:hint] */
    store_relaxed(&control->soft_next, charge->charged + soft_of(control) / SOFT_PART);
    return true;
}

CORRAL_SLOW bool corral_budget_charge(uint32_t category, int64_t bytes) {
    struct charge own = charge(category, bytes);
    struct charge all = own.fits ? charge(CONTROL_PROCESS, bytes) : own;
    if (!own.fits || !all.fits) {
        return false;
    }
    if (may_pass_soft(&corral_controls[category], &own)) {
        corral_budget_mine.soft_category = category + 1;
    }
    if (may_pass_soft(&corral_controls[CONTROL_PROCESS], &all)) {
        corral_budget_mine.soft_process = true;
    }
    return true;
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
static bool call(uint32_t which, corral_budget_kind kind, uint32_t category, size_t size, uint32_t attempt) {
    struct control *control = &corral_controls[which];
    /* [E:callback] */
    const struct control_callback *callback = load_acquire(&control->callback);
    if (callback == NULL || corral_budget_mine.in_callback != 0) {
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
    int kept = errno;
    corral_budget_mine.in_callback = category + 1;
    bool again = callback->function(&event, callback->argument) != 0;
    corral_budget_mine.in_callback = 0;
    errno = kept;
    return again;
}

CORRAL_SLOW bool corral_budget_ask(uint32_t category, size_t size, uint32_t attempt) {
    uint32_t which = corral_budget_mine.refused - 1;
    corral_budget_mine.refused = 0;
    return call(which, CORRAL_BUDGET_HARD, category, size, attempt);
}

/* Tells of a control whose soft budget is passed, if nobody has. Had it not been without the last `size` bytes, it
 * is passed anew. */
static void tell(uint32_t which, uint32_t category, size_t size) {
    struct control *control = &corral_controls[which];
    uint64_t soft = (uint64_t)soft_of(control);
    uint64_t live = live_bytes(which);
    bool told = false;
    if (live <= soft + size) {
        store_relaxed(&control->soft_told, false); /* [R:hint] */
    }
    if (live > soft && cas_relaxed(&control->soft_told, &told, true)) { /* [R:value-is-all] */
        call(which, CORRAL_BUDGET_SOFT, category, size, 0);
    }
}

CORRAL_SLOW void corral_budget_tell(uint32_t category, size_t size) {
    struct budget_mine *mine = &corral_budget_mine;
    while (mine->in_callback == 0 && budget_is_to_tell()) {
        uint32_t passed = mine->soft_category;
        bool process = mine->soft_process;
        mine->soft_category = 0;
        mine->soft_process = false;
        if (passed != 0) {
            tell(passed - 1, category, size);
        }
        if (process) {
            tell(CONTROL_PROCESS, category, size);
        }
    }
}
