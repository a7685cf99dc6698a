/* SPDX-License-Identifier: MIT
 *
 * reset: what it leaves of a category in threads' pools, on shelves and in memory that is kept.
 *
 * Owns:     operations of the OS, of which a purge fails when told; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each test brings the category into a state, looks whether it is in that, resets it, and uses it again as
 *           who would find what is left of the state.
 * Does not: look at figures alone (../contract/reset.c), or race (../explore/scenarios_reset.c).
 */
#include "front.h"
#include "os.h"
#include "slab.h"
#include "thread.h"

#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/process.h"

#include <corral/configure.h>
#include <criterion/criterion.h>
#include <string.h>

/* The level's id is its category in every build. */
enum { LEVEL = 0, OTHER = 2, OTHERS = 20, SIZE = 100, COUNT = 6000, FEW = 10 };

static void *blocks[COUNT];

static void take_all(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(SIZE, LEVEL);
        CHECK(blocks[i] != NULL, "no block");
        memset(blocks[i], (int)i, SIZE);
    }
}

static void free_all(void) {
    for (size_t i = 0; i < COUNT; i++) {
        corral_free(blocks[i], LEVEL);
    }
}

static struct pool *pool_of_level(void) {
    return cache_pool_if(thread_cache(), (LEVEL << CLASS_STRIDE_LOG) + size_class_of(SIZE));
}

static struct corral_front *front_of_level(void) {
    return &thread_cache()->fronts[(LEVEL << CLASS_STRIDE_LOG) + size_class_of(SIZE)];
}

static void expect_reset(void) {
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_OK);
    figures_expect(LEVEL, 0, 0);
    cr_assert_eq(figures_of(LEVEL).slabs, 0);
}

static void expect_all_home(void) {
    corral_thread_detach();
    figures_expect(LEVEL, 0, 0);
    cr_assert_eq(figures_of(LEVEL).slabs, 0);
}

/* Others' pools, until the hand was at the level's one. */
static void use_others_until_laid(const struct pool *pool) {
    for (uint32_t id = OTHER; id < OTHER + OTHERS; id++) {
        for (size_t size = 16; size <= 8000; size += size / 2) {
            for (int i = 0; i < 20 && pool->turn == TURN_IN; i++) {
                cr_assert_not_null(corral_alloc(size, id));
            }
        }
    }
    if (pool->turn == TURN_OUT) {
        cr_skip_test("threads hold too little in this build");
    }
    cr_assert_eq(pool->turn, TURN_LAID, "the hand never came by");
}

TestSuite(reset, .init = guards_off);

/* The list of a pool that was laid aside is had by the next use. What is freed into it before that stays in it. */
Test(reset, takes_up_what_was_laid_aside) {
    take_all(NULL);
    for (size_t i = 0; i < FEW; i++) {
        corral_free(blocks[i], LEVEL);
    }
    use_others_until_laid(pool_of_level());
    cr_assert_gt(front_limit(front_of_level()), 0);
    expect_reset();
    thread_call(take_all, NULL);
    free_all();
    expect_all_home();
}

/* Frees neighbours until a word of them is open. */
static void open_word(void) {
    for (size_t i = 0; i < COUNT && pool_of_level()->open_span == 0; i++) {
        corral_free(blocks[i], LEVEL);
    }
    cr_assert_neq(pool_of_level()->open_span, 0, "no word is open");
}

/* Fills the front list, then brings blocks of the current slab home of which none is a neighbour of another. */
static void free_one_by_one(void) {
    const struct slab *current = pool_of_level()->current;
    size_t first = 0;
    cr_assert_not_null(current);
    for (; first < COUNT && front_room(front_of_level()) > 0; first++) {
        corral_free(blocks[first], LEVEL);
    }
    for (size_t i = first; i < COUNT; i += 2) {
        if (slab_of(blocks[i]) == current) {
            corral_free(blocks[i], LEVEL);
            blocks[i] = NULL;
        }
    }
    for (size_t i = first; i < COUNT; i++) {
        corral_free(blocks[i], LEVEL);
    }
}

/* Blocks that go home one by one meet no word that is not open. No list is full, so none went past it. */
Test(reset, closes_words_that_are_open) {
    take_all(NULL);
    open_word();
    cr_assert_gt(pool_of_level()->fit_after, 0);
    expect_reset();
    cr_assert_eq(pool_of_level()->fit_after, 0);
    take_all(NULL);
    free_one_by_one();
    expect_all_home();
}

static void free_block(void *block) {
    corral_free(block, LEVEL);
}

/* Of the slab's first life, neither what came home is there, nor that it was FULL. */
Test(reset, begins_slabs_anew) {
    take_all(NULL);
    struct slab *slab = slab_of(blocks[0]);
    cr_assert(slab_is_full(slab));
    thread_call(free_block, blocks[0]);
    cr_assert_neq(state_pending(load_relaxed(&slab_remote(slab)->state)), 0);
    expect_reset();
    struct slab *again = slab_of(corral_alloc(SIZE, LEVEL));
    cr_assert_eq(again, slab, "it is the first one again");
    cr_assert_eq(load_relaxed(&slab_remote(slab)->state) & (STATE_PENDING_MASK | STATE_FULL | STATE_SHELVED), 0);
    for (unsigned word = 0; word < (slab->capacity + 63u) / 64; word++) {
        cr_assert_eq(slab_remote_bits(slab, word), 0);
    }
    cr_assert(corral_slab_valid(slab));
}

static void free_most(void *unused) {
    (void)unused;
    for (size_t i = 0; i < COUNT; i++) {
        if (i % 4 != 0) {
            corral_free(blocks[i], LEVEL);
        }
    }
}

static void take_one(void *block) {
    *(void **)block = corral_alloc(SIZE, LEVEL);
}

/* A slab that lay on a shelf is of one thread when it is used again: another does not find it there. */
Test(reset, takes_slabs_off_their_shelves) {
    void *theirs = NULL;
    thread_call(take_all, NULL);
    thread_call(free_most, NULL);
    cr_assert_gt(figures_of(LEVEL).shelved_slabs, 0);
    expect_reset();
    void *ours = corral_alloc(SIZE, LEVEL);
    cr_assert_eq(figures_of(LEVEL).shelved_slabs, 0);
    thread_call_kept(take_one, &theirs);
    cr_assert_neq(slab_of(ours), slab_of(theirs), "two threads have one slab");
    corral_free(ours, LEVEL);
    corral_free(theirs, LEVEL);
    figures_expect(LEVEL, 0, 0);
}

static bool purge_not(void *start, size_t size) {
    (void)start, (void)size;
    return false;
}

/* Where the OS does not take memory back, blocks that were to be zero are made so. */
Test(reset, leaves_zeros_where_memory_is_not_taken_back) {
    corral_category_options options = {.zero_on_free = 1};
    size_t sizes[] = {SIZE, SMALL_MAX, SLAB_BYTES};
    struct corral_os table = corral_os_real;
    table.purge = purge_not;
    corral_os = &table;
    cr_assert_eq(corral_category_configure(LEVEL, &options, sizeof options), CORRAL_OK);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            char *block = corral_alloc(sizes[i], LEVEL);
            cr_assert_eq(memchr(block, 'S', sizes[i]), NULL, "round %d, %zu bytes", round, sizes[i]);
            memset(block, 'S', sizes[i]);
        }
        expect_reset();
    }
    corral_os = &corral_os_real;
}
