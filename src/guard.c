/* SPDX-License-Identifier: MIT
 *
 * guard: see guard.h.
 *
 * Owns:     the threads' turns; the most slabs' worth of live blocks that a category had when it was looked at for its peak.
 * Callers:  through guard.h.
 * Promises: as guard.h. What fails on the way to a block is undone.
 * Does not: read a block that is not live, or of whose end it is not the one to see.
 */
#include "guard.h"

#include "backend.h"
#include "budget.h"
#include "category.h"
#include "figures.h"
#include "guard_range.h"
#include "guard_wait.h"
#include "misuse.h"
#include "os.h"
#include "slab.h"
#include "thread.h"

#include <string.h>

__thread struct guard_turn corral_guard_turn;

static _Atomic uint64_t slabs_most[CATEGORY_LIMIT];

/* From 1 to twice the mean, less one, each as often. */
bool corral_guard_draw(void) {
    struct guard_turn *turn = &corral_guard_turn;
    if (!corral_backend_protects()) {
        turn->left = UINT32_MAX;
        return false;
    }
    uint32_t drawn = 1 + (uint32_t)(corral_os_random() % (2 * (uint64_t)GUARD_EVERY - 1));
    bool due = turn->begun || drawn == 1;
    turn->left = drawn;
    turn->begun = true;
    return due;
}

/* The calling thread's figures have the pool from here on. False when it can have none. */
static bool use_pool(uint32_t pool) {
    struct cache *cache = thread_cache_attached();
    if (cache == NULL || cache_pool(cache, pool) == NULL) {
        return false;
    }
    /* [R:own] */
    row_use(load_relaxed(&cache->rows[pool >> CLASS_STRIDE_LOG]), pool & (CLASS_STRIDE - 1));
    return true;
}

static uint32_t bytes_of(uint32_t pool) {
    return corral_classes[pool & (CLASS_STRIDE - 1)].size;
}

/* Counts a block that comes, or with -1 goes. In no thread's name: another may free it. */
static void count(uint32_t pool, int blocks) {
    fetch_add_relaxed(&corral_slab_strays[pool], blocks); /* [R:figure] */
    category_count_stray(pool >> CLASS_STRIDE_LOG, blocks * (int64_t)bytes_of(pool));
    corral_guard_count(pool, blocks);
}

/* As of slabs (figures.h): where they are a sixteenth more than they were. */
static void note_peak(uint32_t category) {
    uint64_t now = corral_guard_slabs(category);
    uint64_t before = load_relaxed(&slabs_most[category]); /* [R:figure] */
    if (now >= before + before / 16 + 1) {
        figure_raise(&slabs_most[category], now);
        corral_figures_look(category);
    }
}

/* Counts a block and charges it. False when a budget refuses it: then nothing has happened. */
static bool count_and_charge(uint32_t pool) {
    count(pool, 1);
    if (likely(budget_charge(pool >> CLASS_STRIDE_LOG, bytes_of(pool)))) {
        return true;
    }
    count(pool, -1);
    budget_forget();
    return false;
}

/* The pages of a block that are usable while it is live. */
struct pages {
    char *start;
    size_t size;
};

static struct pages pages_of(const struct guard_block *it) {
    size_t page = corral_os_page_size();
    uintptr_t start = load_relaxed(&it->block) & ~((uintptr_t)page - 1); /* [R:holder] */
    return (struct pages){(char *)start, (size_t)((uintptr_t)guard_end(it, page) - start)};
}

/* A run for a block of so many bytes, with that block's pages usable; its address and size are set. NULL when there is none. */
static struct guard_block *claim(size_t size, size_t alignment, uint32_t pool) {
    size_t page = corral_os_page_size();
    struct guard_block *it = corral_guard_claim(pool >> CLASS_STRIDE_LOG, corral_guard_units(pool));
    if (it == NULL) {
        return NULL;
    }
    uintptr_t block = ((uintptr_t)guard_end(it, page) - size) & ~((uintptr_t)alignment - 1);
    store_release(&it->block, block); /* [E:guarded] */
    store_release(&it->asked, size);  /* [E:guarded] */
    store_release(&it->file, NULL);   /* [E:guarded] */
    store_release(&it->line, 0);      /* [E:guarded] */
    store_relaxed(&it->mark, 0);      /* [R:holder] */
    struct pages pages = pages_of(it);
    if (!corral_backend_protect(pages.start, pages.size, true)) {
        corral_guard_give(it);
        return NULL;
    }
    return it;
}

static bool may_be(size_t alignment, uint32_t category) {
    return alignment <= corral_os_page_size() && (control_flags(category) & CONTROL_FAILS) == 0;
}

CORRAL_SLOW void *corral_guard_alloc(size_t size, size_t alignment, uint32_t pool) {
    uint32_t category = pool >> CLASS_STRIDE_LOG;
    if (!may_be(alignment, category) || !use_pool(pool) || !count_and_charge(pool)) {
        return NULL;
    }
    alignment = alignment < BLOCK_MIN ? BLOCK_MIN : alignment;
    struct guard_block *it = claim(size == 0 ? 1 : size, alignment, pool);
    if (it == NULL) {
        count(pool, -1);
        budget_forget();
        return NULL;
    }
    corral_guard_fill(it);
    uint64_t life = guard_word_life(load_relaxed(&it->word)); /* [R:holder] */
    /* [E:guarded] Publishes what is known of the block to who looks an address up. */
    store_release(&it->word, guard_word(life, guard_units(it), pool & (CLASS_STRIDE - 1), GUARD_IS_LIVE));
    category_count_allocation(category);
    category_count_requested(category, size);
    note_peak(category);
    budget_tell_if_due(category, bytes_of(pool));
    return (void *)load_relaxed(&it->block); /* [R:own] */
}

struct guard_block *corral_guard_find(const void *block) {
    struct guard_block *it = corral_guard_around(corral_guard_range_of(block), block);
    return it != NULL && load_relaxed(&it->block) == (uintptr_t)block ? it : NULL; /* [R:holder] */
}

/* Ends a block's life. False when it has none. */
static bool end(struct guard_block *it) {
    uint64_t word = load_relaxed(&it->word); /* [R:holder] */
    uint64_t freed = word ^ (GUARD_IS_LIVE ^ GUARD_IS_FREED);
    /* [R:holder] Of two frees of one block, one changes the state. */
    return guard_word_state(word) == GUARD_IS_LIVE && cas_relaxed(&it->word, &word, freed);
}

/* Takes the memory of a block that has ended, and lets its addresses wait. Where its pages cannot be made to trap, they are
 * zero. */
static void retire(struct guard_block *it) {
    struct pages pages = pages_of(it);
    if (!corral_backend_purge(pages.start, pages.size)) {
        memset(pages.start, 0, pages.size);
    }
    corral_backend_protect(pages.start, pages.size, false);
    count(guard_pool(it), -1);
    corral_guard_wait(it);
}

/* Looks at what lies before and behind a block; where that was written to, the misuse policy runs. */
static void look(struct guard_block *it) {
    const void *block = (const void *)load_relaxed(&it->block); /* [R:holder] */
    bool before = corral_guard_holds_before(it);
    bool behind = corral_guard_holds_behind(it);
    if (!before || !behind) {
        corral_guard_fill(it); /* it is told once */
    }
    if (!before) {
        corral_misuse(MISUSE_UNDERFLOW, block, guard_pool(it));
    }
    if (!behind) {
        corral_misuse(MISUSE_OVERFLOW, block, guard_pool(it));
    }
}

CORRAL_SLOW void corral_guard_pass(struct guard_block *it) {
    struct mark *mark = (struct mark *)&it->mark;
    if ((control_flags(it->range->category) & CONTROL_ORIGINS) != 0 && corral_mark_end(mark) == MARK_LEFT) {
        return; /* a walk reads it, and does this then */
    }
    look(it);
    retire(it);
}

bool corral_guard_may_resize(struct guard_block *it) {
    if (!guard_is_live(it)) {
        corral_misuse(MISUSE_DOUBLE_FREE, (const void *)load_relaxed(&it->block), guard_pool(it)); /* [R:holder] */
        return false;
    }
    look(it);
    return true;
}

CORRAL_SLOW void corral_guard_free(void *block) {
    struct guard_block *it = corral_guard_find(block);
    if (it == NULL) {
        corral_misuse(MISUSE_FOREIGN, block, guard_pool_at(block));
    } else if (!end(it)) {
        corral_misuse(MISUSE_DOUBLE_FREE, block, guard_pool(it));
    } else {
        category_count_free(it->range->category);
        corral_guard_pass(it);
    }
}

void corral_guard_note_origin(struct guard_block *it, const char *file, uint32_t line) {
    store_release(&it->file, NULL); /* [E:guarded] */
    store_release(&it->line, line); /* [E:guarded] */
    store_release(&it->file, file); /* [E:guarded] */
}

void corral_guard_set_size(struct guard_block *it, size_t size) {
    store_release(&it->asked, size == 0 ? 1 : size); /* [E:guarded] */
    corral_guard_fill_behind(it);
}

bool corral_guard_resize(struct guard_block *it, size_t size) {
    uint32_t bytes = bytes_of(guard_pool(it));
    uintptr_t end = (uintptr_t)guard_end(it, corral_os_page_size());
    size_t room = end - load_relaxed(&it->block); /* [R:holder] */
    if (size > room || (size < bytes / 2 && bytes != BLOCK_MIN)) {
        return false;
    }
    corral_guard_set_size(it, size);
    return true;
}

void corral_guard_visit(uint32_t category, corral_guard_visitor *visit, void *argument) {
    for (struct guard_range *range = corral_guard_ranges(category); range != NULL; range = range->next) {
        for (unsigned unit = 0; unit < GUARD_UNITS; unit++) {
            struct guard_block *it = &range->blocks[unit];
            if (guard_is_live(it)) {
                visit(it, argument);
            }
        }
    }
}

CORRAL_SLOW bool corral_guard_release(void) {
    corral_guard_wait_no_more();
    return corral_guard_end_empty();
}

static void end_live(struct guard_block *it, void *argument) {
    (void)argument;
    if (end(it)) {
        store_relaxed(&it->mark, 0); /* [R:holder] */
        retire(it);
    }
}

void corral_guard_end_all(uint32_t category) {
    corral_guard_visit(category, end_live, NULL);
}
