/* SPDX-License-Identifier: MIT
 *
 * Calls around the end of a thread: in destructors of thread-specific data, and after a detach.
 *
 * Owns:     the keys; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: repeat anything thousands of times (../stress/storm.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <limits.h>
#include <pthread.h>

enum { ID = 6, KEPT_MOST = 4096, CROWD = 16 };

/* What a dying thread allocates and leaves for the main thread to check and free. */
static struct {
    void *block;
    size_t size;
} kept[KEPT_MOST];
static size_t kept_count;

static void keep(size_t size) {
    void *block = corral_alloc(size, ID);
    CHECK(block != NULL, "no block of %zu in a destructor", size);
    pattern_fill(block, size, kept_count);
    kept[kept_count].block = block;
    kept[kept_count].size = size;
    kept_count++;
}

static void check_and_free_kept(void) {
    for (size_t i = 0; i < kept_count; i++) {
        CHECK(pattern_holds(kept[i].block, kept[i].size, i), "block %zu of a dead thread", i);
        corral_free(kept[i].block, ID);
    }
    kept_count = 0;
}

/* One destructor's work: each call, blocks that stay, and the end of blocks of the main thread. */
static void use_everything(void **foreign) {
    keep(50);
    keep(70000);
    void *block = corral_calloc(3, 50, ID);
    CHECK(pattern_is_byte(block, 150, 0), "not zero");
    block = corral_realloc(block, 4000, ID);
    CHECK(block != NULL && pattern_is_byte(block, 150, 0), "content");
    corral_free(block, ID);
    corral_free(corral_aligned_alloc(256, 100, ID), ID);
    void *batch[20];
    CHECK(corral_alloc_batch(100, ID, 20, batch) == 20, "no batch");
    corral_free_batch(batch, 20, ID);
    corral_free(corral_alloc(5 * BUILD_MIB, ID), ID);
    corral_free(*foreign, ID);
    *foreign = NULL;
    CHECK(figures_of(ID).live_blocks >= kept_count, "figures in a destructor");
}

struct life {
    pthread_key_t key;
    unsigned round;
    bool detach;
    void *foreign[PTHREAD_DESTRUCTOR_ITERATIONS];
};

static struct life lives[2];

static void destroy(void *value) {
    struct life *life = value;
    use_everything(&life->foreign[life->round]);
    if (life->detach) {
        corral_thread_detach();
    }
    if (++life->round < PTHREAD_DESTRUCTOR_ITERATIONS) {
        pthread_setspecific(life->key, life);
    }
}

static void make_key(struct life *life) {
    CHECK(pthread_key_create(&life->key, destroy) == 0, "no key");
}

static void *live(void *argument) {
    const bool *allocates = argument;
    for (size_t i = 0; i < 2; i++) {
        pthread_setspecific(lives[i].key, &lives[i]);
    }
    if (*allocates) {
        keep(200);
        corral_free(corral_alloc(300, ID), ID);
    }
    return NULL;
}

/* One key is older than corral's first use and one is younger, so that destructors run on both
 * sides of corral's own. Each runs in all rounds that there are. */
static void run_life(bool allocates, bool detach) {
    make_key(&lives[0]);
    for (size_t i = 0; i < PTHREAD_DESTRUCTOR_ITERATIONS; i++) {
        lives[0].foreign[i] = corral_alloc(100, ID);
        lives[1].foreign[i] = corral_alloc(3000, ID);
    }
    make_key(&lives[1]);
    lives[0].detach = lives[1].detach = detach;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, live, &allocates) == 0, "no thread");
    pthread_join(thread, NULL);
    CHECK(lives[0].round == PTHREAD_DESTRUCTOR_ITERATIONS, "%u rounds", lives[0].round);
    CHECK(lives[1].round == PTHREAD_DESTRUCTOR_ITERATIONS, "%u rounds", lives[1].round);
    CHECK(figures_of(ID).live_blocks == kept_count, "blocks of a dead thread");
    check_and_free_kept();
    figures_expect_nothing();
}

/* Addresses that lay between guard pages are not used again at once. */
TestSuite(thread_end, .init = guards_off);

Test(thread_end, destructors_of_a_thread_that_allocated) {
    run_life(true, false);
}

Test(thread_end, destructors_make_the_first_call) {
    run_life(false, false);
}

Test(thread_end, destructors_that_detach) {
    run_life(true, true);
}

static void allocate_and_keep(void *argument) {
    size_t seed = *(size_t *)argument;
    for (size_t i = 0; i < 200; i++) {
        keep((seed + i * 97) % 9000);
    }
}

Test(thread_end, blocks_outlive_their_thread) {
    for (size_t i = 0; i < CROWD; i++) {
        thread_call(allocate_and_keep, &i);
        cr_assert_eq(figures_of(ID).live_blocks, kept_count);
    }
    check_and_free_kept();
    figures_expect_nothing();
}

Test(thread_end, memory_of_dead_threads_is_used_again) {
    for (size_t i = 0; i < 10; i++) {
        thread_call(allocate_and_keep, &i);
        check_and_free_kept();
    }
    corral_stats before = figures_of(ID);
    for (size_t i = 0; i < 100; i++) {
        thread_call(allocate_and_keep, &i);
        check_and_free_kept();
    }
    cr_assert_leq(figures_of(ID).arenas, before.arenas + 1, "arenas grow with threads");
}

/* Likewise. */
TestSuite(detach, .init = guards_off);

Test(detach, blocks_outlive_it) {
    for (size_t i = 0; i < 5; i++) {
        allocate_and_keep(&i);
        corral_thread_detach();
        cr_assert_eq(figures_of(ID).live_blocks, kept_count);
        corral_thread_detach();
    }
    check_and_free_kept();
    figures_expect_nothing();
    corral_thread_detach();
    figures_expect_nothing();
}

Test(detach, again_and_again) {
    for (int i = 0; i < 20000; i++) {
        void *block = corral_alloc((size_t)i % 5000, ID);
        corral_thread_detach();
        corral_free(block, ID);
        if (i % 2 == 0) {
            corral_thread_detach();
        }
    }
    figures_expect_nothing();
    cr_assert_leq(figures_of(ID).arenas, 2, "each detach costs an arena");
}

static void detach_only(void *argument) {
    (void)argument;
    corral_thread_detach();
    corral_thread_detach();
}

Test(detach, as_a_threads_only_call) {
    void *block = corral_alloc(10, ID);
    thread_call(detach_only, NULL);
    figures_expect(ID, 1, figures_bytes(block));
    corral_free(block, ID);
    figures_expect_nothing();
}
