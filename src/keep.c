/* SPDX-License-Identifier: MIT
 *
 * keep: see keep.h.
 *
 * Owns:     the count of all kept bytes, that of reserves lies in control; the time of the last tick.
 * Callers:  through keep.h.
 * Promises: as keep.h.
 * Does not: order anything: all of it steers.
 */
#include "keep.h"

#include "category.h"
#include "os.h"

#define AHEAD_MS UINT32_C(60000)
#define DECAY_MS ((uint32_t)CORRAL_DECAY_MS)

static _Atomic int64_t kept_bytes;
/* In ms, and odd: 0 is none. */
static _Atomic uint32_t ticked_at;

static size_t at_least_0(int64_t bytes) {
    return bytes < 0 ? 0 : (size_t)bytes;
}

void corral_keep_count(uint32_t category, int64_t bytes) {
    fetch_add_relaxed(&kept_bytes, bytes);                         /* [R:hint] */
    fetch_add_relaxed(&corral_categories[category].kept, bytes); /* [R:hint] */
}

bool corral_keep_is_any(void) {
    return load_relaxed(&kept_bytes) != 0; /* [R:hint] */
}

size_t corral_keep_bytes(uint32_t category) {
    return at_least_0(load_relaxed(&corral_categories[category].kept)); /* [R:hint] */
}

/* What may be kept of all: what was set for that, and all reserves. */
static int64_t most_of_all(void) {
    int64_t set = load_relaxed(&corral_controls[CONTROL_PROCESS].keep); /* [R:value-is-all] */
    set = set < INT64_MAX / 4 ? set : INT64_MAX / 4;
    return (set != 0 ? set : (int64_t)RETIRE_BYTES) + load_relaxed(&corral_control_reserved); /* [R:hint] */
}

size_t corral_keep_excess(size_t more) {
    return at_least_0(load_relaxed(&kept_bytes) + (int64_t)more - most_of_all()); /* [R:hint] */
}

bool corral_keep_may_ever(size_t bytes) {
    return (int64_t)bytes <= most_of_all();
}

/* Of all categories that have none of their own, where that is 0 too, the build's. */
static uint32_t decay_set(uint32_t category) {
    uint32_t set = load_relaxed(&corral_controls[category].decay_ms); /* [R:value-is-all] */
    /* [R:value-is-all] */
    return set != 0 ? set : load_relaxed(&corral_controls[CONTROL_PROCESS].decay_ms);
}

uint32_t corral_keep_ms(uint32_t category) {
    uint32_t set = decay_set(category);
    return set == 0 ? DECAY_MS : set == CORRAL_DECAY_AT_ONCE ? 0 : set;
}

size_t corral_keep_reserve(uint32_t category) {
    return (size_t)load_relaxed(&corral_controls[category].reserve); /* [R:value-is-all] */
}

/* What a category has in use and keeps, beyond its reserve. */
static int64_t beyond_reserve(uint32_t category) {
    const struct category *it = &corral_categories[category];
    int64_t used = (int64_t)(load_relaxed(&it->slabs) << SLAB_SHIFT);                             /* [R:hint] */
    return used + load_relaxed(&it->kept) - (int64_t)corral_keep_reserve(category); /* [R:hint] */
}

size_t corral_keep_free(uint32_t category) {
    size_t spare = at_least_0(beyond_reserve(category));
    size_t kept = corral_keep_bytes(category);
    return spare < kept ? spare : kept;
}

size_t corral_keep_excess_of(uint32_t category) {
    size_t most = (size_t)load_relaxed(&corral_controls[category].keep); /* [R:value-is-all] */
    size_t spare = corral_keep_free(category);
    if (decay_set(category) == CORRAL_DECAY_AT_ONCE) {
        return spare;
    }
    size_t excess = corral_keep_excess(0);
    size_t own = most != 0 && spare > most ? spare - most : 0;
    excess = own > excess ? own : excess;
    return excess < spare ? excess : spare;
}

bool corral_keep_has_room(uint32_t category, size_t bytes) {
    size_t most = (size_t)load_relaxed(&corral_controls[category].keep); /* [R:value-is-all] */
    size_t spare = at_least_0(beyond_reserve(category));
    size_t kept = corral_keep_bytes(category) + bytes;
    kept = spare < kept ? spare : kept;
    return spare == 0 || (decay_set(category) != CORRAL_DECAY_AT_ONCE && (most == 0 || kept <= most) &&
                          corral_keep_excess(bytes) == 0);
}

bool corral_keep_has_passed(uint32_t time, uint32_t since, uint32_t now) {
    uint32_t passed = now - since;
    return passed >= time && passed < UINT32_MAX - AHEAD_MS;
}

void corral_keep_tick(uint32_t now) {
    store_relaxed(&ticked_at, now | 1); /* [R:hint] */
}

bool corral_keep_is_ticked(void) {
    uint32_t at = load_relaxed(&ticked_at); /* [R:hint] */
    return at != 0 && !corral_keep_has_passed(TICK_FRESH_MS, at, (uint32_t)corral_os->milliseconds());
}
