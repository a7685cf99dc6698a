/* SPDX-License-Identifier: MIT
 *
 * Gates: what a thread does while a category is reset of which it has pools, and the other way round.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: a gate is shut or entered by the test itself, in the place of another thread.
 * Does not: let threads race (../explore, ../stress/reset.c).
 */
#include "category.h"
#include "gate.h"
#include "os.h"
#include "thread.h"
#include "trial.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The level's id is its category in every build. */
enum { LEVEL = 0, OTHER = 2, COUNT = 300, SIZE = 100 };

static void *blocks[COUNT];

static void use(uint32_t id) {
    for (size_t i = 0; i < COUNT; i++) {
        blocks[i] = corral_alloc(SIZE, id);
    }
    corral_free(blocks[0], id); /* of which a front list takes in one, however short */
}

static struct row *row_of_level(void) {
    return load_relaxed(&thread_cache()->rows[LEVEL]);
}

/* Blocks between guard pages are in no front list. */
TestSuite(gate, .init = guards_off);

Test(gate, lets_no_reset_begin_while_a_thread_is_within) {
    bool within;
    use(LEVEL);
    corral_stats before = figures_of(LEVEL);
    cr_assert(gate_enter(row_of_level(), &within));
    cr_assert_not(within);
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_EBUSY);
    corral_stats after = figures_of(LEVEL);
    cr_assert_eq(memcmp(&before, &after, sizeof before), 0);
    gate_leave(row_of_level(), within);
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_OK);
    figures_expect(LEVEL, 0, 0);
}

Test(gate, is_entered_once_by_who_is_within) {
    bool within, again;
    use(LEVEL);
    cr_assert(gate_enter(row_of_level(), &within));
    cr_assert(gate_enter(row_of_level(), &again));
    cr_assert(again);
    gate_leave(row_of_level(), again);
    cr_assert_not(corral_gate_close(LEVEL));
    gate_leave(row_of_level(), within);
    cr_assert(corral_gate_close(LEVEL));
    cr_assert_not(corral_gate_close(LEVEL), "of two resets one is to have it");
    cr_assert_not(gate_enter(row_of_level(), &within));
    corral_gate_reopen(LEVEL);
}

static void enter_gate(void *argument) {
    bool within;
    use(LEVEL);
    *(struct row **)argument = row_of_level();
    CHECK(gate_enter(row_of_level(), &within), "it is shut");
    CHECK(corral_category_reset(LEVEL) == CORRAL_EBUSY, "it is reset");
    gate_leave(row_of_level(), within);
}

/* Of several caches' gates, those that were closed before the one that could not be are open again. */
Test(gate, is_open_again_where_another_could_not_be_closed) {
    struct row *other = NULL;
    bool within;
    use(LEVEL);
    thread_call_kept(enter_gate, &other);
    cr_assert(gate_take(other, GATE_OWNER));
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_EBUSY);
    cr_assert(gate_enter(row_of_level(), &within));
    cr_assert_not(within);
    gate_leave(row_of_level(), within);
    gate_open(other);
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_OK);
}

/* More pools than the thread may hold: the hand goes round. */
static void use_many_others(void) {
    for (uint32_t id = OTHER; id < OTHER + 20; id++) {
        for (size_t size = 16; size <= 8000; size += size / 2) {
            for (int i = 0; i < 20; i++) {
                cr_assert_not_null(corral_alloc(size, id));
            }
        }
    }
}

Test(gate, keeps_the_hand_away_while_it_is_shut) {
    use(LEVEL);
    const struct pool *pool = &row_of_level()->pools[size_class_of(SIZE)];
    struct pool kept = *pool;
    cr_assert(corral_gate_close(LEVEL));
    use_many_others();
    cr_assert_eq(pool->turn, TURN_IN);
    cr_assert_eq(pool->current, kept.current);
    cr_assert_eq(load_relaxed(&pool->run), load_relaxed(&kept.run));
    corral_gate_reopen(LEVEL);
    use_many_others();
    cr_assert_neq(pool->turn, TURN_IN, "the hand never came by");
}

static void use_and_end(void *argument) {
    use(OTHER);
    use(LEVEL);
    *(uint16_t *)argument = thread_cache()->identity;
    CHECK(corral_gate_close(LEVEL), "it is not open");
}

/* A thread that ends meanwhile leaves what it has behind the gate to whoever has its cache next. */
Test(gate, leaves_pools_to_the_next_thread_where_it_is_shut) {
    uint16_t identity;
    thread_call(use_and_end, &identity);
    cr_assert_eq(figures_of(LEVEL).live_blocks, COUNT - 1);
    struct cache *cache = corral_cache_take_orphan();
    cr_assert_eq(cache->identity, identity);
    const struct corral_front *front = &cache->fronts[(LEVEL << CLASS_STRIDE_LOG) + size_class_of(SIZE)];
    cr_assert_not_null(front->head);
    uint32_t other = corral_category_of_id(OTHER);
    front = &cache->fronts[(other << CLASS_STRIDE_LOG) + size_class_of(SIZE)];
    cr_assert_null(front->head, "what is behind other gates went home");
    corral_gate_reopen(LEVEL);
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_OK);
    cr_assert_eq(corral_category_reset(OTHER), CORRAL_OK);
    corral_thread_return(cache);
    cr_assert_eq(corral_cache_take_orphan(), cache);
    figures_expect_nothing();
    cr_assert_eq(figures_total().slabs, 0);
    cr_assert_eq(cache->front_budget, FRONT_BUDGET);
    cr_assert_eq(cache->queue_budget, QUEUE_BUDGET);
}

static uint64_t ended; /* the thread, as the OS names it */

static void *enter_and_vanish(void *row) {
    bool within;
    use(LEVEL);
    *(struct row **)row = row_of_level();
    ended = corral_os_thread();
    CHECK(gate_enter(row_of_level(), &within), "it is shut");
    syscall(SYS_exit, 0);
    return NULL;
}

/* AddressSanitizer keeps threads of its own account, and does not survive one that vanishes. */
Test(gate, is_opened_by_who_takes_the_cache_of_a_thread_that_vanished_within, .disabled = BUILD_HAS_ASAN) {
    struct row *row = NULL;
    bool within;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, enter_and_vanish, &row) == 0, "no thread");
    pthread_join(thread, NULL);
    while (!corral_os_thread_is_gone(ended)) {
        usleep(100);
    }
    cr_assert_not(corral_gate_close(LEVEL));
    use(LEVEL);
    cr_assert_eq(row_of_level(), row, "the cache is had again");
    cr_assert(gate_enter(row, &within));
    cr_assert_not(within);
    gate_leave(row, within);
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_OK);
    figures_expect(LEVEL, 0, 0);
}

/* A reset looks for such a thread itself. */
Test(gate, lets_a_reset_begin_when_who_was_within_is_gone, .disabled = BUILD_HAS_ASAN) {
    struct row *row = NULL;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, enter_and_vanish, &row) == 0, "no thread");
    pthread_join(thread, NULL);
    while (!corral_os_thread_is_gone(ended)) {
        usleep(100);
    }
    cr_assert_eq(corral_category_reset(LEVEL), CORRAL_OK);
    figures_expect_nothing();
}

/* A recall that a budget of all categories makes stays out too. */
Test(gate, keeps_recalls_away_while_it_is_shut) {
    use(LEVEL);
    const struct corral_front *front = &thread_cache()->fronts[(LEVEL << CLASS_STRIDE_LOG) + size_class_of(SIZE)];
    const void *head = front->head;
    cr_assert_not_null(head);
    cr_assert(corral_gate_close(LEVEL));
    corral_recall(LEVEL);
    cr_assert_eq(front->head, head);
    corral_gate_reopen(LEVEL);
    corral_recall(LEVEL);
    cr_assert_null(front->head);
}

/* What another closed is not opened by who takes a cache. */
Test(gate, stays_shut_when_a_cache_is_taken) {
    use(LEVEL);
    cr_assert(corral_gate_close(LEVEL));
    corral_gate_free_all(thread_cache());
    cr_assert_eq(load_relaxed(&row_of_level()->gate), GATE_RESET);
    corral_gate_reopen(LEVEL);
}

static void enter_first(void *row) {
    bool within;
    use(LEVEL);
    *(struct row **)row = row_of_level();
    CHECK(gate_enter(row_of_level(), &within), "it is shut");
}

/* Of a thread that has the category only since the gates were closed, and is within. */
Test(gate, that_was_not_closed_is_not_opened) {
    struct row *row = NULL;
    use(LEVEL);
    cr_assert(corral_gate_close(LEVEL));
    thread_call_kept(enter_first, &row);
    corral_gate_reopen(LEVEL);
    cr_assert_eq(load_relaxed(&row->gate), GATE_OWNER);
    cr_assert_eq(load_relaxed(&row_of_level()->gate), GATE_OPEN);
    gate_open(row);
}
