/* SPDX-License-Identifier: MIT
 *
 * large: a kept block serves smaller ones, and what is behind them is theirs to grow into.
 *
 * Owns:     counts of the OS's operations; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: sizes around the half that a block may serve; growth within, up to and beyond what is
 *           behind; a shrink, also one that the OS refuses; the bound of what is behind; figures and
 *           bytes mapped after each.
 * Does not: share blocks among threads (../explore/scenarios_large.c).
 */
#include "large.h"
#include "large_kept.h"
#include "os.h"
#include "served.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <corral/corral.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/mman.h>

enum { ID = 3, OTHER = 4 };
/* Of whole OS pages, also where those have 64 KiB. */
#define WHOLE (16 * BUILD_MIB)
#define HALF  (WHOLE / 2)
#define PART  BUILD_MIB

static struct corral_os table;
static unsigned calls;
static size_t mapped;
static bool release_fails;

static void *reserve(size_t size, size_t alignment) {
    calls++;
    mapped += size;
    return corral_os_real.reserve(size, alignment);
}

static bool release(void *start, size_t size) {
    calls++;
    if (release_fails) {
        return false;
    }
    mapped -= size;
    return corral_os_real.release(start, size);
}

static bool grow(void *start, size_t old_size, size_t new_size) {
    bool done = corral_os_real.grow(start, old_size, new_size);
    calls++;
    mapped += done ? new_size - old_size : 0;
    return done;
}

/* Keeps a block of WHOLE bytes; from here on, the OS's operations are counted. */
static void keep_whole(void) {
    size_t medium = CORRAL_MEDIUM_SLABS * CORRAL_SLAB_KIB * BUILD_KIB;
    if (CORRAL_LARGE_KEEP_KIB * BUILD_KIB < 2 * WHOLE || HALF - PART <= medium) {
        cr_skip_test("this build keeps no such block");
    }
    table = corral_os_real;
    table.reserve = reserve;
    table.release = release;
    table.grow = grow;
    corral_os = &table;
    corral_free(corral_alloc(WHOLE, ID), ID);
    calls = 0;
    mapped = WHOLE;
}

static void expect_live(size_t bytes) {
    corral_stats stats = figures_of(ID);
    cr_assert_eq(stats.large_blocks, 1);
    cr_assert_eq(stats.large_bytes, bytes, "%zu live, not %zu", (size_t)stats.large_bytes, bytes);
}

static void *grown(void *block, size_t from, size_t to) {
    pattern_fill(block, from, from);
    void *moved = corral_realloc(block, to, ID);
    cr_assert_not_null(moved);
    cr_assert(pattern_holds(moved, from < to ? from : to, from));
    memset(moved, 1, to);
    return moved;
}

Test(large, a_kept_block_serves_down_to_its_half) {
    keep_whole();
    void *half = corral_alloc(HALF, ID);
    cr_assert_eq(calls, 0);
    cr_assert_eq(corral_usable_size(half), HALF);
    expect_live(HALF);
    corral_free(half, ID);
    void *whole = corral_alloc(WHOLE, ID);
    cr_assert_eq(whole, half);
    cr_assert_eq(calls, 0);
    expect_live(WHOLE);
    corral_free(whole, ID);
    figures_expect_nothing();
}

Test(large, it_serves_nothing_smaller_and_no_other_category) {
    keep_whole();
    void *less = corral_alloc(HALF - PART, ID);
    cr_assert_eq(calls, 1);
    void *other = corral_alloc(HALF, OTHER);
    cr_assert_eq(calls, 2);
    corral_free(less, ID);
    corral_free(other, OTHER);
    figures_expect_nothing();
}

Test(large, growth_into_what_is_behind_asks_nobody) {
    keep_whole();
    void *block = corral_alloc(HALF, ID);
    for (size_t size = HALF; size < WHOLE; size += PART) {
        cr_assert_eq(grown(block, size, size + PART), block);
        expect_live(size + PART);
    }
    corral_free(block, ID);
    /* Again and again, what was behind it counts no more. */
    for (int i = 0; i < 100; i++) {
        block = corral_alloc(HALF, ID);
        block = corral_realloc(block, WHOLE, ID);
        corral_free(block, ID);
    }
    cr_assert_eq(calls, 0);
    figures_expect_nothing();
}

Test(large, growth_beyond_it_maps_what_is_missing) {
    keep_whole();
    void *block = corral_alloc(HALF, ID);
    size_t before = mapped;
    block = grown(block, HALF, WHOLE + PART);
    expect_live(WHOLE + PART);
    cr_assert_eq(corral_usable_size(block), WHOLE + PART);
    /* Grown where it is, or moved to a mapping of its own. */
    cr_assert(mapped == before + PART || mapped == before + WHOLE + PART);
    corral_free(block, ID);
    figures_expect_nothing();
}

static unsigned grown_to_the_end;

static bool note_growth(void *start, size_t old_size, size_t new_size) {
    (void)start;
    grown_to_the_end += old_size == WHOLE && new_size == WHOLE + PART;
    return false;
}

/* It is moved where the OS says no, and no sooner. */
Test(large, growth_beyond_it_is_asked_for) {
    keep_whole();
    table.grow = note_growth;
    void *block = corral_alloc(HALF, ID);
    block = grown(block, HALF, WHOLE + PART);
    cr_assert_eq(grown_to_the_end, 1);
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(large, a_shrink_gives_back_what_is_behind_too) {
    keep_whole();
    void *block = corral_alloc(HALF + PART, ID);
    cr_assert_eq(mapped, WHOLE);
    cr_assert_eq(grown(block, HALF + PART, HALF), block);
    cr_assert_eq(mapped, HALF);
    expect_live(HALF);
    /* What others map there is theirs, for AddressSanitizer too. */
    void *end = (char *)block + HALF;
    void *others = mmap(end, WHOLE - HALF, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    cr_assert_eq(others, end);
    memset(others, 1, WHOLE - HALF);
    munmap(others, WHOLE - HALF);
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(large, a_shrink_that_the_os_refuses_changes_nothing) {
    keep_whole();
    void *block = corral_alloc(HALF + PART, ID);
    release_fails = true;
    cr_assert_eq(grown(block, HALF + PART, HALF), block);
    cr_assert_eq(mapped, WHOLE);
    cr_assert_eq(corral_usable_size(block), HALF + PART);
    expect_live(HALF + PART);
    release_fails = false;
    cr_assert_eq(grown(block, HALF, WHOLE), block, "what was behind it still is");
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(large, the_same_size_again_changes_nothing) {
    keep_whole();
    void *block = corral_alloc(HALF, ID);
    cr_assert_eq(grown(block, HALF, HALF), block);
    cr_assert_eq(calls, 0);
    corral_free(block, ID);
    figures_expect_nothing();
}

/* Each of the pair is what the other left when it was freed. */
static void expect_kept_pairs(size_t size) {
    corral_free(corral_alloc(size, OTHER), OTHER);
    calls = 0;
    for (int i = 0; i < 100; i++) {
        corral_free(corral_alloc(size, OTHER), OTHER);
    }
    cr_assert_eq(calls, 0, "%u calls of the OS", calls);
}

/* Unmaps what is kept, the thread's own block too. */
static void release_all(void) {
    corral_thread_detach();
    corral_large_release_kept();
}

Test(large, what_is_behind_leaves_others_what_they_may_keep) {
    keep_whole();
    size_t most = CORRAL_LARGE_KEEP_KIB * BUILD_KIB;
    void *live[8];
    unsigned count = 0;
    size_t medium = CORRAL_MEDIUM_SLABS * CORRAL_SLAB_KIB * BUILD_KIB;
    for (size_t size = most; size / 2 > medium && count < 8; size /= 2) {
        corral_free(corral_alloc(size, ID), ID);
        live[count++] = corral_alloc(size / 2, ID);
    }
    expect_kept_pairs(WHOLE);
    release_all();
    cr_assert(mapped <= most / 2 + (size_t)figures_of(ID).large_bytes, "%zu mapped", mapped);
    for (unsigned i = 0; i < count; i++) {
        corral_free(live[i], ID);
    }
    release_all();
    cr_assert_eq(mapped, 0);
    figures_expect_nothing();
}

Test(large, what_is_kept_and_behind_is_bounded) {
    keep_whole();
    void *blocks[8];
    size_t most = CORRAL_LARGE_KEEP_KIB * BUILD_KIB;
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 8; i++) {
            blocks[i] = corral_alloc(HALF + (size_t)((i + round) % 8) * PART, ID);
        }
        for (int i = 0; i < 8; i++) {
            size_t live = (size_t)figures_of(ID).large_bytes;
            cr_assert(mapped <= most + most / 2 + live, "%zu mapped", mapped);
            corral_free(blocks[i], ID);
        }
    }
    cr_assert(mapped <= most);
    release_all();
    cr_assert_eq(mapped, 0);
    figures_expect_nothing();
}

static char *room; /* all that the OS has: two times WHOLE for a block, and as much behind it */

static void *reserve_room(size_t size, size_t alignment) {
    (void)alignment;
    return size <= 4 * WHOLE ? room : NULL;
}

static bool grow_always(void *start, size_t old_size, size_t new_size) {
    (void)start, (void)old_size;
    return new_size <= 2 * WHOLE;
}

static bool release_nothing(void *start, size_t size) {
    (void)start, (void)size;
    return true;
}

/* Where a block grew to, others' blocks were: no isolated category has those addresses. */
Test(large, growth_is_noted_for_good) {
    corral_free(corral_alloc(16, OTHER), OTHER); /* tables are made before */
    corral_free(corral_alloc(WHOLE, OTHER), OTHER);
    corral_thread_detach();
    corral_large_release_kept();
    room = corral_os_real.reserve(4 * WHOLE, 4 * WHOLE);
    cr_assert_not_null(room);
    table = corral_os_real;
    table.reserve = reserve_room;
    table.grow = grow_always;
    table.release = release_nothing;
    cr_assert_not_null(corral_alloc(16, ID));
    corral_os = &table;
    char *block = corral_alloc(WHOLE, ID);
    cr_assert_eq(block, room);
    cr_assert_eq(corral_realloc(block, 2 * WHOLE, ID), room);
    corral_free(block, ID);
    cr_assert_eq(corral_served_reserve_new(ARENA_BYTES, ARENA_BYTES, ID), room + 2 * WHOLE);
}
