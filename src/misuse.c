/* SPDX-License-Identifier: MIT
 *
 * misuse: see misuse.h.
 *
 * Owns:     the counters.
 * Callers:  through misuse.h.
 * Promises: wait-free but for the write of the message.
 * Does not: allocate.
 */
#include "misuse.h"

#include "category.h"
#include "control.h"
#include "guard_map.h"
#include "large_map.h"
#include "os.h"
#include "poison.h"
#include "record.h"
#include "report.h"
#include "size_class.h"

/* What the build has for policies, in the order of corral_misuse_policy. */
static_assert(CORRAL_MISUSE_POLICY >= 0 && CORRAL_MISUSE_POLICY <= 2, "ignore, report, abort");
#define BUILD_POLICY ((corral_misuse_policy)(CORRAL_MISUSE_POLICY + CORRAL_MISUSE_IGNORE))

static _Atomic uint64_t counts[MISUSE_KINDS];

static const char *const texts[MISUSE_KINDS] = {
    [MISUSE_FOREIGN] = "not a block of this allocator: ",
    [MISUSE_DOUBLE_FREE] = "double free of block ",
    [MISUSE_WRONG_ID] = "wrong memory type id for block ",
    [MISUSE_WRONG_SIZE] = "wrong size for block ",
    [MISUSE_OVERFLOW] = "write past the end of block ",
    [MISUSE_WRITTEN] = "write to free block ",
    [MISUSE_UNDERFLOW] = "write before the start of block ",
};

static corral_misuse_policy policy_of(uint32_t pool) {
    uint32_t policy = CORRAL_MISUSE_DEFAULT;
    if (pool != MISUSE_NO_POOL && pool >> CLASS_STRIDE_LOG < CATEGORY_LIMIT) {
        /* [R:value-is-all] */
        policy = load_relaxed(&corral_controls[pool >> CLASS_STRIDE_LOG].misuse);
    }
    return policy == CORRAL_MISUSE_DEFAULT ? BUILD_POLICY : (corral_misuse_policy)policy;
}

/* "id 7 (net)", or the overflow category. */
static void put_category(struct report *report, uint32_t category) {
    uint64_t id = corral_category_id(category);
    const char *name = control_name(category);
    if (id == CORRAL_MEMORY_TYPE_OVERFLOW) {
        corral_report_text(report, "the overflow category");
        return;
    }
    corral_report_text(report, "id ");
    corral_report_number(report, id);
    if (name != NULL) {
        corral_report_text(report, " (");
        corral_report_text(report, name);
        corral_report_text(report, ")");
    }
}

static void put_bytes(struct report *report, size_t bytes) {
    corral_report_number(report, bytes);
    corral_report_text(report, " bytes");
}

/* "64 bytes", of a size class. */
static void put_size(struct report *report, uint32_t pool) {
    unsigned class_index = pool & (CLASS_STRIDE - 1);
    if (class_index == CLASS_NONE) {
        corral_report_text(report, "a large block");
    } else {
        put_bytes(report, corral_classes[class_index].size);
    }
}

/* Of a file's name, the last of it. */
#define FILE_MOST 80

/* What is known of the block between guard pages whose run an address is of. Its memory is not looked at. */
static enum record_state read_guarded(const void *block, struct record *record) {
    struct guard_info info;
    if (!guard_read(guard_around(block), &info)) {
        return RECORD_NONE;
    }
    *record = (struct record){.file = info.file, .line = info.line};
    return RECORD_LIVE;
}

CORRAL_FAST enum record_state read_record(const void *block, size_t bytes, struct record *record) {
    return GUARDS && guard_covers(block) ? read_guarded(block, record) : corral_record_read(block, bytes, record);
}

/* Where the block at an address was asked for, if its record says so. */
static void put_record(struct report *report, const char *words, const void *block, size_t bytes) {
    struct record record;
    if (is_poisoned(block, bytes) || read_record(block, bytes, &record) == RECORD_NONE ||
        !record_says_where(&record)) {
        return;
    }
    const char *file = record.file == NULL ? "" : record.file, *last = file;
    for (const char *at = file; *at != '\0'; at++) {
        last += at - last >= FILE_MOST;
    }
    corral_report_text(report, words);
    corral_report_text(report, last != file ? "..." : "");
    corral_report_text(report, last);
    corral_report_text(report, ":");
    corral_report_number(report, record.line);
}

/* Of a large block that is live, or a block of a pool; of the one that an address lies in, where a slab has several. */
static void put_origin(struct report *report, enum misuse kind, const void *block, uint32_t pool) {
    const struct size_class *size_class = &corral_classes[pool & (CLASS_STRIDE - 1)];
    if (GUARDS && guard_covers(block)) {
        put_record(report, kind == MISUSE_FOREIGN ? ", in one allocated at " : ", allocated at ", block, 0);
    } else if ((pool & (CLASS_STRIDE - 1)) == CLASS_NONE) {
        const struct large_entry *entry = large_map_find(block);
        uint64_t word = entry == NULL ? 0 : load_relaxed(&entry->word); /* [R:holder] */
        if (large_word_state(word) == LARGE_IS_LIVE) {
            put_record(report, ", allocated at ", block, large_word_bytes(word));
        }
    } else if (kind != MISUSE_FOREIGN) {
        put_record(report, ", allocated at ", block, size_class->size);
    } else if (size_class->slabs == 1) {
        size_t offset = (uintptr_t)block & (SLAB_BYTES - 1);
        size_t within = offset % size_class->size;
        if (offset / size_class->size < size_class->capacity) {
            put_record(report, ", in one allocated at ", (const char *)block - within, size_class->size);
        }
    }
}

/* Counts the fault, and begins its line. False when there is to be none. */
static bool begin(struct report *report, enum misuse kind, const void *block, uint32_t pool) {
    fetch_add_relaxed(&counts[kind], 1); /* [R:figure] */
    if (policy_of(pool) == CORRAL_MISUSE_IGNORE) {
        return false;
    }
    corral_report_begin(report);
    corral_report_text(report, texts[kind]);
    corral_report_address(report, block);
    return true;
}

static void end(struct report *report, uint32_t pool) {
    corral_report_end(report);
    if (policy_of(pool) == CORRAL_MISUSE_ABORT) {
        corral_os_abort();
    }
}

/* Where an address lies that is no block. */
static void put_where(struct report *report, uint32_t pool) {
    if ((pool & (CLASS_STRIDE - 1)) == CLASS_NONE) {
        corral_report_text(report, ": it lies in free memory of ");
    } else {
        corral_report_text(report, ": it lies among blocks of ");
        put_size(report, pool);
        corral_report_text(report, ", ");
    }
}

/* read: may the block's memory be looked at? */
static void tell(enum misuse kind, const void *block, uint32_t pool, bool read) {
    struct report report;
    if (!begin(&report, kind, block, pool)) {
        return;
    }
    if (pool != MISUSE_NO_POOL && kind == MISUSE_FOREIGN) {
        put_where(&report, pool);
        put_category(&report, pool >> CLASS_STRIDE_LOG);
    } else if (pool != MISUSE_NO_POOL) {
        corral_report_text(&report, ": ");
        put_size(&report, pool);
        corral_report_text(&report, " of ");
        put_category(&report, pool >> CLASS_STRIDE_LOG);
    }
    if (pool != MISUSE_NO_POOL && read) {
        put_origin(&report, kind, block, pool);
    }
    end(&report, pool);
}

CORRAL_SLOW void corral_misuse(enum misuse kind, const void *block, uint32_t pool) {
    tell(kind, block, pool, true);
}

CORRAL_SLOW void corral_misuse_unread(enum misuse kind, const void *block, uint32_t pool) {
    tell(kind, block, pool, false);
}

CORRAL_SLOW void corral_misuse_wrong_id(const void *block, uint32_t pool, uint32_t given) {
    struct report report;
    bool known;
    if (!begin(&report, MISUSE_WRONG_ID, block, pool)) {
        return;
    }
    corral_report_text(&report, ": ");
    put_size(&report, pool);
    corral_report_text(&report, " of ");
    put_category(&report, pool >> CLASS_STRIDE_LOG);
    corral_report_text(&report, ", not of ");
    uint32_t category = corral_category_find(given, &known);
    if (known && category != CATEGORY_OVERFLOW) {
        put_category(&report, category);
    } else {
        corral_report_text(&report, "id ");
        corral_report_number(&report, given);
    }
    put_origin(&report, MISUSE_WRONG_ID, block, pool);
    end(&report, pool);
}

CORRAL_SLOW void corral_misuse_wrong_size(const void *block, uint32_t pool, size_t have, size_t given) {
    struct report report;
    if (!begin(&report, MISUSE_WRONG_SIZE, block, pool)) {
        return;
    }
    corral_report_text(&report, ": ");
    if ((pool & (CLASS_STRIDE - 1)) == CLASS_NONE) {
        put_size(&report, pool);
    } else {
        put_bytes(&report, have);
    }
    corral_report_text(&report, " of ");
    put_category(&report, pool >> CLASS_STRIDE_LOG);
    corral_report_text(&report, ", not ");
    put_bytes(&report, given);
    end(&report, pool);
}

uint64_t corral_misuse_count(enum misuse kind) {
    return load_relaxed(&counts[kind]); /* [R:figure] */
}
