/* SPDX-License-Identifier: MIT
 *
 * The census of census.h.
 *
 * Owns:     the figures of the last census.
 * Callers:  main.c, report.c.
 * Promises: each comparison that fails says the category and both numbers.
 * Does not: change anything, but for the damages that --break asks for.
 */
#include "census.h"

#include "block_table.h"
#include "check.h"
#include "memory.h"

#include <inttypes.h>

struct count {
    uint64_t blocks;
    uint64_t bytes;
};

struct walk {
    struct count counts[CATEGORIES];
    uintptr_t end; /* of the block before */
};

static corral_stats held[CATEGORIES];

const corral_stats *census_held(enum category category) {
    return &held[category];
}

corral_stats census_figures(enum category category) {
    corral_stats stats;
    const uint32_t id = category_table[category].id;
    if (corral_category_stats(id, &stats, sizeof stats) == CORRAL_EINVAL) {
        mismatch("census", "corral refuses the figures of %s", category_table[category].name);
    }
    return stats;
}

static void visit(const void *block, struct block_entry entry, void *context) {
    struct walk *walk = context;
    /* As far as addresses go: the next block may be in a mapping far away. */
    const size_t beyond = damage_once(DAMAGE_OVERLAP) ? (size_t)1 << 46 : 0;
    const size_t usable = memory_usable(block) + beyond;
    const struct category_entry *category = &category_table[entry.category];
    if ((uintptr_t)block < walk->end) {
        mismatch("overlap", "%p of %s lies in the block before it", block, category->name);
    }
    walk->end = (uintptr_t)block + usable;
    walk->counts[entry.category].blocks++;
    walk->counts[entry.category].bytes += usable;
    if (memory_backend() == BACKEND_CORRAL && corral_memory_type_of(block) != category->id) {
        mismatch("census-type", "%p of %s has memory type %#" PRIx64, block, category->name,
                 corral_memory_type_of(block));
    }
}

/* The number of calls is one account of what lives, and the table of blocks another. */
static void compare_tally(enum category category, struct count count) {
    const struct memory_tally tally = memory_tally_of(memory_backend(), category);
    if (tally.allocations - tally.frees != count.blocks) {
        mismatch("census",
                 "%s: %" PRIu64 " allocations less %" PRIu64 " frees, but %" PRIu64 " blocks",
                 category_table[category].name, tally.allocations, tally.frees, count.blocks);
    }
}

static void compare_figures(enum category category, struct count count) {
    const char *name = category_table[category].name;
    corral_stats stats = census_figures(category);
    if (damage_once(DAMAGE_PEAK)) {
        stats.peak_bytes = 0;
    }
    if (stats.live_blocks != count.blocks || stats.live_bytes != count.bytes) {
        mismatch("census",
                 "%s: corral holds %" PRIu64 " blocks, %" PRIu64 " bytes; the libraries %" PRIu64
                 " blocks, %" PRIu64 " bytes",
                 name, stats.live_blocks, stats.live_bytes, count.blocks, count.bytes);
    }
    if (stats.peak_bytes < stats.live_bytes) {
        mismatch("peak", "%s: a peak of %" PRIu64 " bytes with %" PRIu64 " live", name,
                 stats.peak_bytes, stats.live_bytes);
    }
    if (stats.shares_overflow != 0) {
        mismatch("overflow", "%s has no category of its own", name);
    }
    if (stats.exact == 0) {
        mismatch("census", "%s: the figures moved though no thread allocates", name);
    }
    held[category] = stats;
}

/* Figures level 2 counts calls as well. A resize may be an allocation and a free to corral. */
static void compare_calls(enum category category) {
    const corral_stats *stats = &held[category];
    const struct memory_tally tally = memory_tally_of(BACKEND_CORRAL, category);
    const uint64_t moved = stats->allocations - tally.allocations;
    if (stats->allocations == 0) {
        return;
    }
    if (stats->allocations < tally.allocations || moved > tally.resizes ||
        stats->frees != tally.frees + moved) {
        mismatch("calls",
                 "%s: corral counts %" PRIu64 " allocations and %" PRIu64 " frees, the "
                 "libraries %" PRIu64 " and %" PRIu64 ", with %" PRIu64 " resizes",
                 category_table[category].name, stats->allocations, stats->frees, tally.allocations,
                 tally.frees, tally.resizes);
    }
}

static void compare_total(const struct walk *walk) {
    corral_stats total;
    corral_total_stats(&total, sizeof total);
    struct count sum = {0};
    for (unsigned index = 0; index < CATEGORIES; index++) {
        sum.blocks += walk->counts[index].blocks;
        sum.bytes += walk->counts[index].bytes;
    }
    if (total.live_blocks != sum.blocks || total.live_bytes != sum.bytes) {
        mismatch("census",
                 "in all, corral holds %" PRIu64 " blocks, %" PRIu64
                 " bytes; the libraries %" PRIu64 " blocks, %" PRIu64 " bytes",
                 total.live_blocks, total.live_bytes, sum.blocks, sum.bytes);
    }
}

static void compare(void) {
    static struct walk walk; /* too big for a stack that a sanitizer has made bigger */
    walk = (struct walk){0};
    block_table_walk(visit, &walk);
    for (unsigned index = 0; index < CATEGORIES; index++) {
        compare_tally((enum category)index, walk.counts[index]);
        if (memory_backend() == BACKEND_CORRAL) {
            compare_figures((enum category)index, walk.counts[index]);
            compare_calls((enum category)index);
        }
    }
    if (memory_backend() == BACKEND_CORRAL) {
        compare_total(&walk);
    }
}

/* With a block that no library holds, or one that the table has under another category. */
static void compare_damaged(void) {
    const uint32_t id = category_table[GAME_SAVES].id;
    void *block = corral_alloc(256, id);
    struct block_entry entry = {0, ENET_HOSTS};
    if (damage_chosen(DAMAGE_CENSUS_TYPE)) {
        block_table_add(block, entry);
    }
    compare();
    block_table_remove(block, &entry);
    corral_free(block, id);
}

void census_take(void) {
    const bool damaged = damage_chosen(DAMAGE_CENSUS) || damage_chosen(DAMAGE_CENSUS_TYPE);
    if (damaged && memory_backend() == BACKEND_CORRAL) {
        compare_damaged();
    } else {
        compare();
    }
}

static void find_left_over(const void *block, struct block_entry entry, void *context) {
    (void)context;
    mismatch("left-over", "%p of %s is still live after its library was closed", block,
             category_table[entry.category].name);
}

void census_check_empty(void) {
    block_table_walk(find_left_over, NULL);
    for (unsigned index = 0; index < CATEGORIES; index++) {
        const corral_stats stats = census_figures((enum category)index);
        if (stats.live_blocks != 0 || stats.live_bytes != 0 || stats.large_blocks != 0) {
            mismatch("left-over", "%s: corral still holds %" PRIu64 " blocks, %" PRIu64 " bytes",
                     category_table[index].name, stats.live_blocks, stats.live_bytes);
        }
    }
}
