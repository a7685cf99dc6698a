/* SPDX-License-Identifier: MIT
 *
 * Ticks: what they do, in which steps, and what alloc and free leave to them.
 *
 * Owns:     nothing.
 * Callers:  Criterion.
 * Promises: what a tick does is seen by what it asks of the OS, and by figures.
 * Does not: measure time. Look at single large blocks (tick_large.c).
 */
#include "ticking.h"

#include <pthread.h>

TestSuite(tick, .init = ticking_begin);

/* Without this, what follows could pass because nothing is purged anyway. */
Test(tick, none_and_frees_purge) {
    use_and_free(ID);
    corral_thread_detach();
    cr_assert_gt(calls(), 0);
    cr_assert_leq(kept(), KEPT_MOST);
    unsigned before = calls();
    use_and_free_large();
    cr_assert_gt(calls(), before);
}

Test(tick, and_frees_purge_nothing) {
    corral_tick(0);
    use_and_free(ID);
    use_and_free_large();
    corral_thread_detach();
    cr_assert_eq(calls(), 0);
    cr_assert_gt(kept(), KEPT_MOST);
    cr_assert_eq(corral_tick(WHOLE), 0);
    cr_assert_leq(kept(), KEPT_MOST);
    cr_assert_gt(kept() + 64 * SLAB, KEPT_MOST, "more than an arena that ends, and what is beyond that");
    cr_assert_gt(releases, 0);
}

Test(tick, purges_what_was_kept_long_enough) {
    corral_tick(0);
    use_and_free(ID);
    corral_thread_detach();
    corral_tick(WHOLE);
    uint64_t before = kept();
    clock_ms += (uint64_t)CORRAL_DECAY_MS / 2;
    corral_tick(WHOLE);
    cr_assert_eq(kept(), CORRAL_DECAY_MS == 0 ? 0 : before);
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    cr_assert_eq(corral_tick(WHOLE), 0);
    cr_assert_eq(kept(), 0);
    cr_assert_leq(figures_of(ID).arenas, 2, "%d", (int)figures_of(ID).arenas);
}

Test(tick, a_category_decays_in_its_own_time) {
    corral_category_options never = {.decay_ms = CORRAL_DECAY_NEVER}, soon = {.decay_ms = 7};
    corral_category_configure(OTHER, &never, sizeof never);
    corral_category_configure(ID, &soon, sizeof soon);
    corral_tick(0);
    use_and_free(ID);
    use_and_free(OTHER);
    corral_thread_detach();
    cr_assert_eq(corral_tick(WHOLE), 0);
    uint64_t other = figures_of(OTHER).kept_bytes;
    clock_ms += 7;
    cr_assert_eq(corral_tick(WHOLE), 0);
    cr_assert_eq(kept(), 0);
    for (int i = 0; i < 100; i++) {
        clock_ms += 100000;
        corral_tick(WHOLE);
    }
    cr_assert_eq(figures_of(OTHER).kept_bytes, other);
}

Test(tick, ends_when_its_time_is_over) {
    corral_tick(0);
    use_and_free(ID);
    use_and_free_large();
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    unsigned ticks = 0;
    uint64_t left;
    do {
        unsigned before = calls();
        left = corral_tick(10);
        cr_assert_leq(calls() - before, 10 + 2, "%u steps, and an arena's end", calls() - before);
        ticks++;
    } while (left != 0 && ticks < 100000);
    cr_assert_eq(left, 0);
    cr_assert_gt(ticks, 10);
    cr_assert_eq(kept(), 0);
    cr_assert_eq(corral_tick(WHOLE), 0);
}

/* Enough blocks live that no arena ends, which is a step of its own. Large blocks are purged before they are unmapped. */
Test(tick, makes_small_steps) {
    corral_tick(0);
    use_and_free_large();
    cr_assert_eq(corral_tick(WHOLE), 0);
    cr_assert_geq(bytes_purged, releases * LARGE);
    cr_assert_gt(releases, (unsigned)LARGES / 2);
    cr_assert_leq(most_purged, STEP);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = corral_alloc(SIZE, ID);
        CHECK(blocks[i] != NULL, "block %d", i);
    }
    for (int i = 0; i < BLOCKS; i++) {
        if (i % 50 != 0 && i != BLOCKS - 1) {
            corral_free(blocks[i], ID);
        }
    }
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    cr_assert_eq(corral_tick(WHOLE), 0);
    cr_assert_gt(purges, 10);
    cr_assert_leq(most_purged, STEP);
}

Test(tick, alloc_and_free_go_on_by_themselves_a_second_after) {
    corral_tick(0);
    clock_ms += TICK_FRESH_MS - 1;
    use_and_free(ID);
    use_and_free_large();
    corral_thread_detach();
    cr_assert_eq(calls(), 0);
    clock_ms += 1 + 1; /* it may have been noted as an odd number */
    use_and_free(ID);
    use_and_free_large();
    corral_thread_detach();
    cr_assert_gt(purges, 0);
    cr_assert_gt(releases, (unsigned)LARGES / 2, "what waited for a tick is unmapped too");
    cr_assert_lt(mapped, (size_t)LARGES * LARGE, "all of it");
    cr_assert_leq(kept(), KEPT_MOST);
}

Test(tick, with_no_time_says_that_something_is_left) {
    cr_assert_eq(corral_tick(0), 0);
    use_and_free(ID);
    corral_thread_detach();
    cr_assert_gt(corral_tick(0), 0);
    cr_assert_eq(calls(), 0);
}

static void *tick_and_stop(void *unused) {
    atomic_store(&stops, true);
    corral_tick(WHOLE);
    return unused;
}

/* A thread that is stopped in the middle of a tick. */
Test(tick, others_go_on_when_one_is_stopped) {
    pthread_t thread;
    sem_init(&entered, 0, 0);
    sem_init(&go_on, 0, 0);
    corral_tick(0);
    use_and_free(ID);
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    CHECK(pthread_create(&thread, NULL, tick_and_stop, NULL) == 0, "no thread");
    sem_wait(&entered);
    unsigned before = calls();
    for (int i = 0; i < 100; i++) {
        corral_tick(WHOLE);
    }
    cr_assert_eq(calls(), before, "two ticks at once");
    use_and_free(OTHER);
    use_and_free(ID);
    clock_ms += TICK_FRESH_MS + 1;
    use_and_free(OTHER);
    corral_thread_detach();
    cr_assert_gt(calls(), before, "nobody purges");
    sem_post(&go_on);
    pthread_join(thread, NULL);
    cr_assert_eq(corral_tick(WHOLE), 0);
    figures_expect_nothing();
}

static sem_t ready, trimmed;

static void *hold_and_tick(void *unused) {
    corral_free(corral_alloc(SMALL, ID), ID);
    sem_post(&ready);
    sem_wait(&trimmed);
    corral_tick(WHOLE);
    sem_post(&ready);
    sem_wait(&trimmed);
    return unused;
}

Test(tick, sends_home_what_a_trim_asked_for) {
    pthread_t thread;
    sem_init(&ready, 0, 0);
    sem_init(&trimmed, 0, 0);
    CHECK(pthread_create(&thread, NULL, hold_and_tick, NULL) == 0, "no thread");
    sem_wait(&ready);
    corral_trim(ID, 0);
    cr_assert_gt(figures_of(ID).slabs, 0, "another thread has it");
    sem_post(&trimmed);
    sem_wait(&ready);
    cr_assert_eq(figures_of(ID).slabs, 0);
    sem_post(&trimmed);
    pthread_join(thread, NULL);
}

Test(tick, sends_home_what_a_thread_has_not_used_lately) {
    corral_free(corral_alloc(SMALL, ID), ID);
    corral_free(corral_alloc(SIZE, ID), ID);
    if (figures_of(ID).slabs <= 1) {
        cr_skip_test("this build leaves a thread the slabs of one size class");
    }
    for (int i = 0; i < 100; i++) {
        clock_ms += (uint64_t)CORRAL_DECAY_MS / 8 + 1;
        corral_free(corral_alloc(SMALL, ID), ID);
        corral_tick(WHOLE);
    }
    cr_assert_eq(figures_of(ID).slabs, 1, "%d slabs", (int)figures_of(ID).slabs);
}

/* What is refused is left alone, and what is behind it is not. */
Test(tick, ends_where_nothing_can_be_purged) {
    refuses = true;
    corral_tick(0);
    use_and_free(ID);
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    corral_tick(WHOLE);
    cr_assert_gt(purges, 3, "each arena is tried");
    cr_assert_eq(corral_trim(ID, 0), 0, "nothing went back");
    refuses = false;
    corral_trim(ID, 0);
    cr_assert_eq(kept(), 0);
}

Test(tick, purges_no_part_of_huge_pages) {
    corral_category_options options = {.huge_pages = CORRAL_HUGE_PAGES_EXPLICIT};
    corral_category_configure(ID, &options, sizeof options);
    corral_free(corral_alloc(SIZE, ID), ID);
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    corral_tick(WHOLE);
    cr_assert_not_null(huge);
    cr_assert_eq(kept(), 0, "it is the arena's");
    corral_trim(ID, 0);
    cr_assert_eq(figures_of(ID).arenas, 0);
}
