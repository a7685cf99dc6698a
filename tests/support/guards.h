/* SPDX-License-Identifier: MIT
 *
 * Which allocations of a test's lie between guard pages.
 *
 * Owns:     the calling thread's turn.
 * Callers:  tests that are linked to the static library.
 * Promises: what is asked for here holds in any build with guard pages, whatever its option guard_every; in a build
 *           without, all of it is nothing.
 * Does not: reach another thread.
 */
#ifndef CORRAL_TESTS_SUPPORT_GUARDS_H
#define CORRAL_TESTS_SUPPORT_GUARDS_H

#include "support/build.h"

#include <corral/guard.h>
#include <guard.h>
#include <os.h>

#if CORRAL_GUARD_EVERY
/* The thread's next allocation lies between guard pages, if any may. */
static inline void guards_next(void) {
    corral_guard_turn = (struct guard_turn){.left = 1, .begun = true};
}

/* None of the thread's does, for longer than a test lasts: for one that knows which block comes next, or reads what is
 * free. */
static inline void guards_none(void) {
    corral_guard_turn = (struct guard_turn){.left = UINT32_MAX, .begun = true};
}
/* No thread's does: for a test that counts calls of the OS, or pages, or bytes of addresses. */
static inline void guards_off(void) {
    static struct corral_os table;
    table = *corral_os;
    table.protect = NULL;
    corral_os = &table;
    guards_none();
}

/* Bytes of addresses that are of ranges: those that wait are used again later than a test looks. */
static inline size_t guards_bytes(void) {
    size_t bytes = 0;
    for (uint32_t category = 0; category < CATEGORY_LIMIT; category++) {
        bytes += corral_guard_range_count(category) * ARENA_BYTES;
    }
    return bytes;
}
#else
static inline void guards_next(void) {
}

static inline void guards_off(void) {
}

static inline size_t guards_bytes(void) {
    return 0;
}

static inline void guards_none(void) {
}
#endif

/* Does a block lie between guard pages? */
static inline bool guards_have(const void *block) {
    corral_guarded it;
    return corral_guarded_at(block, &it, sizeof it) == 1;
}

#endif
