/* SPDX-License-Identifier: MIT
 *
 * walk: all live blocks whose category keeps origins.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: as corral/origin.h. What a walk reads of a block, and where its arena lies, it reads while it is counted in
 *           at the block's mark: so it holds the block.
 * Does not: hold a block while the visitor is told.
 */
#include <corral/origin.h>

#include "category.h"
#include "guard.h"
#include "large_own.h"
#include "mark.h"
#include "record.h"
#include "registry.h"
#include "slow_free.h"

struct walk {
    corral_origin_visitor *visit;
    void *argument;
    bool all;
    uint32_t category; /* unless all */
};

static bool is_wanted(const struct walk *walk, uint32_t category) {
    return walk->all || walk->category == category;
}

/* What is told of a block that is held. */
static corral_origin describe(const void *block, size_t bytes, uint32_t category, bool large) {
    struct record record = {.file = NULL};
    enum record_state state = corral_record_read(block, bytes, &record);
    if (state == RECORD_LIVE && record.file == NULL) {
        record.file = "";
    }
    return (corral_origin){
        .id = corral_category_id(category),
        .block = block,
        .file = record.file,
        .number = record.number,
        .size = record.size,
        .block_bytes = bytes,
        .line = record.line,
        .large = large,
    };
}

static void visit_block(const struct walk *walk, struct mark *mark, uint32_t number, unsigned slab, uint32_t at) {
    if (!corral_mark_hold(mark)) {
        return;
    }
    const struct registry_entry *entry = corral_registry_entry(number);
    const struct arena *arena = (struct arena *)load_relaxed(&entry->arena); /* [R:holder] */
    uint32_t pool = registry_slab_pool(number, slab);
    uint32_t size = corral_classes[pool & (CLASS_STRIDE - 1)].size;
    char *block = arena_slab_start(arena, slab) + (size_t)at * size;
    corral_origin origin = describe(block, size, entry->category, false);
    if (corral_mark_let_go(mark)) {
        corral_record_end(block, size);
        corral_free_any(block);
    }
    walk->visit(&origin, sizeof origin, walk->argument);
}

static void visit_slab(const struct walk *walk, struct mark *marks, uint32_t number, unsigned slab) {
    uint32_t pool = registry_slab_pool(number, slab);
    uint32_t blocks = size_class_has_blocks(pool) ? corral_classes[pool & (CLASS_STRIDE - 1)].capacity : 0;
    for (uint32_t at = 0; at < blocks && at < SLAB_MARKS; at++) {
        if (mark_is_set(&marks[at])) {
            visit_block(walk, &marks[at], number, slab, at);
        }
    }
}

/* A block between guard pages has its record where what was asked for ends. */
static void visit_guarded(struct guard_block *it, void *argument) {
    const struct walk *walk = argument;
    struct mark *mark = (struct mark *)&it->mark;
    if (!corral_mark_hold(mark)) {
        return;
    }
    struct guard_info info;
    bool live = guard_read(it, &info) && info.state == GUARD_IS_LIVE;
    corral_origin origin = {.file = NULL};
    if (live) {
        origin = describe(info.block, info.size, it->range->category, false);
        origin.block_bytes = corral_classes[info.pool & (CLASS_STRIDE - 1)].size;
    }
    if (corral_mark_let_go(mark)) {
        guard_pass(it);
    }
    if (live) {
        walk->visit(&origin, sizeof origin, walk->argument);
    }
}

static void visit_all_guarded(struct walk *walk) {
    uint32_t end = load_relaxed(&corral_category_end); /* [R:poll] */
    for (uint32_t category = 0; category < end; category++) {
        if (is_wanted(walk, category)) {
            guard_visit(category, visit_guarded, walk);
        }
    }
}

static void visit_arenas(const struct walk *walk) {
    uint32_t count = corral_registry_count();
    for (uint32_t number = 1; number < count; number++) {
        struct mark *marks = corral_mark_of_arena(number);
        if (marks == NULL || !is_wanted(walk, corral_registry_entry(number)->category)) {
            continue;
        }
        for (unsigned slab = HEADER_SLABS; slab < ARENA_SLABS; slab++) {
            visit_slab(walk, &marks[slab * SLAB_MARKS], number, slab);
        }
    }
}

static void visit_large(const struct walk *walk, struct mark *mark, void *block) {
    struct large_entry *entry = large_map_find(block);
    /* [R:poll] */
    if (!is_wanted(walk, large_word_category(load_relaxed(&entry->word))) || !corral_mark_hold(mark)) {
        return;
    }
    uint64_t word = load_relaxed(&entry->word); /* [R:holder] */
    bool live = large_word_state(word) == LARGE_IS_LIVE;
    corral_origin origin = {.file = NULL};
    if (live) {
        origin = describe(block, large_word_bytes(word), large_word_category(word), true);
    }
    if (corral_mark_let_go(mark)) {
        corral_large_own_pass(block, entry);
    }
    if (live) {
        walk->visit(&origin, sizeof origin, walk->argument);
    }
}

static void visit_root(const struct walk *walk, size_t root) {
    struct mark_leaf *leaf = corral_mark_of_root(root);
    for (size_t word = 0; leaf != NULL && word < LARGE_LEAF_ENTRIES / 64; word++) {
        uint64_t used = load_relaxed(&leaf->used[word]); /* [R:poll] */
        for (; used != 0; used &= used - 1) {
            size_t at = word * 64 + bits_lowest(used);
            if (mark_is_set(&leaf->marks[at])) {
                visit_large(walk, &leaf->marks[at], (void *)((root << LARGE_LEAF_LOG2 | at) << ARENA_SHIFT));
            }
        }
    }
}

static void visit_all_large(const struct walk *walk) {
    for (size_t word = 0; word < MARK_ROOT_WORDS; word++) {
        for (uint64_t roots = corral_mark_roots(word); roots != 0; roots &= roots - 1) {
            visit_root(walk, word * 64 + bits_lowest(roots));
        }
    }
}

corral_status corral_visit_origins(uint64_t id, corral_origin_visitor *visit, void *argument) {
    struct walk walk = {.visit = visit, .argument = argument, .all = id == CORRAL_MEMORY_TYPE_NONE};
    bool known = true;
    if (visit == NULL || (id > CORRAL_MEMORY_TYPE_OVERFLOW && !walk.all)) {
        return CORRAL_EINVAL;
    }
    if (id == CORRAL_MEMORY_TYPE_OVERFLOW) {
        walk.category = CATEGORY_OVERFLOW;
    } else if (!walk.all) {
        walk.category = corral_category_find((uint32_t)id, &known);
    }
    if (!known) {
        return CORRAL_EUNUSED;
    }
    visit_arenas(&walk);
    visit_all_large(&walk);
    if (GUARDS) {
        visit_all_guarded(&walk);
    }
    return CORRAL_OK;
}
