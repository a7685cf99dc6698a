/* SPDX-License-Identifier: MIT
 *
 * Freed large blocks of a program that ticks: which wait, for how long, and how many.
 *
 * Owns:     nothing.
 * Callers:  Criterion.
 * Promises: as ticking.h.
 * Does not: look at the steps in which one is unmapped (tick.c).
 */
#include "ticking.h"

TestSuite(tick_large, .init = ticking_begin);

Test(tick_large, large_blocks_wait_in_bounds) {
    for (int i = 0; i < 1000; i++) {
        corral_tick(0);
        void *two[] = {corral_alloc(5 * LARGE, ID), corral_alloc(5 * LARGE, ID)};
        corral_free(two[0], ID);
        corral_free(two[1], ID);
    }
    cr_assert_lt(mapped, 600 * BUILD_MIB, "%zu MiB are mapped", mapped / BUILD_MIB);
    cr_assert_eq(corral_tick(WHOLE), 0);
}

/* One that waits is unmapped by whatever comes next that is no hit, when no tick does. */
Test(tick_large, one_large_block_waits_no_longer_than_ticks_come) {
    corral_free(corral_alloc(SMALL, ID), ID);
    corral_tick(0);
    void *large = corral_alloc(64 * LARGE, ID);
    corral_free(large, ID);
    cr_assert_eq(releases, 0);
    clock_ms += TICK_FRESH_MS + 1;
    corral_free(corral_alloc(SIZE, ID), ID);
    cr_assert_gt(releases, 0);
}

Test(tick_large, leaves_a_large_block_that_was_just_freed) {
    if (CORRAL_LARGE_KEEP_KIB * BUILD_KIB < LARGE || CORRAL_DECAY_MS == 0) {
        cr_skip_test("this build keeps none");
    }
    corral_free(corral_alloc(LARGE, ID), ID);
    corral_thread_detach();
    corral_tick(WHOLE);
    cr_assert_eq(releases, 0);
    clock_ms += (uint64_t)CORRAL_DECAY_MS + 1;
    corral_tick(WHOLE);
    cr_assert_gt(releases, 0);
}

Test(tick_large, a_trim_unmaps_the_callers_own_large_block) {
    corral_free(corral_alloc(LARGE, ID), ID);
    corral_free(corral_alloc(LARGE, ID), ID);
    unsigned before = releases;
    corral_trim(ID, 0);
    cr_assert_eq(releases > before, CORRAL_LARGE_KEEP_KIB * BUILD_KIB >= LARGE);
}
