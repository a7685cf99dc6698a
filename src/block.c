/* SPDX-License-Identifier: MIT
 *
 * block: the other doors to a block: zeroed, resized, aligned, asked about.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: as corral.h.
 * Does not: free or allocate by paths of its own.
 */
#include "block.h"

#include "budget.h"
#include "category.h"
#include "control.h"
#include "guard.h"
#include <corral/corral.h>
#include "large.h"
#include "mark.h"
#include "misuse.h"
#include "os.h"
#include "pool.h"
#include "slab.h"

#include <errno.h>
#include <string.h>

uint32_t corral_version(void) {
    return CORRAL_VERSION_MAJOR * 10000 + CORRAL_VERSION_MINOR * 100 + CORRAL_VERSION_PATCH;
}

void *corral_block_zeroed(size_t count, size_t size, uint32_t pool_base) {
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    bool zero;
    void *block = corral_alloc_from(bytes, pool_base, &zero);
    if (block != NULL && !zero) {
        memset(block, 0, bytes);
    }
    return block;
}

void *corral_calloc(size_t count, size_t size, uint32_t id) {
    size_t bytes;
    if (HARDENED || __builtin_mul_overflow(count, size, &bytes) || unlikely(bytes > TABLE_MAX)) {
        return corral_block_zeroed(count, size, corral_pool_base(id));
    }
    void *block = corral_alloc(bytes, id);
    return likely(block != NULL) ? memset(block, 0, bytes) : NULL;
}

void *corral_block_aligned(size_t alignment, size_t size, uint32_t pool_base) {
    if (!is_power_of_two(alignment)) {
        errno = EINVAL;
        return NULL;
    }
    bool zero;
    if (alignment <= BLOCK_MIN) {
        return corral_alloc_from(size, pool_base, &zero);
    }
    /* What is above PTRDIFF_MAX has no class. */
    unsigned class_index = size_class_aligned(alignment, size > BLOCK_MAX ? size : size + TAIL_LEAST);
    if (class_index < CLASS_COUNT) {
        uint32_t pool = pool_base + class_index;
        void *guarded = guard_take(size, alignment, pool);
        return guarded != NULL ? guarded : hardened_lend(alloc_count(corral_alloc_pool(pool), size, pool), size);
    }
    return corral_alloc_large(size, alignment, pool_base >> CLASS_STRIDE_LOG, &zero);
}

void *corral_aligned_alloc(size_t alignment, size_t size, uint32_t id) {
    return corral_block_aligned(alignment, size, corral_pool_base(id));
}

/* Grows a block that has a unit of slabs to itself into the slabs behind it. */
static bool grow_unit(void *block, size_t size, uint32_t category) {
    struct slab *slab = slab_of(block);
    if (control_is_counted(category)) {
        return false; /* it is charged as any other */
    }
    unsigned want = size > BLOCK_MAX - TAIL_LEAST ? CLASS_COUNT : size_class_of(size + TAIL_LEAST);
    if (want == CLASS_COUNT || slab->capacity != 1 || corral_classes[want].capacity != 1 ||
        corral_classes[want].slabs <= slab->slabs) {
        return false;
    }
    struct pool *before = corral_pool_of_thread(slab->pool);
    struct pool *after = corral_pool_of_thread((category << CLASS_STRIDE_LOG) + want);
    if (before == NULL || after == NULL || !corral_slab_grow_holder(slab, want)) {
        return false;
    }
    pool_net_add(before, -1);
    pool_net_add(after, 1);
    return true;
}

/* Resizes a large block, of a category with a budget: what it is to grow by is counted and charged first. */
CORRAL_SLOW static bool resize_counted(void *block, size_t size, const struct block_info *info) {
    size_t bytes = round_up(size, corral_os_page_size());
    int64_t more = bytes > info->size ? (int64_t)(bytes - info->size) : 0;
    corral_large_count(info->category, more);
    bool done = (more == 0 || corral_budget_charge(info->category, more)) &&
                corral_large_resize(block, size);
    corral_large_count(info->category, -more); /* the block has them itself now, or they are not needed */
    if (done) {
        budget_tell_if_due(info->category, (size_t)more);
    } else {
        budget_forget(); /* it is moved, and charged for that */
    }
    return done;
}

static bool resize_large(void *block, size_t size, const struct block_info *info) {
    if (size > PTRDIFF_MAX || (size <= BLOCK_MAX && size < info->size / 2)) {
        return false;
    }
    return control_is_counted(info->category) ? resize_counted(block, size, info)
                                              : corral_large_resize(block, size);
}

static bool resize_in_place(void *block, size_t size, const struct block_info *info) {
    if (info->large) {
        return resize_large(block, size, info);
    }
    if (GUARDS && info->guarded) {
        return corral_guard_resize(corral_guard_find(block), size);
    }
    if (size <= info->bytes - TAIL_LEAST) {
        return size >= info->bytes / 2 || info->bytes == BLOCK_MIN;
    }
    return grow_unit(block, size, info->category);
}

/* In a hardened build: a block that stays where it is, and is of another size now. */
static void *resized(void *block, size_t size, const struct block_info *info) {
    if (GUARDS && info->guarded) {
        corral_guard_set_size(corral_guard_find(block), size);
    } else if (HARDENED && !info->large) {
        corral_hardened_set_tail(block, registry_pool((uintptr_t)block), size);
    }
    return block;
}

static void *move(void *block, size_t size, const struct block_info *info) {
    int kept = errno;
    /* An id below DENSE_IDS is its category's number. */
    void *moved = info->category < DENSE_IDS
                      ? corral_alloc(size, info->category)
                      : corral_alloc_of(size, info->category << CLASS_STRIDE_LOG);
    if (moved == NULL && size <= info->size) {
        /* A block that is larger than asked for serves as well: a shrink does not fail. */
        errno = kept;
        return resized(block, size, info);
    }
    if (moved == NULL) {
        return NULL;
    }
    memcpy(moved, block, size < info->size ? size : info->size);
    corral_free_found(block, info); /* which finds that it was free already */
    return moved;
}

/* The mark of a block that walks find; NULL when they do not. */
CORRAL_FAST struct mark *marked_by(const void *block, uint32_t category) {
    if (likely((control_flags(category) & CONTROL_ORIGINS) == 0)) {
        return NULL;
    }
    struct mark *mark = corral_mark_find(block);
    return mark != NULL && mark_is_set(mark) ? mark : NULL;
}

void corral_block_place(void *block, struct record *record, bool marked) {
    struct block_info info;
    if (!corral_block_find(block, &info)) {
        return;
    }
    corral_record_put(block, block_record_end(&info), record);
    if (GUARDS && info.guarded) {
        corral_guard_note_origin(corral_guard_find(block), record->file, record->line);
    } else if (HARDENED && !info.large) {
        corral_hardened_set_tail(block, registry_pool((uintptr_t)block), record->size);
    }
    struct mark *mark = marked && record_says_where(record) ? corral_mark_make(block) : NULL;
    if (mark != NULL) {
        mark_set(mark);
    }
}

/* A block that a walk reads stays as it is: then it is moved. */
static void *resize(void *block, size_t size, const struct block_info *info, struct mark *mark) {
    if (HARDENED && !corral_block_may_resize(block, info)) {
        errno = EINVAL;
        return NULL;
    }
    if (mark == NULL || mark_pause(mark)) {
        if (resize_in_place(block, size, info)) {
            return resized(block, size, info);
        }
        if (mark != NULL) {
            mark_set(mark);
        }
    }
    return move(block, size, info);
}

void *corral_block_resize_with(void *block, struct record *record, bool marked, const struct block_info *info) {
    struct mark *mark = marked_by(block, info->category);
    void *after = resize(block, record_total(record->size), info, mark);
    bool as_it_was = after == block && mark != NULL && mark_is_set(mark);
    if (after != NULL && !as_it_was) {
        corral_block_place(after, record, marked);
    }
    return after;
}

CORRAL_SLOW static void *resize_marked(void *block, size_t size, const struct block_info *info) {
    struct record record;
    corral_record_read(block, block_record_end(info), &record);
    record.size = size;
    return corral_block_resize_with(block, &record, true, info);
}

void *corral_block_resize(void *block, size_t size, const struct block_info *info) {
    return unlikely(marked_by(block, info->category) != NULL) ? resize_marked(block, size, info)
                                                              : resize(block, size, info, NULL);
}

bool corral_block_find_of(const void *block, uint32_t id, struct block_info *info) {
    if (!corral_block_find(block, info)) {
        corral_misuse(MISUSE_FOREIGN, block, MISUSE_NO_POOL);
        errno = EINVAL;
        return false;
    }
    if (id >= DENSE_IDS || info->category != id) {
        corral_check_id(block, info->category, id);
    }
    return true;
}

void *corral_realloc(void *block, size_t size, uint32_t id) {
    const struct corral_registry_tables *registry = corral_hit_registry();
    size_t number = corral_hit_number(registry, (uintptr_t)block);
    if (likely(number != 0 && corral_hit_is_of(registry, number, id))) {
        uint32_t place = corral_hit_slab_place(registry, number, corral_hit_slab((uintptr_t)block));
        void *hit = block_resize_hit(block, size, corral_hit_pool(place));
        if (likely(hit != NULL)) {
            return hit;
        }
    }
    struct block_info info;
    if (block == NULL) {
        return corral_alloc(size, id);
    }
    return corral_block_find_of(block, id, &info) ? corral_block_resize(block, size, &info) : NULL;
}

size_t corral_usable_size(const void *block) {
    struct block_info info;
    if (block == NULL || !corral_block_find(block, &info)) {
        return 0;
    }
    size_t most = block_record_end(&info) - RECORD_BYTES; /* of a block that no record fits into, more than it has */
    return unlikely(info.size > most && marked_by(block, info.category) != NULL) ? most : info.size;
}

uint64_t corral_memory_type_of(const void *block) {
    struct block_info info;
    if (block == NULL || !corral_block_find(block, &info)) {
        return CORRAL_MEMORY_TYPE_NONE;
    }
    return corral_category_id(info.category);
}

size_t corral_alloc_batch(size_t size, uint32_t id, size_t count, void **blocks) {
    for (size_t done = 0; done < count; done++) {
        void *block = corral_alloc(size, id);
        if (block == NULL) {
            return done;
        }
        blocks[done] = block;
    }
    return count;
}

void corral_free_batch(void *const *blocks, size_t count, uint32_t id) {
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], id);
    }
}
