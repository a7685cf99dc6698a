/* SPDX-License-Identifier: MIT
 *
 * Ticks: what they do, in which steps, and what alloc and free leave to them.
 *
 * Owns:     two clocks that the tests set, and counts of what is asked of the OS; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each reading of the clock of nanoseconds is one more than the one before, so that a budget is a number of
 *           steps.
 * Does not: measure time.
 */
#include <corral/configure.h>
#include <corral/upkeep.h>

#include "keep.h"
#include "os.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

enum { ID = 3, OTHER = 4, BLOCKS = 6000, SIZE = 16000, SMALL = 200, LARGES = 40 };
#define KEPT_MOST ((uint64_t)CORRAL_RETIRE_KIB * BUILD_KIB)
#define SLAB      ((uint64_t)CORRAL_SLAB_KIB * BUILD_KIB)
#define STEP      (SLAB > 256 * BUILD_KIB ? SLAB : 256 * BUILD_KIB)
#define CUT       (512 * BUILD_KIB)
#define LARGE     (4 * BUILD_MIB)
#define WHOLE     UINT64_MAX

static struct corral_os table;
static uint64_t clock_ms = 5000;
static _Atomic uint64_t clock_ns;
static unsigned purges, releases;
static size_t most_purged, most_released;
static sem_t entered, go_on;
static _Atomic bool stops; /* the next purge waits for `go_on` */

static uint64_t milliseconds(void) {
    return clock_ms;
}

static uint64_t nanoseconds(void) {
    return atomic_fetch_add(&clock_ns, 1);
}

static bool refuses; /* to purge */
static char *huge;   /* an arena of huge pages, of which nothing may be purged */
static size_t mapped;

static void *reserve(size_t size, size_t alignment) {
    void *start = corral_os_real.reserve(size, alignment);
    mapped += start == NULL ? 0 : size;
    return start;
}

static void *reserve_huge(size_t size, size_t alignment) {
    return huge = corral_os_real.reserve(size, alignment);
}

static bool purge(void *start, size_t size) {
    purges++;
    CHECK(huge == NULL || (char *)start < huge || (char *)start >= huge + 64 * SLAB, "a part of huge pages");
    if (refuses) {
        return false;
    }
    most_purged = size > most_purged ? size : most_purged;
    if (atomic_exchange(&stops, false)) {
        sem_post(&entered);
        sem_wait(&go_on);
    }
    return corral_os_real.purge(start, size);
}

static bool release(void *start, size_t size) {
    releases++;
    mapped -= size;
    most_released = size > most_released ? size : most_released;
    return corral_os_real.release(start, size);
}

/* Where more may be kept than the tests use, nothing is ever beyond that. */
static void begin(void) {
    if (KEPT_MOST > BLOCKS * SIZE / 2 || CORRAL_LARGE_KEEP_KIB * BUILD_KIB > LARGES * LARGE / 2) {
        cr_skip_test("this build keeps all of it");
    }
    table = corral_os_real;
    table.milliseconds = milliseconds;
    table.nanoseconds = nanoseconds;
    table.purge = purge;
    table.release = release;
    table.reserve = reserve;
    table.reserve_huge = reserve_huge;
    corral_os = &table;
}

TestSuite(tick, .init = begin);

static void *blocks[BLOCKS];

static void use_and_free(uint32_t id) {
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = corral_alloc(SIZE, id);
        CHECK(blocks[i] != NULL, "block %d", i);
    }
    for (int i = 0; i < BLOCKS; i++) {
        corral_free(blocks[i], id);
    }
}

static void use_and_free_large(void) {
    for (int i = 0; i < LARGES; i++) {
        blocks[i] = corral_alloc(LARGE, ID);
        CHECK(blocks[i] != NULL, "block %d", i);
    }
    for (int i = 0; i < LARGES; i++) {
        corral_free(blocks[i], ID);
    }
}

static unsigned calls(void) {
    return purges + releases;
}

static uint64_t kept(void) {
    return figures_of(ID).kept_bytes;
}

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

/* Enough blocks live that no arena ends, which is a step of its own. */
Test(tick, makes_small_steps) {
    corral_tick(0);
    use_and_free_large();
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
    cr_assert_gt(releases, LARGES);
    cr_assert_leq(most_released, CUT);
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

Test(tick, large_blocks_wait_in_bounds) {
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
Test(tick, one_large_block_waits_no_longer_than_ticks_come) {
    corral_free(corral_alloc(SMALL, ID), ID);
    corral_tick(0);
    void *large = corral_alloc(64 * LARGE, ID);
    corral_free(large, ID);
    cr_assert_eq(releases, 0);
    clock_ms += TICK_FRESH_MS + 1;
    corral_free(corral_alloc(SIZE, ID), ID);
    cr_assert_gt(releases, 0);
}

Test(tick, leaves_a_large_block_that_was_just_freed) {
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

Test(tick, a_trim_unmaps_the_callers_own_large_block) {
    corral_free(corral_alloc(LARGE, ID), ID);
    corral_free(corral_alloc(LARGE, ID), ID);
    unsigned before = releases;
    corral_trim(ID, 0);
    cr_assert_eq(releases > before, CORRAL_LARGE_KEEP_KIB * BUILD_KIB >= LARGE);
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
