/* SPDX-License-Identifier: MIT
 *
 * Addresses that never had blocks.
 *
 * Owns:     an OS with few addresses, which it gives from the lowest on; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: what is not returned was given back.
 * Does not: touch memory: there is none.
 */
#include "served.h"

#include "options.h"
#include "os.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SLOTS = 600 };

#define BASE ((uintptr_t)1 << 40)

static bool taken[SLOTS];
static size_t refused_from = SIZE_MAX; /* larger mappings fail */

static bool is_free(size_t first, size_t count) {
    bool any = false;
    for (size_t i = first; i < first + count; i++) {
        any |= i >= SLOTS || taken[i];
    }
    return !any;
}

static void *reserve(size_t size, size_t alignment) {
    size_t count = size / ARENA_BYTES;
    for (size_t first = 0; first + count <= SLOTS && size < refused_from; first++) {
        uintptr_t start = BASE + first * ARENA_BYTES;
        if ((start & (alignment - 1)) == 0 && is_free(first, count)) {
            memset(taken + first, true, count);
            return (void *)start;
        }
    }
    return NULL;
}

static bool release(void *start, size_t size) {
    size_t first = ((uintptr_t)start - BASE) / ARENA_BYTES;
    for (size_t i = first; i < first + size / ARENA_BYTES; i++) {
        cr_assert(taken[i], "it is given back twice");
        taken[i] = false;
    }
    return true;
}

static const struct corral_os few = {.reserve = reserve, .release = release};

static void begin(void) {
    corral_os = &few;
}

TestSuite(served, .init = begin);

static void *at(size_t slot) {
    return (void *)(BASE + slot * ARENA_BYTES);
}

static size_t count_taken(void) {
    size_t count = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        count += taken[i];
    }
    return count;
}

static void expect_new(size_t slots, size_t alignment, void *expected) {
    size_t before = count_taken();
    void *got = corral_served_reserve_new(slots * ARENA_BYTES, alignment, 0);
    cr_assert_eq(got, expected, "%p, not %p", got, expected);
    cr_assert_eq(count_taken(), before + (expected == NULL ? 0 : slots));
}

Test(served, gives_the_first_that_never_was) {
    expect_new(1, ARENA_BYTES, at(0));
    corral_served_note(at(1), ARENA_BYTES);
    expect_new(1, ARENA_BYTES, at(2));
    corral_served_note(at(3), 1);
    corral_served_note(at(4), ARENA_BYTES + 1);
    expect_new(2, ARENA_BYTES, at(6));
    expect_new(1, ARENA_BYTES, at(8));
}

/* Mappings get twice as large each time, so a large hole that is all used is passed over soon. */
Test(served, passes_large_holes_over) {
    corral_served_note(at(0), 300 * ARENA_BYTES);
    expect_new(1, ARENA_BYTES, at(300));
    corral_served_note(at(301), 7 * ARENA_BYTES);
    expect_new(3, ARENA_BYTES, at(308));
}

Test(served, is_aligned) {
    corral_served_note(at(0), ARENA_BYTES);
    expect_new(1, 64 * ARENA_BYTES, at(64));
    corral_served_note(at(128), ARENA_BYTES);
    expect_new(2, 64 * ARENA_BYTES, at(192));
}

/* A new part that is too short, before one that is not. */
Test(served, has_all_of_its_bytes_new) {
    corral_served_note(at(2), ARENA_BYTES);
    corral_served_note(at(5), ARENA_BYTES);
    expect_new(3, ARENA_BYTES, at(6));
}

Test(served, is_none_where_all_were_had) {
    corral_served_note(at(0), SLOTS * ARENA_BYTES);
    expect_new(1, ARENA_BYTES, NULL);
    expect_new(SLOTS, ARENA_BYTES, NULL);
}

Test(served, is_none_where_the_system_has_no_more) {
    corral_served_note(at(0), 4 * ARENA_BYTES);
    refused_from = 4 * ARENA_BYTES;
    expect_new(2, ARENA_BYTES, NULL);
    refused_from = 2 * ARENA_BYTES;
    expect_new(3, ARENA_BYTES, NULL);
    cr_assert_null(corral_served_reserve_new((size_t)1 << 62, ARENA_BYTES, 0));
}
