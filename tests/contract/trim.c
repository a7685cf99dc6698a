/* SPDX-License-Identifier: MIT
 *
 * Trims: memory goes back when a program says so.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: what lives keeps its content.
 * Does not: look at what a tick does for a trim (../unit/tick.c).
 */
#include "filling.h"

#include <corral/upkeep.h>

#include "support/guards.h"
#include "support/pattern.h"
#include "support/process.h"

#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { COUNT = 3000, SIZE = 5000, KEPT = 50 };
#define SLAB     ((uint64_t)CORRAL_SLAB_KIB * BUILD_KIB)
#define KEPT_MOST ((uint64_t)CORRAL_RETIRE_KIB * BUILD_KIB)

TestSuite(trim, .init = guards_off);

static void use(uint32_t id) {
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(SIZE, id);
        CHECK(blocks[i] != NULL, "block %zu", i);
        pattern_fill(blocks[i], SIZE, i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(pattern_holds(blocks[i], SIZE, i), "block %zu", i);
        corral_free(blocks[i], id);
    }
}

Test(trim, gives_back_what_is_kept) {
    use(ID);
    corral_thread_detach();
    uint64_t kept = figures_of(ID).kept_bytes;
    cr_assert(KEPT_MOST == 0 || kept > 0);
    cr_assert_eq(corral_trim(ID, 0), kept);
    cr_assert_eq(figures_of(ID).kept_bytes, 0);
    cr_assert_eq(figures_of(ID).arenas, 0);
    cr_assert_eq(corral_trim(ID, 0), 0, "there is always more");
    use(ID);
}

Test(trim, leaves_as_much_as_it_is_told) {
    use(ID);
    corral_thread_detach();
    uint64_t kept = figures_of(ID).kept_bytes, target = 3 * SLAB + 1;
    corral_trim(ID, kept + SLAB);
    cr_assert_eq(figures_of(ID).kept_bytes, kept);
    corral_trim(ID, target);
    uint64_t left = figures_of(ID).kept_bytes;
    cr_assert_eq(left, kept < target ? kept : 3 * SLAB, "%ju are left", (uintmax_t)left);
    corral_trim(ID, 1);
    cr_assert_eq(figures_of(ID).kept_bytes, 0);
}

Test(trim, takes_what_the_calling_thread_has_at_hand) {
    use(ID);
    cr_assert_gt(figures_of(ID).slabs, 0);
    corral_trim(ID, 0);
    cr_assert_eq(figures_of(ID).slabs, 0);
    cr_assert_eq(figures_of(ID).committed_bytes, 0);
    use(ID);
    figures_expect_nothing();
}

Test(trim, leaves_other_categories_alone) {
    use(OTHER);
    void *live = corral_alloc(SIZE, OTHER);
    pattern_fill(live, SIZE, 1);
    use(ID);
    corral_stats before = figures_of(OTHER);
    corral_trim(ID, 0);
    corral_stats after = figures_of(OTHER);
    cr_assert_eq(after.slabs, before.slabs);
    cr_assert_eq(after.kept_bytes, before.kept_bytes);
    cr_assert(pattern_holds(live, SIZE, 1));
    corral_free(live, OTHER);
}

Test(trim, of_all_leaves_what_lives) {
    void *live[KEPT];
    for (size_t i = 0; i < KEPT; i++) {
        live[i] = corral_alloc(SIZE, i % 2 == 0 ? ID : OTHER);
        pattern_fill(live[i], SIZE, i);
    }
    use(ID);
    use(OTHER);
    corral_trim_all(0);
    cr_assert_eq(figures_total().kept_bytes, 0);
    cr_assert_leq(figures_total().slabs, KEPT);
    for (size_t i = 0; i < KEPT; i++) {
        cr_assert(pattern_holds(live[i], SIZE, i));
        corral_free(live[i], i % 2 == 0 ? ID : OTHER);
    }
    corral_trim_all(0);
    cr_assert_eq(figures_total().slabs, 0);
    cr_assert_eq(figures_total().arenas, 0);
    figures_expect_nothing();
}

Test(trim, of_what_was_never_used) {
    cr_assert_eq(corral_trim(ID, 0), 0);
    cr_assert_eq(corral_trim(0xFFFFFFFE, 0), 0);
    cr_assert_eq(corral_trim_all(0), 0);
}

static void *use_and_vanish(void *unused) {
    use(ID);
    syscall(SYS_exit, 0);
    return unused;
}

/* AddressSanitizer does not survive a thread that vanishes. */
Test(trim, takes_what_ended_threads_left, .disabled = BUILD_HAS_ASAN || BUILD_HAS_TSAN) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, use_and_vanish, NULL) == 0, "no thread");
    pthread_join(thread, NULL);
    uint64_t slabs = figures_of(ID).slabs;
    cr_assert_gt(slabs, 0);
    for (int i = 0; i < 1000 && figures_of(ID).slabs > 0; i++) {
        corral_trim(ID, 0); /* the OS may know the thread for a moment more */
        usleep(1000);
    }
    cr_assert_eq(figures_of(ID).slabs, 0);
}

Test(trim, keeps_errno) {
    use(ID);
    errno = 77;
    corral_trim(ID, 0);
    corral_trim_all(0);
    corral_tick(1000);
    cr_assert_eq(errno, 77);
}
