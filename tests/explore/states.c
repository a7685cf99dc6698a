/* SPDX-License-Identifier: MIT
 *
 * states: see states.h.
 *
 * Owns:     a hash table, half full at most.
 * Callers:  through states.h.
 * Promises: as states.h.
 * Does not: remove a state, but all of them at once.
 */
#include "states.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS_FIRST      (UINT64_C(1) << 16)
#define PREEMPTIONS_MASK UINT64_C(0xFF)

/* A sum, with the preemptions and one in its low bits, so that no slot in use is 0. */
static uint64_t *slots;
static uint64_t slot_count, used;

static uint64_t *find(uint64_t state) {
    uint64_t at = state >> 8 & (slot_count - 1);
    while (slots[at] != 0 && ((slots[at] ^ state) & ~PREEMPTIONS_MASK) != 0) {
        at = (at + 1) & (slot_count - 1);
    }
    return &slots[at];
}

static void grow(void) {
    uint64_t *before = slots, before_count = slot_count;
    slot_count = before_count == 0 ? SLOTS_FIRST : before_count * 2;
    slots = calloc(slot_count, sizeof *slots);
    if (slots == NULL) {
        abort();
    }
    for (uint64_t i = 0; i < before_count; i++) {
        if (before[i] != 0) {
            *find(before[i]) = before[i];
        }
    }
    free(before);
}

void states_clear(void) {
    free(slots);
    slots = NULL;
    slot_count = used = 0;
}

bool states_enter(uint64_t state, unsigned preemptions) {
    if (used * 2 >= slot_count) {
        grow();
    }
    uint64_t *slot = find(state);
    if (*slot != 0 && (*slot & PREEMPTIONS_MASK) <= preemptions + 1) {
        return false;
    }
    used += *slot == 0;
    *slot = (state & ~PREEMPTIONS_MASK) | (preemptions + 1);
    return true;
}

uint64_t states_count(void) {
    return used;
}
