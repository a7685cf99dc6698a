/* SPDX-License-Identifier: MIT
 *
 * contention: see contention.h.
 *
 * Owns:     as contention.h.
 * Callers:  through contention.h and engine.h.
 * Promises: as contention.h.
 * Does not: forget an object before the next set-up.
 */
#include "contention.h"

#include "category.h"

#include <string.h>

#define CONTENDED (1u << 12)

static uintptr_t contended[CONTENDED];
static unsigned count;
static bool learned;

void contention_clear(void) {
    memset(contended, 0, sizeof contended);
    count = 0;
}

bool contention_learned(void) {
    bool before = learned;
    learned = false;
    return before;
}

static size_t place_of(uintptr_t granule) {
    size_t at = (size_t)((granule >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 52);
    while (contended[at] != 0 && contended[at] != granule) {
        at = (at + 1) % CONTENDED;
    }
    return at;
}

void schedule_contend(uintptr_t granule) {
    size_t at = place_of(granule);
    if (contended[at] == 0 && ++count == CONTENDED * 3 / 4) {
        schedule_fail("more objects are contended than the explorer keeps");
    }
    learned |= contended[at] == 0;
    contended[at] = granule;
}

/* Does the site lie in the room that sums figures up? */
static bool is_of_figures(struct explore_site *site) {
    if (site->room == SITE_UNKNOWN) {
        const char *slash = strrchr(site->file, '/');
        const char *name = slash == NULL ? site->file : slash + 1;
        site->room = strcmp(name, "figures.c") == 0 ? SITE_OF_FIGURES : SITE_OF_OTHERS;
    }
    return site->room == SITE_OF_FIGURES;
}

/* Is it a category's, and read for figures only? With a budget, some of them are more than that. */
static bool is_category_figure(const volatile void *object) {
    uintptr_t offset = (uintptr_t)object - (uintptr_t)corral_categories;
    size_t field = offset % sizeof(struct category);
    bool taken = field == offsetof(struct category, stray_bytes) ||
                 field == offsetof(struct category, large_bytes);
    return offset < sizeof corral_categories && !(engine_scenario->budgets && taken);
}

bool schedule_is_figure(struct explore_site *site, const volatile void *object) {
    return !engine_scenario->figures && (is_category_figure(object) || is_of_figures(site));
}

bool contention_is_at(struct explore_site *site, const volatile void *object) {
    return contended[place_of((uintptr_t)object & ~(uintptr_t)7)] != 0 &&
           !schedule_is_figure(site, object);
}
