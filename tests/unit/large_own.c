/* SPDX-License-Identifier: MIT
 *
 * large_own: the large block that a thread keeps for itself.
 *
 * Owns:     counts of the OS's operations; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: whom the block serves and whom it does not; when it becomes anyone's; the bound of what
 *           threads keep; figures in each state.
 * Does not: share blocks among threads at once (../explore/scenarios_large.c).
 */
#include "large_own.h"
#include "os.h"
#include "thread.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <corral/corral.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <string.h>

enum { ID = 3, OTHER = 4, THREADS = 24 };
/* Of whole OS pages, also where those have 64 KiB; no arena, and no cache, is a multiple of it. */
#define SIZE (CORRAL_MEDIUM_SLABS * CORRAL_SLAB_KIB * BUILD_KIB + BUILD_MIB + 64 * BUILD_KIB)
#define MOST (CORRAL_LARGE_KEEP_KIB * BUILD_KIB / SIZE * SIZE)

static struct corral_os table;
static _Atomic unsigned reserves, releases;
static bool refuses;

static void *reserve(size_t size, size_t alignment) {
    atomic_fetch_add(&reserves, size % SIZE == 0);
    return refuses ? NULL : corral_os_real.reserve(size, alignment);
}

static bool release(void *start, size_t size) {
    atomic_fetch_add(&releases, size % SIZE == 0);
    return corral_os_real.release(start, size);
}

/* From here on, the OS's operations with large blocks are counted. */
static void count_calls(void) {
    if (CORRAL_LARGE_KEEP_KIB * BUILD_KIB < 8 * SIZE) {
        cr_skip_test("this build keeps too little");
    }
    corral_free(corral_alloc(16, ID), ID);
    table = corral_os_real;
    table.reserve = reserve;
    table.release = release;
    corral_os = &table;
}

/* The thread has a block of its own afterwards. */
static void *own_block(size_t size, uint32_t id) {
    void *block = corral_alloc(size, id);
    cr_assert_not_null(block);
    corral_free(block, id);
    cr_assert_eq(large_own_bytes(&thread_cache()->large_own, id), size);
    return block;
}

static void *alloc_size(void *unused) {
    (void)unused;
    return corral_alloc(SIZE, ID);
}

static void *on_thread(void *(*function)(void *), void *argument) {
    pthread_t thread;
    void *result;
    cr_assert_eq(pthread_create(&thread, NULL, function, argument), 0);
    pthread_join(thread, &result);
    return result;
}

Test(large_own, serves_its_thread_again_and_again) {
    count_calls();
    void *block = own_block(SIZE, ID);
    for (int i = 0; i < 1000; i++) {
        cr_assert_eq(corral_alloc(SIZE, ID), block);
        cr_assert_eq(figures_of(ID).large_blocks, 1);
        cr_assert_eq(figures_of(ID).large_bytes, SIZE);
        memset(block, i, 64);
        corral_free(block, ID);
        cr_assert_eq(figures_of(ID).large_blocks, 0);
        cr_assert_eq(figures_of(ID).large_bytes, 0);
    }
    cr_assert_eq(reserves, 1);
    cr_assert_eq(releases, 0);
    figures_expect_nothing();
}

Test(large_own, serves_no_other_thread_until_its_own_ends) {
    count_calls();
    void *block = own_block(SIZE, ID);
    void *other = on_thread(alloc_size, NULL);
    cr_assert_not_null(other);
    cr_assert_neq(other, block);
    corral_thread_detach();
    cr_assert_eq(on_thread(alloc_size, NULL), block);
    cr_assert_eq(reserves, 2);
    corral_free(block, ID);
    corral_free(other, ID);
    figures_expect_nothing();
}

Test(large_own, a_block_that_was_asked_for_twice_in_vain_is_anyone_s) {
    count_calls();
    void *block = own_block(SIZE, ID);
    void *others[2];
    others[0] = corral_alloc(SIZE, OTHER);
    cr_assert_eq(large_own_bytes(&thread_cache()->large_own, ID), SIZE);
    others[1] = corral_alloc(SIZE, OTHER);
    cr_assert_eq(large_own_bytes(&thread_cache()->large_own, ID), 0);
    cr_assert_eq(on_thread(alloc_size, NULL), block);
    corral_free(block, ID);
    corral_free(others[0], OTHER);
    corral_free(others[1], OTHER);
    figures_expect_nothing();
}

Test(large_own, one_that_serves_by_turns_stays) {
    count_calls();
    void *block = own_block(SIZE, ID);
    void *other = NULL;
    for (int i = 0; i < 100; i++) {
        other = corral_alloc(SIZE, OTHER);
        corral_free(other, OTHER);
        cr_assert_eq(corral_alloc(SIZE, ID), block);
        corral_free(block, ID);
        cr_assert_eq(large_own_bytes(&thread_cache()->large_own, ID), SIZE);
    }
    cr_assert_eq(reserves, 2);
    figures_expect_nothing();
}

Test(large_own, the_second_block_is_kept_for_anyone) {
    count_calls();
    void *blocks[2] = {corral_alloc(SIZE, ID), corral_alloc(SIZE, ID)};
    corral_free(blocks[0], ID);
    corral_free(blocks[1], ID);
    cr_assert_eq(on_thread(alloc_size, NULL), blocks[1]);
    cr_assert_eq(corral_alloc(SIZE, ID), blocks[0]);
    cr_assert_eq(reserves, 2);
    corral_free(blocks[0], ID);
    corral_free(blocks[1], ID);
    figures_expect_nothing();
}

Test(large_own, a_more_aligned_block_is_another) {
    count_calls();
    void *block = own_block(SIZE, ID);
    size_t alignment = 2 * CORRAL_SLAB_KIB * BUILD_KIB * 64;
    while (((uintptr_t)block & (alignment - 1)) == 0) {
        alignment *= 2;
    }
    void *aligned = corral_aligned_alloc(alignment, SIZE, ID);
    cr_assert_neq(aligned, block);
    cr_assert(aligned == NULL || ((uintptr_t)aligned & (alignment - 1)) == 0);
    corral_free(aligned, ID);
    figures_expect_nothing();
}

Test(large_own, a_block_of_no_bytes_is_one_of_a_page) {
    count_calls();
    size_t alignment = 2 * CORRAL_SLAB_KIB * BUILD_KIB * 64;
    void *blocks[2];
    for (int i = 0; i < 4; i++) {
        for (int k = 0; k < 2; k++) {
            blocks[k] = corral_aligned_alloc(alignment, 0, 0);
            cr_assert_gt(corral_usable_size(blocks[k]), 0);
        }
        cr_assert_neq(blocks[0], blocks[1]);
        cr_assert_eq(figures_of(0).large_blocks, 2);
        corral_free(blocks[0], 0);
        corral_free(blocks[1], 0);
    }
    figures_expect_nothing();
}

Test(large_own, goes_back_when_memory_is_exhausted) {
    count_calls();
    own_block(SIZE, ID);
    refuses = true;
    cr_assert_null(corral_alloc(SIZE, OTHER));
    cr_assert_eq(releases, 1);
    cr_assert_eq(large_own_bytes(&thread_cache()->large_own, ID), 0);
    refuses = false;
    own_block(SIZE, ID);
    figures_expect_nothing();
}

/* Each thread frees a block, and ends when all have. */
static pthread_barrier_t barrier;
static size_t kept_bytes;

static void *free_one_and_wait(void *unused) {
    (void)unused;
    corral_free(corral_alloc(SIZE, ID), ID);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    return NULL;
}

Test(large_own, what_threads_keep_is_bounded) {
    count_calls();
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, free_one_and_wait, NULL);
    }
    pthread_barrier_wait(&barrier);
    size_t most = CORRAL_LARGE_KEEP_KIB * BUILD_KIB;
    kept_bytes = (reserves - releases) * SIZE;
    cr_assert(kept_bytes <= most, "%zu kept", kept_bytes);
    /* Those that are anyone's go; the rest are threads' own. */
    corral_large_release_kept();
    kept_bytes = (reserves - releases) * SIZE;
    cr_assert(kept_bytes <= most / 4, "%zu of threads' own", kept_bytes);
    cr_assert(kept_bytes > 0 || most / 4 < SIZE);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    /* What was reserved is not any more. */
    corral_large_release_kept();
    cr_assert_eq(reserves, releases);
    for (size_t left = most / 4; left >= SIZE; left -= SIZE) {
        cr_assert(corral_large_reserve(SIZE));
    }
    cr_assert_not(corral_large_reserve(most / 4));
    figures_expect_nothing();
}

static void *hold_one_and_wait(void *unused) {
    (void)unused;
    void *block = corral_alloc(2 * SIZE, ID);
    corral_free(block, ID);
    block = corral_alloc(2 * SIZE, ID);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    corral_free(block, ID);
    return NULL;
}

Test(large_own, what_is_reserved_leaves_others_most_of_what_may_be_kept) {
    count_calls();
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, hold_one_and_wait, NULL);
    pthread_barrier_wait(&barrier);
    size_t size = MOST / SIZE * 3 / 4 * SIZE;
    corral_free(corral_alloc(size, ID), ID);
    unsigned before = reserves;
    for (int i = 0; i < 100; i++) {
        corral_free(corral_alloc(size, ID), ID);
    }
    cr_assert_eq(reserves, before);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    figures_expect_nothing();
}

Test(large_own, who_only_frees_keeps_nothing) {
    count_calls();
    void *block = on_thread(alloc_size, NULL);
    corral_free(block, ID);
    cr_assert_eq(large_own_bytes(&thread_cache()->large_own, ID), 0);
    cr_assert_eq(thread_cache()->large_own.room, 0);
}

/* Far too much, again and again: what one thread counts meanwhile, the other may see. */
static void *ask_too_much(void *unused) {
    for (int i = 0; i < 200000; i++) {
        if (corral_alloc(PTRDIFF_MAX, 0) != NULL) {
            return &barrier;
        }
    }
    return unused;
}

Test(large_own, too_much_is_refused_to_two_threads_at_once) {
    count_calls();
    own_block(SIZE, 0);
    void *block = corral_alloc(SIZE, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, ask_too_much, NULL);
    cr_assert_null(ask_too_much(NULL));
    void *other;
    pthread_join(thread, &other);
    cr_assert_null(other);
    corral_free(block, 0);
    figures_expect_nothing();
}

Test(large_own, one_that_lives_again_counts_for_the_peak) {
    count_calls();
    own_block(SIZE, ID);
    size_t more = CORRAL_LARGE_KEEP_KIB * BUILD_KIB;
    void *other = corral_alloc(more, ID);
    void *block = corral_alloc(SIZE, ID);
    size_t live = more + SIZE;
    corral_free(other, ID);
    corral_free(block, ID);
    /* Only now: reading the figures looks at the peak too. */
    cr_assert_geq(figures_of(ID).peak_bytes, live - live / 16);
    cr_assert_leq(figures_of(ID).peak_bytes, live);
}

Test(large_own, room_follows_the_size) {
    count_calls();
    own_block(SIZE, ID);
    corral_free(corral_alloc(2 * SIZE, OTHER), OTHER);
    own_block(2 * SIZE, OTHER);
    corral_free(corral_alloc(SIZE, OTHER), OTHER);
    void *other = corral_alloc(SIZE, ID);
    own_block(SIZE, ID);
    cr_assert_eq(thread_cache()->large_own.room, SIZE);
    corral_free(other, ID);
    figures_expect_nothing();
}
