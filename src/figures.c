/* SPDX-License-Identifier: MIT
 *
 * figures: see figures.h.
 *
 * Owns:     nothing.
 * Callers:  through figures.h.
 * Promises: as figures.h.
 * Does not: write anything but a category's peak.
 */
#include "figures.h"

#include "category.h"

#include <string.h>

/* Sums that are tried before the answer is called inexact. */
#define READ_TRIES 8u
/* Sums of which the least may be a peak. */
#define PEAK_SUMS 3u

static int64_t not_negative(int64_t figure) {
    return figure < 0 ? 0 : figure;
}

#if CORRAL_FIGURES_LEVEL >= 2
static void add_counts(struct figures *figures, const struct corral_front *front) {
    figures->allocations += load_relaxed(&front->allocations); /* [R:figure] */
    figures->frees += load_relaxed(&front->frees);             /* [R:figure] */
    figures->requested += load_relaxed(&front->requested);     /* [R:figure] */
}
#else
static void add_counts(struct figures *figures, const struct corral_front *front) {
    (void)figures, (void)front;
}
#endif

static void add_pool(struct figures *figures, const struct pool *pool,
                     const struct corral_front *front, uint32_t size) {
    int64_t blocks = load_relaxed(&pool->net);                /* [R:figure] */
    blocks -= (int64_t)bits_count(load_relaxed(&pool->run)); /* [R:figure] */
    blocks -= (int64_t)bits_count(load_relaxed(&pool->open_bits)); /* [R:figure] */
    blocks -= load_relaxed(&front->limit);                    /* [R:figure] */
    blocks += load_relaxed(&front->room);                     /* [R:figure] */
    figures->blocks += blocks;
    figures->bytes += blocks * (int64_t)size;
    figures->sent += load_relaxed(&pool->sent);       /* [R:figure] */
    figures->refills += load_relaxed(&pool->refills); /* [R:figure] */
    add_counts(figures, front);
}

static void add_cache(struct figures *figures, const struct cache *cache, uint32_t category) {
    const struct row *row = cache_row_of(cache, category);
    if (row == NULL) {
        return;
    }
    const struct corral_front *fronts = &cache->fronts[category << CLASS_STRIDE_LOG];
    for (unsigned word = 0; word < CLASS_WORDS; word++) {
        for (uint64_t used = row_used(row, word); used != 0; used &= used - 1) {
            unsigned i = word * 64 + bits_lowest(used);
            add_pool(figures, &row->pools[i], &fronts[i], corral_classes[i].size);
        }
    }
}

/* Strays of a pool, of which there are any only where the category has some. */
static void add_strays(struct figures *figures, uint32_t pool) {
    int64_t blocks = load_relaxed(&corral_slab_strays[pool]); /* [R:figure] */
    figures->blocks += blocks;
    figures->bytes += blocks * (int64_t)corral_classes[pool & (CLASS_STRIDE - 1)].size;
}

static void add_all_strays(struct figures *figures, uint32_t category) {
    if (load_relaxed(&corral_categories[category].strayed)) { /* [R:figure] */
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            add_strays(figures, (category << CLASS_STRIDE_LOG) + i);
        }
    }
}

/* A thread's own large block is counted as live, and is not. */
static void take_off_own(struct figures *figures, const struct cache *cache, uint32_t category) {
    size_t bytes = large_own_bytes(&cache->large_own, category);
    figures->large_blocks -= bytes != 0;
    figures->large_bytes -= (int64_t)bytes;
}

static void add_shared(struct figures *figures, struct category *shared) {
    figures->large_blocks += (int64_t)load_relaxed(&shared->large_blocks); /* [R:figure] */
    figures->large_bytes += (int64_t)load_relaxed(&shared->large_bytes);   /* [R:figure] */
    figures->large_blocks = not_negative(figures->large_blocks);
    figures->large_bytes = not_negative(figures->large_bytes);
    figures->blocks += figures->large_blocks;
    figures->bytes += figures->large_bytes;
    figures->allocations += load_relaxed(&shared->allocations); /* [R:figure] */
    figures->frees += load_relaxed(&shared->frees);             /* [R:figure] */
    figures->requested += load_relaxed(&shared->requested);     /* [R:figure] */
}

void corral_figures_sum(uint32_t category, struct figures *figures) {
    *figures = (struct figures){0};
    for (unsigned i = 1, count = corral_cache_count(); i < count; i++) {
        const struct cache *cache = corral_cache_named(i);
        if (cache != NULL) {
            add_cache(figures, cache, category);
            take_off_own(figures, cache, category);
        }
    }
    add_all_strays(figures, category);
    add_shared(figures, &corral_categories[category]);
    figures->blocks = not_negative(figures->blocks);
    figures->bytes = not_negative(figures->bytes);
}

static void sum_pool(uint32_t pool, struct figures *figures) {
    uint32_t category = pool >> CLASS_STRIDE_LOG;
    unsigned i = pool & (CLASS_STRIDE - 1);
    *figures = (struct figures){0};
    for (unsigned named = 1, count = corral_cache_count(); named < count; named++) {
        const struct cache *cache = corral_cache_named(named);
        const struct row *row = cache_row_of(cache, category);
        if (row != NULL && (row_used(row, i / 64) >> i % 64 & 1) != 0) {
            add_pool(figures, &row->pools[i], &cache->fronts[pool], corral_classes[i].size);
        }
    }
    add_strays(figures, pool);
    figures->blocks = not_negative(figures->blocks);
    figures->bytes = not_negative(figures->bytes);
}

/* Sums until two sums agree. */
static bool read_by(void (*sum)(uint32_t of, struct figures *figures), uint32_t of,
                    struct figures *figures) {
    struct figures again;
    sum(of, figures);
    for (unsigned i = 0; i < READ_TRIES; i++) {
        sum(of, &again);
        if (memcmp(figures, &again, sizeof again) == 0) {
            return true;
        }
        *figures = again;
    }
    return false;
}

bool corral_figures_read(uint32_t category, struct figures *figures) {
    return read_by(corral_figures_sum, category, figures);
}

bool corral_figures_read_pool(uint32_t pool, struct figures *figures) {
    return read_by(sum_pool, pool, figures);
}

uint64_t corral_figures_used(uint32_t category, unsigned word) {
    uint64_t used = 0;
    for (unsigned i = 1, count = corral_cache_count(); i < count; i++) {
        const struct row *row = cache_row_of(corral_cache_named(i), category);
        used |= row == NULL ? 0 : row_used(row, word);
    }
    return used;
}

/* Raises the most there was of something, and tells whether by enough to look at the sum. */
static bool has_grown(_Atomic uint64_t *most, uint64_t now) {
    uint64_t before = load_relaxed(most); /* [R:figure] */
    if (now < before + before / 16 + 1) {
        return false;
    }
    figure_raise(most, now);
    return true;
}

/* A sum that another thread passes, or that is interrupted in the middle, counts blocks that moved meanwhile
 * twice or not at all. */
uint64_t corral_figures_live(uint32_t category) {
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < PEAK_SUMS; i++) {
        struct figures figures;
        corral_figures_sum(category, &figures);
        least = (uint64_t)figures.bytes < least ? (uint64_t)figures.bytes : least;
    }
    return least;
}

void corral_figures_note_peak(uint32_t category) {
    struct category *shared = &corral_categories[category];
    /* [R:figure] */
    bool grown = has_grown(&shared->slabs_most, load_relaxed(&shared->slabs));
    /* [R:figure] */
    grown |= has_grown(&shared->large_most, load_relaxed(&shared->large_bytes));
    if (grown) {
        fetch_add_relaxed(&shared->looks, 1); /* [R:figure] */
        corral_figures_look(category);
    }
}

CORRAL_SLOW void corral_figures_look(uint32_t category) {
    figure_raise(&corral_categories[category].peak_bytes, corral_figures_live(category));
}
