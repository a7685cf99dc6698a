/* SPDX-License-Identifier: MIT
 *
 * Readings of the figures and the laws between them.
 *
 * Owns:     nothing.
 * Callers:  see figures.h.
 * Promises: a law that does not hold ends the test.
 * Does not: allocate.
 */
#include "figures.h"

#include "build.h"
#include "check.h"

#if CORRAL_HARDENED && defined(CORRAL_STATIC)
#include <guard_map.h>
#include <registry.h>
#elif CORRAL_HARDENED
#include <corral/layout.h>
#endif

#include <corral/guard.h>

#include <inttypes.h>
#include <string.h>

/* Frees of what was no live block, so far. */
static _Atomic uint64_t faults;

void figures_count_faults(uint64_t frees) {
    faults += frees;
}

/* No figure is below 0, which would be one that no memory holds. */
static void check_counts(const corral_stats *stats) {
    const uint64_t counts[] = {stats->live_blocks, stats->live_bytes, stats->peak_bytes, stats->remote_blocks,
                               stats->refills, stats->slabs, stats->arenas, stats->large_blocks,
                               stats->large_bytes, stats->allocations, stats->frees, stats->failed,
                               stats->reserved_bytes, stats->slab_bytes, stats->shelved_slabs,
                               stats->held_slabs, stats->kept_bytes, stats->committed_bytes,
                               stats->requested_bytes};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        CHECK(counts[i] <= INT64_MAX, "figure %zu is negative", i);
    }
    if (CORRAL_FIGURES_LEVEL >= 2) {
        uint64_t ended = stats->frees + stats->live_blocks;
        CHECK(stats->allocations <= ended && ended - stats->allocations <= faults,
              "%" PRIu64 " allocations, %" PRIu64 " frees, %" PRIu64 " live", stats->allocations, stats->frees,
              stats->live_blocks);
    } else {
        CHECK(stats->allocations + stats->frees + stats->requested_bytes == 0, "counted at level 1");
    }
}

static void check_laws(const corral_stats *stats) {
    CHECK(stats->exact == 1, "nothing moves, and the figures are not exact");
    CHECK(stats->large_blocks <= stats->live_blocks, "more large blocks than blocks");
    CHECK(stats->large_bytes <= stats->live_bytes, "more large bytes than bytes");
    CHECK(stats->peak_bytes >= stats->live_bytes, "peak %" PRIu64 " below live %" PRIu64,
          stats->peak_bytes, stats->live_bytes);
    CHECK(stats->live_bytes >= stats->live_blocks * 16, "%" PRIu64 " blocks of %" PRIu64 " bytes",
          stats->live_blocks, stats->live_bytes);
    CHECK(stats->slab_bytes >= stats->live_bytes - stats->large_bytes, "slabs do not hold the blocks");
    CHECK(stats->reserved_bytes >= stats->slab_bytes + stats->large_bytes, "less addresses than memory");
    CHECK(stats->shelved_slabs + stats->held_slabs == stats->slabs,
          "%" PRIu64 " slabs on shelves and %" PRIu64 " others are not %" PRIu64, stats->shelved_slabs,
          stats->held_slabs, stats->slabs);
    CHECK(stats->committed_bytes >= stats->slab_bytes + stats->kept_bytes + stats->large_bytes,
          "more in slabs than there is");
    CHECK(stats->committed_bytes >= stats->live_bytes && stats->committed_bytes <= stats->reserved_bytes,
          "%" PRIu64 " bytes of memory for %" PRIu64 " live, at %" PRIu64 " of addresses", stats->committed_bytes,
          stats->live_bytes, stats->reserved_bytes);
    check_counts(stats);
    CHECK((stats->live_blocks == 0) == (stats->live_bytes == 0), "blocks without bytes");
}

struct classes {
    corral_class_stats sum; /* of block_bytes, the last class's */
    uint64_t large_blocks, large_bytes;
};

static void add_class(const corral_class_stats *stats, size_t stats_size, void *argument) {
    struct classes *classes = argument;
    CHECK(stats_size == sizeof *stats, "%zu bytes", stats_size);
    CHECK(classes->large_blocks == 0, "a class behind the large blocks");
    if (stats->block_bytes == 0) {
        classes->large_blocks = stats->live_blocks;
        classes->large_bytes = stats->live_bytes;
        CHECK(stats->live_blocks > 0 && stats->refills + stats->remote_blocks + stats->slabs == 0, "large");
    } else {
        CHECK(stats->block_bytes > classes->sum.block_bytes, "a class of %" PRIu64 " behind one of %" PRIu64,
              stats->block_bytes, classes->sum.block_bytes);
        CHECK(stats->live_bytes == stats->live_blocks * stats->block_bytes, "bytes are not of the class");
    }
    classes->sum.block_bytes = stats->block_bytes;
    classes->sum.live_blocks += stats->live_blocks;
    classes->sum.live_bytes += stats->live_bytes;
    classes->sum.refills += stats->refills;
    classes->sum.remote_blocks += stats->remote_blocks;
    classes->sum.slabs += stats->slabs;
}

static void check_classes(uint32_t memory_type_id, const corral_stats *stats) {
    struct classes classes = {0};
    CHECK(corral_visit_classes(memory_type_id, add_class, &classes) == CORRAL_OK, "no classes");
    CHECK(classes.sum.live_blocks == stats->live_blocks && classes.sum.live_bytes == stats->live_bytes,
          "classes have %" PRIu64 " blocks of %" PRIu64 " bytes, the category %" PRIu64 " of %" PRIu64,
          classes.sum.live_blocks, classes.sum.live_bytes, stats->live_blocks, stats->live_bytes);
    CHECK(classes.large_blocks == stats->large_blocks && classes.large_bytes == stats->large_bytes,
          "large blocks differ");
    CHECK(classes.sum.refills == stats->refills && classes.sum.remote_blocks == stats->remote_blocks &&
              classes.sum.slabs == stats->slabs,
          "classes have %" PRIu64 " refills, %" PRIu64 " blocks sent, %" PRIu64 " slabs; the category %" PRIu64
          ", %" PRIu64 ", %" PRIu64,
          classes.sum.refills, classes.sum.remote_blocks, classes.sum.slabs, stats->refills,
          stats->remote_blocks, stats->slabs);
}

corral_stats figures_of(uint32_t memory_type_id) {
    corral_stats stats;
    memset(&stats, 0xa5, sizeof stats);
    corral_status status = corral_category_stats(memory_type_id, &stats, sizeof stats);
    if (status == CORRAL_EUNUSED) {
        memset(&stats, 0, sizeof stats);
        return stats;
    }
    CHECK(status == CORRAL_OK, "status %d", (int)status);
    check_laws(&stats);
    check_classes(memory_type_id, &stats);
    return stats;
}

corral_stats figures_total(void) {
    corral_stats stats;
    memset(&stats, 0xa5, sizeof stats);
    corral_status status = corral_total_stats(&stats, sizeof stats);
    CHECK(status == CORRAL_OK, "status %d", (int)status);
    check_laws(&stats);
    return stats;
}

#if CORRAL_HARDENED && defined(CORRAL_STATIC)
uint64_t figures_bytes(const void *block) {
    if (GUARDS && guard_covers(block)) {
        return corral_classes[guard_pool_at(block) & (CLASS_STRIDE - 1)].size;
    }
    return registry_covers((uintptr_t)block)
               ? corral_classes[registry_pool((uintptr_t)block) & (CLASS_STRIDE - 1)].size
               : corral_usable_size(block);
}
#elif CORRAL_HARDENED
/* With a shared library, tests ask for blocks that are neither aligned nor resized: their class is that of their size. */
uint64_t figures_bytes(const void *block) {
    size_t size = corral_usable_size(block) + 1;
    if (size > CORRAL_BLOCK_MAX) {
        return size - 1;
    }
    while (size < CORRAL_BLOCK_MAX && CORRAL_CLASS_OF(size + 1) == CORRAL_CLASS_OF(size)) {
        size++;
    }
    return size;
}
#else
uint64_t figures_bytes(const void *block) {
    return corral_usable_size(block);
}
#endif

uint64_t figures_span(const void *block) {
    corral_guarded it;
    return corral_guarded_at(block, &it, sizeof it) ? corral_usable_size(block) : figures_bytes(block);
}

void figures_expect(uint32_t memory_type_id, uint64_t blocks, uint64_t bytes) {
    corral_stats stats = figures_of(memory_type_id);
    CHECK(stats.live_blocks == blocks && stats.live_bytes == bytes,
          "id %#" PRIx32 " has %" PRIu64 " blocks of %" PRIu64 " bytes, not %" PRIu64
          " of %" PRIu64,
          memory_type_id, stats.live_blocks, stats.live_bytes, blocks, bytes);
}

void figures_expect_nothing(void) {
    corral_stats stats = figures_total();
    CHECK(stats.live_blocks == 0 && stats.live_bytes == 0 && stats.large_blocks == 0,
          "%" PRIu64 " blocks of %" PRIu64 " bytes are left, %" PRIu64 " of them large",
          stats.live_blocks, stats.live_bytes, stats.large_blocks);
}
