/* SPDX-License-Identifier: MIT
 *
 * origin: blocks that remember where they were asked for.
 *
 * Owns:     nothing.
 * Callers:  any thread.
 * Promises: as corral/origin.h.
 * Does not: walk (walk.c).
 */
#include <corral/origin.h>

#include "block.h"
#include "control.h"
#include "guard.h"
#include "record.h"

/* What is kept of an allocation. A mark lets a walk find the record. */
enum kept { KEPT_NOTHING, KEPT_RECORD, KEPT_MARK };

static enum kept kept_of(uint32_t category) {
    uint32_t every = control_origins(category);
    if (every == 0) {
        return KEPT_RECORD;
    }
    return every == 1 || corral_control_keeps_next(category, every) ? KEPT_MARK : KEPT_NOTHING;
}

static enum kept kept_of_id(uint32_t id) {
    return kept_of(corral_pool_base(id) >> CLASS_STRIDE_LOG);
}

/* block: of record_total(size) bytes, or NULL. */
static void *with_record(void *block, size_t size, const char *file, uint32_t line, enum kept kept) {
    if (block != NULL) {
        struct record record = corral_record_make(size, file, line);
        corral_block_place(block, &record, kept == KEPT_MARK);
    }
    return block;
}

void *corral_alloc_at(size_t size, uint32_t id, const char *file, uint32_t line) {
    enum kept kept = kept_of_id(id);
    if (kept == KEPT_NOTHING) {
        return corral_alloc(size, id);
    }
    return with_record(corral_alloc(record_total(size), id), size, file, line, kept);
}

void *corral_calloc_at(size_t count, size_t size, uint32_t id, const char *file, uint32_t line) {
    size_t bytes;
    enum kept kept = kept_of_id(id);
    if (kept == KEPT_NOTHING || __builtin_mul_overflow(count, size, &bytes)) {
        return corral_calloc(count, size, id); /* which refuses what is too much */
    }
    return with_record(corral_calloc(1, record_total(bytes), id), bytes, file, line, kept);
}

void *corral_aligned_alloc_at(size_t alignment, size_t size, uint32_t id, const char *file, uint32_t line) {
    enum kept kept = kept_of_id(id);
    if (kept == KEPT_NOTHING) {
        return corral_aligned_alloc(alignment, size, id);
    }
    return with_record(corral_aligned_alloc(alignment, record_total(size), id), size, file, line, kept);
}

void *corral_realloc_at(void *block, size_t size, uint32_t id, const char *file, uint32_t line) {
    struct block_info info;
    if (block == NULL) {
        return corral_alloc_at(size, id, file, line);
    }
    if (!corral_block_find_of(block, id, &info)) {
        return NULL;
    }
    enum kept kept = kept_of(info.category);
    if (kept == KEPT_NOTHING) {
        return corral_block_resize(block, size, &info);
    }
    struct record record = corral_record_make(size, file, line);
    return corral_block_resize_with(block, &record, kept == KEPT_MARK, &info);
}

/* Of a block between guard pages that was freed, whose memory is not to be read. */
CORRAL_SLOW static enum record_state read_freed(const void *block, struct record *record) {
    struct guard_info info;
    bool known = guard_read(guard_find(block), &info);
    if (known) {
        *record = (struct record){.file = info.file, .line = info.line};
    }
    return known ? RECORD_LIVE : RECORD_NONE;
}

CORRAL_FAST enum record_state read_record(const void *block, const struct block_info *info, struct record *record) {
    return GUARDS && info->guarded && !guard_is_live(guard_find(block))
               ? read_freed(block, record)
               : corral_record_read(block, block_record_end(info), record);
}

int corral_origin_of(const void *block, const char **file, uint32_t *line) {
    struct record record = {.file = NULL};
    struct block_info info;
    if (block != NULL && corral_block_find(block, &info) && read_record(block, &info, &record) != RECORD_LIVE) {
        record = (struct record){.file = NULL};
    }
    if (file != NULL) {
        *file = record.file;
    }
    if (line != NULL) {
        *line = record.line;
    }
    return record_says_where(&record);
}
