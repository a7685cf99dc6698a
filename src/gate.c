/* SPDX-License-Identifier: MIT
 *
 * gate: see gate.h.
 *
 * Owns:     nothing of its own; gates lie in rows.
 * Callers:  through gate.h.
 * Promises: as gate.h.
 * Does not: look at pools.
 */
#include "gate.h"

bool corral_gate_enter_all(struct cache *cache) {
    struct row *row = cache->row_list;
    while (row != NULL && gate_take(row, GATE_OWNER)) {
        row = row->next;
    }
    for (struct row *open = cache->row_list; row != NULL && open != row; open = open->next) {
        gate_open(open);
    }
    return row == NULL;
}

void corral_gate_leave_all(struct cache *cache) {
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        gate_open(row);
    }
}

void corral_gate_free_all(struct cache *cache) {
    for (struct row *row = cache->row_list; row != NULL; row = row->next) {
        if (load_relaxed(&row->gate) == GATE_OWNER) { /* [R:own] */
            gate_open(row);
        }
    }
}

/* Opens those of the caches before `end`. */
static void reopen(uint32_t category, unsigned end) {
    for (unsigned i = 1; i < end; i++) {
        struct row *row = cache_row_of(corral_cache_named(i), category);
        if (row != NULL && load_relaxed(&row->gate) == GATE_RESET) { /* [R:own] */
            gate_open(row);
        }
    }
}

bool corral_gate_close(uint32_t category) {
    for (unsigned i = 1, count = corral_cache_count(); i < count; i++) {
        struct row *row = cache_row_of(corral_cache_named(i), category);
        if (row != NULL && !gate_take(row, GATE_RESET)) {
            reopen(category, i);
            return false;
        }
    }
    return true;
}

void corral_gate_reopen(uint32_t category) {
    reopen(category, corral_cache_count());
}
