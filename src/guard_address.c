/* SPDX-License-Identifier: MIT
 *
 * guard_address: what a fault at an address means.
 *
 * Owns:     nothing.
 * Callers:  any thread, also in a signal handler.
 * Promises: as corral/guard.h.
 * Does not: read memory that may trap.
 */
#include <corral/guard.h>

#include "category.h"
#include "guard_map.h"

/* By hand: a handler of signals is to call nothing. */
static void give(void *guarded, size_t guarded_size, const corral_guarded *ours) {
    size_t bytes = guarded_size < sizeof *ours ? guarded_size : sizeof *ours;
    for (size_t i = 0; i < bytes; i++) {
        ((volatile char *)guarded)[i] = ((const char *)ours)[i];
    }
}

static uint32_t place_of(const char *address, const struct guard_info *info) {
    return address < info->block                           ? CORRAL_GUARDED_BEFORE
           : (size_t)(address - info->block) >= info->size ? CORRAL_GUARDED_BEHIND
                                                           : CORRAL_GUARDED_WITHIN;
}

static bool look(const void *address, corral_guarded *ours) {
    const struct guard_block *it = guard_around(address);
    struct guard_info info;
    if (!guard_read(it, &info)) {
        return false;
    }
    ours->id = corral_category_id(it->range->category);
    ours->block = info.block;
    ours->size = info.size;
    ours->file = info.file;
    ours->line = info.line;
    ours->place = place_of(address, &info);
    ours->freed = info.state == GUARD_IS_FREED;
    return true;
}

int corral_guarded_at(const void *address, corral_guarded *guarded, size_t guarded_size) {
    corral_guarded ours = {.id = 0};
    if (!GUARDS || guarded == NULL || guarded_size == 0 || !look(address, &ours)) {
        return 0;
    }
    give(guarded, guarded_size, &ours);
    return 1;
}
