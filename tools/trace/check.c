/* SPDX-License-Identifier: MIT
 *
 * The law of a trace.
 *
 * Owns:     nothing.
 * Callers:  as trace.h says.
 * Promises: as trace.h says. The reason names the first step that breaks the law.
 * Does not: change the trace.
 */
#define _GNU_SOURCE
#include "format.h"

/* What is known of a block: 0 before it is allocated, else its id and whether it lives. */
enum { LIVE = 1, KNOWN = 2, ID_SHIFT = 2 };

static const char *fault_of_numbers(const struct trace *self, const struct trace_step *step) {
    return step->thread >= self->threads ? "of no thread"
           : step->id >= self->ids       ? "with no memory type id"
           : step->block >= self->blocks ? "of no block"
           : step->size > self->largest  ? "larger than the largest"
           : step->kind > TRACE_FREE     ? "of no kind"
           : step->kind != TRACE_FREE    ? NULL
           : step->size != 0             ? "a free with a size"
                                         : NULL;
}

static const char *fault_of_block(const struct trace_step *step, uint8_t *known, uint32_t next) {
    if (trace_allocates((enum trace_kind)step->kind)) {
        *known = (uint8_t)(step->id << ID_SHIFT | KNOWN | LIVE);
        return step->block == next ? NULL : "an allocation out of order";
    }
    if (*known == 0) {
        return "of a block that was not allocated yet";
    }
    if ((*known & LIVE) == 0) {
        return "of a block that was freed before";
    }
    if (*known >> ID_SHIFT != step->id) {
        return "with another id than the block's";
    }
    if (step->kind == TRACE_FREE) {
        *known ^= LIVE;
    }
    return NULL;
}

static bool check_steps(const struct trace *self, uint8_t *known, char error[TRACE_ERROR]) {
    uint32_t made = 0;
    uint32_t freed = 0;
    uint32_t largest = 0;
    for (uint32_t i = 0; i < self->count; i++) {
        const struct trace_step *step = &self->steps[i];
        const char *fault = fault_of_numbers(self, step);
        if (fault == NULL) {
            fault = fault_of_block(step, &known[step->block], made);
        }
        if (fault != NULL) {
            return REFUSE(error, "impossible operation: step %u is %s", i, fault);
        }
        made += trace_allocates((enum trace_kind)step->kind);
        freed += step->kind == TRACE_FREE;
        largest = step->size > largest ? step->size : largest;
    }
    if (made != self->blocks || largest != self->largest) {
        return REFUSE(error, "the steps make %u blocks of up to %u bytes, not %u of up to %u", made,
                      largest, self->blocks, self->largest);
    }
    return freed == made ||
           REFUSE(error, "impossible operation: %u blocks are never freed", made - freed);
}

bool trace_check(const struct trace *self, char error[TRACE_ERROR]) {
    if (self->threads == 0 || self->threads > TRACE_THREADS || self->ids == 0 ||
        self->ids > TRACE_IDS || self->count > TRACE_STEPS || self->blocks > self->count) {
        return REFUSE(error, "impossible numbers: %u threads, %u ids, %u steps, %u blocks",
                      self->threads, self->ids, self->count, self->blocks);
    }
    const size_t size = self->blocks;
    uint8_t *known = memory_take(size);
    if (known == NULL) {
        return REFUSE(error, "no memory to check the trace");
    }
    const bool holds = check_steps(self, known, error);
    memory_give(known, size);
    return holds;
}
