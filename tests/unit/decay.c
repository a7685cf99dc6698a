/* SPDX-License-Identifier: MIT
 *
 * decay: what is kept is purged, at whatever time of the clock a process begins.
 *
 * Owns:     a clock that the tests set, and a count of purges; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: the clock's 32 bits are begun at each quarter, just before they wrap, and after a rest
 *           that is longer than half of them. What is given back takes the place of what was kept
 *           long ago.
 * Does not: wait: time passes when a test says so.
 */
#include "decay.h"
#include "os.h"
#include "registry.h"

#include "support/build.h"
#include "support/check.h"

#include <corral/corral.h>
#include <criterion/criterion.h>
#include <stdlib.h>

enum { ID = 3, BLOCKS = 500, SIZE = 2000, TURNS = 1000 };
#define DECAY ((uint64_t)CORRAL_DECAY_MS)
#define HALF  (UINT64_C(1) << 31)

static struct corral_os table;
static uint64_t clock_now;
static unsigned purges;

static uint64_t milliseconds(void) {
    return clock_now;
}

static bool purge(void *start, size_t size) {
    purges++;
    return corral_os_real.purge(start, size);
}

static void use_table(uint64_t now) {
    table = corral_os_real;
    table.milliseconds = milliseconds;
    table.purge = purge;
    table.protect = NULL; /* what lies between guard pages leaves no slab that decays */
    corral_os = &table;
    clock_now = now;
}

/* Leaves empty slabs behind, which are kept. */
static void use_and_free(void) {
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
        CHECK(blocks[i] != NULL, "block %d", i);
    }
    for (int i = 0; i < BLOCKS; i++) {
        corral_free(blocks[i], ID);
    }
    corral_thread_detach();
}

static void expect_decay(void) {
    if (CORRAL_RETIRE_KIB == 0) {
        cr_skip_test("this build keeps no empty slabs");
    }
    use_and_free();
    unsigned before = purges;
    for (int i = 0; i < TURNS && purges == before; i++) {
        clock_now += DECAY / 4 + 1;
        corral_decay_step();
    }
    cr_assert_gt(purges, before, "nothing decays from %llu on", (unsigned long long)clock_now);
}

/* Gives so many slabs of the category back at once. */
static void give(uint32_t id, size_t slabs) {
    size_t size = SLAB_BYTES / CORRAL_SMALL_DIVISOR, count = slabs * CORRAL_SMALL_DIVISOR;
    void **blocks = calloc(count, sizeof *blocks);
    CHECK(blocks != NULL, "no memory");
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(size, id);
        CHECK(blocks[i] != NULL, "block %zu", i);
    }
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], id);
    }
    corral_thread_detach();
    free(blocks);
}

/* Slabs of the category that are kept. */
static size_t kept(uint32_t id) {
    size_t slabs = 0;
    for (uint32_t number = 1; number < corral_registry_count(); number++) {
        const struct registry_entry *entry = corral_registry_entry(number);
        slabs += entry->category == id ? bits_count(entry->dirty) : 0;
    }
    return slabs;
}

#define KEPT_MOST (RETIRE_BYTES / SLAB_BYTES)
/* An arena that has few kept slabs ends. */
#define PART (ARENA_SLABS / 2)
/* Enough to tell, and not so much that the test takes long. */
#define KEEPS (KEPT_MOST >= 4 * ARENA_SLABS && KEPT_MOST <= 4096 && CORRAL_DECAY_MS >= 8)

Test(decay, what_is_given_back_takes_the_place_of_what_was_long_ago, .disabled = !KEEPS) {
    use_table(12345);
    give(ID, 2 * KEPT_MOST);
    size_t first = kept(ID);
    cr_assert(first > KEPT_MOST / 2 && first <= KEPT_MOST, "%zu kept", first);
    /* All at the same time: those that were first stay. */
    give(ID + 1, KEPT_MOST / 2);
    cr_assert_eq(kept(ID), first);
    cr_assert_leq(kept(ID + 1), KEPT_MOST - first);
    clock_now += DECAY - 1;
    give(ID + 1, KEPT_MOST / 2);
    cr_assert_geq(kept(ID + 1), KEPT_MOST / 2 - PART, "%zu kept", kept(ID + 1));
    cr_assert_leq(kept(ID) + kept(ID + 1), KEPT_MOST);
    cr_assert_geq(kept(ID) + kept(ID + 1), first - PART, "more was purged than had to be");
}

static bool refuse(void *start, size_t size) {
    (void)start, (void)size;
    return false;
}

/* As with memory that is locked. */
Test(decay, where_the_os_does_not_purge_empty_arenas_end, .disabled = !KEEPS) {
    use_table(12345);
    table.purge = refuse;
    size_t all = 0;
    for (uint32_t id = ID; id < ID + 4; id++) {
        give(id, 3 * KEPT_MOST);
    }
    for (uint32_t id = ID; id < ID + 4; id++) {
        all += kept(id);
    }
    cr_assert_leq(all, 2 * KEPT_MOST, "%zu slabs are resident", all);
}

Test(decay, from_any_time_of_the_clock_on) {
    for (uint64_t quarter = 0; quarter < 4; quarter++) {
        use_table(quarter * (HALF / 2) + 12345);
        expect_decay();
    }
}

Test(decay, of_a_process_that_begins_past_half_of_the_clock) {
    use_table(HALF + 12345);
    expect_decay();
}

Test(decay, while_the_clock_wraps) {
    use_table(2 * HALF - DECAY);
    expect_decay();
    expect_decay();
}

Test(decay, after_a_long_rest) {
    use_table(12345);
    expect_decay();
    clock_now += HALF + HALF / 2;
    expect_decay();
}

Test(decay, of_all_at_once) {
    use_table(0);
    use_and_free();
    unsigned before = purges;
    bool kept = corral_keep_is_any();
    cr_assert_eq(corral_decay_category(ID, SIZE_MAX) != 0, kept);
    cr_assert_eq(purges > before, kept);
    cr_assert_not(corral_keep_is_any(), "something is kept still");
    cr_assert_eq(corral_decay_category(ID, SIZE_MAX), 0, "there is always more");
    use_and_free();
}
