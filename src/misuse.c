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

#include "atomic.h"
#include "base.h"
#include "options.h"
#include "os.h"
#include "report.h"

enum policy { POLICY_IGNORE, POLICY_REPORT, POLICY_ABORT };

static _Atomic uint64_t counts[MISUSE_KINDS];

static const char *const texts[MISUSE_KINDS] = {
    [MISUSE_FOREIGN] = "not a block of this allocator: ",
    [MISUSE_DOUBLE_FREE] = "double free of block ",
    [MISUSE_WRONG_ID] = "wrong memory type id for block ",
};

static void begin(struct report *report, enum misuse kind, const void *block) {
    corral_report_begin(report);
    corral_report_text(report, texts[kind]);
    corral_report_address(report, block);
}

static void end(struct report *report) {
    corral_report_end(report);
    if (CORRAL_MISUSE_POLICY == POLICY_ABORT) {
        corral_os_abort();
    }
}

CORRAL_SLOW void corral_misuse(enum misuse kind, const void *block) {
    fetch_add_relaxed(&counts[kind], 1); /* [R:figure] */
    if (CORRAL_MISUSE_POLICY == POLICY_IGNORE) {
        return;
    }
    struct report report;
    begin(&report, kind, block);
    end(&report);
}

CORRAL_SLOW void corral_misuse_wrong_id(const void *block, uint64_t have, uint32_t given) {
    fetch_add_relaxed(&counts[MISUSE_WRONG_ID], 1); /* [R:figure] */
    if (CORRAL_MISUSE_POLICY == POLICY_IGNORE) {
        return;
    }
    struct report report;
    begin(&report, MISUSE_WRONG_ID, block);
    corral_report_text(&report, have >> 32 ? ": it is of the overflow category, not of id " : ": it is of id ");
    if (have >> 32 == 0) {
        corral_report_number(&report, have);
        corral_report_text(&report, ", not of id ");
    }
    corral_report_number(&report, given);
    end(&report);
}

uint64_t corral_misuse_count(enum misuse kind) {
    return load_relaxed(&counts[kind]); /* [R:figure] */
}
