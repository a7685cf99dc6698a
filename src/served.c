/* SPDX-License-Identifier: MIT
 *
 * served: see served.h.
 *
 * Owns:     the bits.
 * Callers:  through served.h.
 * Promises: as served.h.
 * Does not: clear a bit.
 */
#include "served.h"

#include "atomic.h"
#include "base.h"
#include "options.h"
#include "backend.h"

/* Mappings that are looked at, at most; of the OS, each twice as large as the one before: larger than what others
 * left, at last. Until then the others stay, or the OS would give them again. */
#define TRIES 16u

static _Atomic uint64_t served[CORRAL_ADDRESS_SLOTS / 64];

static size_t slot_of(const void *address) {
    return (uintptr_t)address >> ARENA_SHIFT;
}

static size_t end_of(const void *start, size_t size) {
    return slot_of((const char *)start + size + ARENA_MASK);
}

static uint64_t bit_of(size_t slot) {
    return UINT64_C(1) << slot % 64;
}

void corral_served_note(const void *start, size_t size) {
    for (size_t slot = slot_of(start), end = end_of(start, size); slot < end; slot++) {
        /* [R:holder] Few are new. */
        if ((load_relaxed(&served[slot / 64]) & bit_of(slot)) == 0) {
            fetch_or_relaxed(&served[slot / 64], bit_of(slot)); /* [R:holder] */
        }
    }
}

static bool is_served(size_t slot) {
    return (load_relaxed(&served[slot / 64]) & bit_of(slot)) != 0; /* [R:holder] */
}

/* The first place in a mapping for `size` bytes that is so aligned and was never served; NULL when there is none. */
static char *find_new(char *start, size_t mapped, size_t size, size_t alignment) {
    char *at = start;
    for (size_t slot = slot_of(start); (size_t)(at - start) + size <= mapped; slot++) {
        if (slot == end_of(at, size)) {
            return at;
        }
        if (is_served(slot)) {
            at = (char *)round_up((uintptr_t)(slot + 1) << ARENA_SHIFT, alignment);
            slot = slot_of(at) - 1;
        }
    }
    return NULL;
}

/* Gives back what lies before and behind a part of a mapping. */
static void trim(char *start, size_t mapped, char *part, size_t size) {
    size_t before = (size_t)(part - start);
    size_t behind = mapped - before - size;
    if (before != 0) {
        corral_backend_release(start, before);
    }
    if (behind != 0) {
        corral_backend_release(part + size, behind);
    }
}

/* How much is mapped in a try. Only of a mapping of the OS may parts be given back. 0: too much. */
static size_t mapped_at(size_t size, unsigned try) {
    size_t mapped = corral_backend_shares() ? size << try : size;
    return mapped >> try == size || mapped == size ? mapped : 0;
}

void *corral_served_reserve_new(size_t size, size_t alignment, uint64_t id) {
    void *had[TRIES];
    char *found = NULL;
    unsigned count = 0;
    while (found == NULL && count < TRIES) {
        size_t mapped = mapped_at(size, count);
        char *start = mapped >= size ? corral_backend_reserve(mapped, alignment, id) : NULL;
        if (start == NULL) {
            break;
        }
        found = find_new(start, mapped, size, alignment);
        if (found != NULL) {
            trim(start, mapped, found, size);
        } else {
            had[count++] = start;
        }
    }
    while (count > 0) {
        count--;
        corral_backend_release(had[count], mapped_at(size, count));
    }
    return found;
}
