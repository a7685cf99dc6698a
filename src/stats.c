/* SPDX-License-Identifier: MIT
 *
 * stats: the public figures of categories.
 *
 * Owns:     the peak of the total.
 * Callers:  any thread.
 * Promises: as corral.h.
 * Does not: count; it reads. Know of size classes (stats_classes.c).
 */
#include <corral/corral.h>

#include "category.h"
#include "control.h"
#include "figures.h"
#include "guard_map.h"
#include "states.h"

#include <string.h>

static _Atomic uint64_t total_peak;

/* A caller that knows a shorter struct gets what it knows. */
static corral_status give(void *stats, size_t stats_size, const corral_stats *ours) {
    memcpy(stats, ours, stats_size < sizeof *ours ? stats_size : sizeof *ours);
    return CORRAL_OK;
}

static void read_states(uint32_t category, corral_stats *stats) {
    struct states states;
    corral_states_count(category, &states);
    uint64_t guarded = guard_slabs(category);
    stats->shelved_slabs = states.shelved;
    stats->held_slabs = states.held + guarded;
    stats->kept_bytes = states.kept * SLAB_BYTES;
    stats->committed_bytes =
        (states.shelved + states.held + states.kept + states.headers + guarded) * SLAB_BYTES + stats->large_bytes;
}

static void read_category(uint32_t category, corral_stats *stats) {
    struct category *shared = &corral_categories[category];
    struct figures figures;
    stats->exact = corral_figures_read(category, &figures);
    if (stats->exact) {
        figure_raise(&shared->peak_bytes, (uint64_t)figures.bytes);
    }
    stats->live_blocks = (uint64_t)figures.blocks;
    stats->live_bytes = (uint64_t)figures.bytes;
    stats->peak_bytes = load_relaxed(&shared->peak_bytes); /* [R:figure] */
    stats->remote_blocks = figures.sent;
    stats->refills = figures.refills;
    stats->slabs = load_relaxed(&shared->slabs) + guard_slabs(category);         /* [R:figure] */
    stats->arenas = load_relaxed(&shared->arenas) + guard_range_count(category); /* [R:figure] */
    stats->large_blocks = (uint64_t)figures.large_blocks;
    stats->large_bytes = (uint64_t)figures.large_bytes;
    stats->allocations = figures.allocations;
    stats->frees = figures.frees;
    stats->requested_bytes = figures.requested;
    stats->categories = load_relaxed(&shared->used); /* [R:figure] */
    stats->failed = load_relaxed(&corral_controls[category].failed); /* [R:figure] */
    stats->reserved_bytes = stats->arenas * ARENA_BYTES + stats->large_bytes;
    stats->slab_bytes = stats->slabs * SLAB_BYTES;
    stats->overflow_ids = category == CATEGORY_OVERFLOW ? corral_category_overflow_ids() : 0;
    read_states(category, stats);
}

corral_status corral_category_stats(uint32_t memory_type_id, corral_stats *stats,
                                    size_t stats_size) {
    if (stats == NULL || stats_size == 0) {
        return CORRAL_EINVAL;
    }
    bool known;
    uint32_t category = corral_category_find(memory_type_id, &known);
    corral_stats ours = {.exact = 1};
    if (!known || !category_is_used(category)) {
        give(stats, stats_size, &ours);
        return CORRAL_EUNUSED;
    }
    read_category(category, &ours);
    ours.shares_overflow = category == CATEGORY_OVERFLOW;
    return give(stats, stats_size, &ours);
}

/* A category that comes into use meanwhile may not have its id yet, as this thread sees it. */
static bool has_id(uint32_t category, uint64_t id) {
    bool known;
    return id == CORRAL_MEMORY_TYPE_OVERFLOW || corral_category_find((uint32_t)id, &known) == category;
}

corral_status corral_visit_categories(corral_category_visitor *visit, void *argument) {
    if (visit == NULL) {
        return CORRAL_EINVAL;
    }
    for (uint32_t category = 0; category < CATEGORY_LIMIT; category++) {
        uint64_t id = category_is_used(category) ? corral_category_id(category) : CORRAL_MEMORY_TYPE_NONE;
        if (id != CORRAL_MEMORY_TYPE_NONE && has_id(category, id)) {
            corral_stats stats = {0};
            read_category(category, &stats);
            stats.shares_overflow = category == CATEGORY_OVERFLOW;
            visit(id, &stats, sizeof stats, argument);
        }
    }
    return CORRAL_OK;
}

static void add(corral_stats *total, const corral_stats *one) {
    total->live_blocks += one->live_blocks;
    total->live_bytes += one->live_bytes;
    total->remote_blocks += one->remote_blocks;
    total->refills += one->refills;
    total->slabs += one->slabs;
    total->arenas += one->arenas;
    total->large_blocks += one->large_blocks;
    total->large_bytes += one->large_bytes;
    total->allocations += one->allocations;
    total->frees += one->frees;
    total->categories += one->categories;
    total->failed += one->failed;
    total->reserved_bytes += one->reserved_bytes;
    total->slab_bytes += one->slab_bytes;
    total->shelved_slabs += one->shelved_slabs;
    total->held_slabs += one->held_slabs;
    total->kept_bytes += one->kept_bytes;
    total->committed_bytes += one->committed_bytes;
    total->requested_bytes += one->requested_bytes;
    total->exact &= one->exact;
}

corral_status corral_total_stats(corral_stats *stats, size_t stats_size) {
    if (stats == NULL || stats_size == 0) {
        return CORRAL_EINVAL;
    }
    corral_stats total = {.exact = 1};
    for (uint32_t category = 0; category < CATEGORY_LIMIT; category++) {
        if (category_is_used(category)) {
            corral_stats one = {0};
            read_category(category, &one);
            add(&total, &one);
        }
    }
    figure_raise(&total_peak, total.live_bytes);
    total.peak_bytes = load_relaxed(&total_peak); /* [R:figure] */
    total.overflow_ids = corral_category_overflow_ids();
    return give(stats, stats_size, &total);
}
