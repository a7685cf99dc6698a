/* SPDX-License-Identifier: MIT
 *
 * stats: the public figures of size classes.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: as corral.h.
 * Does not: count; it reads. Tell of anything while it holds something: a visitor may call corral.
 */
#include <corral/corral.h>

#include "category.h"
#include "figures.h"
#include "guard_map.h"

static void visit_pool(uint32_t pool, corral_class_visitor *visit, void *argument) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    struct figures figures;
    corral_figures_read_pool(pool, &figures);
    int32_t units = load_relaxed(&corral_slab_counts[pool]); /* [R:figure] */
    corral_class_stats stats = {
        .block_bytes = size_class->size,
        .live_blocks = (uint64_t)figures.blocks,
        .live_bytes = (uint64_t)figures.bytes,
        .refills = figures.refills,
        .remote_blocks = figures.sent,
        .slabs = (units > 0 ? (uint64_t)units * size_class->slabs : 0) + guard_slabs_of_pool(pool),
    };
    visit(&stats, sizeof stats, argument);
}

static void visit_large(uint32_t category, corral_class_visitor *visit, void *argument) {
    struct figures figures;
    corral_figures_read(category, &figures);
    if (figures.large_blocks > 0) {
        corral_class_stats stats = {
            .live_blocks = (uint64_t)figures.large_blocks,
            .live_bytes = (uint64_t)figures.large_bytes,
        };
        visit(&stats, sizeof stats, argument);
    }
}

/* The category that a visitor of categories was told, or that an id has. False when it is not in use. */
static bool find(uint64_t id, uint32_t *category) {
    bool known = true;
    *category = id == CORRAL_MEMORY_TYPE_OVERFLOW ? CATEGORY_OVERFLOW
                                                  : corral_category_find((uint32_t)id, &known);
    return known && category_is_used(*category);
}

corral_status corral_visit_classes(uint64_t id, corral_class_visitor *visit, void *argument) {
    uint32_t category;
    if (visit == NULL || id > CORRAL_MEMORY_TYPE_OVERFLOW) {
        return CORRAL_EINVAL;
    }
    if (!find(id, &category)) {
        return CORRAL_EUNUSED;
    }
    for (unsigned word = 0; word < CLASS_WORDS; word++) {
        for (uint64_t used = corral_figures_used(category, word); used != 0; used &= used - 1) {
            visit_pool((category << CLASS_STRIDE_LOG) + word * 64 + bits_lowest(used), visit, argument);
        }
    }
    visit_large(category, visit, argument);
    return CORRAL_OK;
}
