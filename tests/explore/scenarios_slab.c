/* SPDX-License-Identifier: MIT
 *
 * Scenarios of one slab: frees from other threads, waking, collecting, giving back.
 *
 * Owns:     nothing.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h.
 * Does not: use more than one class.
 */
#include "scenarios.h"

#include "queue.h"
#include "thread.h"

static void fill_slab(void) {
    take_blocks(0, PER_SLAB);
}

/* The slab is FULL: the next block came from another. */
static void fill_and_let_go(void) {
    make_caches();
    take_blocks(0, PER_SLAB + 1);
    leave_blocks(PER_SLAB, PER_SLAB + 1);
}

static void leave_0(void) {
    leave_blocks(0, 1);
}
static void leave_1(void) {
    leave_blocks(1, 2);
}
static void leave_01(void) {
    leave_blocks(0, 2);
}
static void leave_2(void) {
    leave_blocks(2, 3);
}
static void leave_3(void) {
    leave_blocks(3, 4);
}
static void leave_23(void) {
    leave_blocks(2, 4);
}
static void leave_all(void) {
    leave_blocks(0, PER_SLAB);
}
static void check_23(void) {
    leave_23();
    expect_empty();
}
static void check_all(void) {
    leave_all();
    expect_empty();
}
static void two_pairs(void) {
    void *first = take(BLOCK, 0);
    void *second = take(BLOCK, 0);
    leave(first, 0);
    leave(second, 0);
}
static void take_two_leave_23(void) {
    void *first = take(BLOCK, 0);
    void *second = take(BLOCK, 0);
    leave_23();
    leave(first, 0);
    leave(second, 0);
}

/* Blocks of which an open word takes many. */
#define SMALL ((size_t)1024)
#define MANY  12u
static void take_many(void) {
    for (unsigned i = 0; i < MANY; i++) {
        blocks[i] = take(SMALL, 0);
    }
}
static void leave_many(void) {
    leave_blocks(0, MANY);
}
static void small_pair(void) {
    leave(take(SMALL, 0), 0);
}

static const struct scenario let_go = {
    .name = "let_go",
    .what = "an owner lets its slab go while another brings enough blocks to wake it",
    .setup = fill_slab,
    .threads = {pair, leave_01},
    .check = check_23,
    .inherits = true,
};
static const struct scenario let_go_all = {
    .name = "let_go_all",
    .what = "an owner lets its slab go while another brings all of its blocks",
    .setup = fill_slab,
    .threads = {pair, leave_all},
    .check = expect_empty,
    .inherits = true,
};
static const struct scenario wake = {
    .name = "wake",
    .what = "two threads bring a FULL slab what wakes it and what empties it",
    .setup = fill_and_let_go,
    .threads = {leave_01, leave_23},
    .check = expect_empty,
};
static const struct scenario wake_three = {
    .name = "wake_three",
    .what = "three threads bring blocks to a FULL slab, one or two each",
    .setup = fill_and_let_go,
    .threads = {leave_0, leave_1, leave_23},
    .check = expect_empty,
};
static const struct scenario collect = {
    .name = "collect",
    .what = "an owner that needs blocks and brings some, while another brings some too",
    .setup = fill_slab,
    .threads = {take_two_leave_23, leave_01},
    .check = expect_empty,
    .inherits = true,
};
static const struct scenario burst = {
    .name = "burst",
    .what = "an owner makes a list of what another brought, while a third needs blocks",
    .setup = fill_slab,
    .threads = {take_two_leave_23, leave_01, pair},
    .check = expect_empty,
    .inherits = true,
};
static const struct scenario use_again = {
    .name = "use_again",
    .what = "a slab that was woken and emptied is used again while others still send",
    .setup = fill_and_let_go,
    .threads = {leave_01, leave_23, two_pairs},
    .check = expect_empty,
};
static const struct scenario none_back = {
    .name = "none_back",
    .what = "an owner lets a slab go from which nothing comes back meanwhile",
    .setup = fill_slab,
    .threads = {pair, pair},
    .check = check_all,
    .inherits = true,
};
static const struct scenario gather = {
    .name = "gather",
    .what = "a thread gathers blocks in an open word, while another needs blocks of the class",
    .setup = take_many,
    .threads = {leave_many, small_pair},
    .check = expect_empty,
};

/* Two FULL slabs, and so many blocks of others are home that those that follow take slabs back. */
static void free_many(void) {
    make_caches();
    take_blocks(0, 3 * PER_SLAB + 1);
    leave_blocks(2 * PER_SLAB, 3 * PER_SLAB + 1);
}
static void check_10(void) {
    leave_blocks(PER_SLAB, 2 * PER_SLAB);
    expect_empty();
}
static const struct scenario take_back = {
    .name = "take_back",
    .what = "who let a slab go takes it back while another brings blocks that wake it",
    .setup = free_many,
    .threads = {leave_01, leave_23},
    .check = check_10,
    .inherits = true,
};
static const struct scenario take_back_one = {
    .name = "take_back_one",
    .what = "who let a slab go takes it back while two others bring a block each",
    .setup = free_many,
    .threads = {leave_01, leave_2, leave_3},
    .check = check_10,
    .inherits = true,
};

/* Caches that nobody else has, and room for one loan. */
static struct cache *borrowers[2];
static void find_borrowers(void) {
    make_caches();
    borrowers[0] = corral_thread_borrow();
    borrowers[1] = corral_thread_borrow();
}
static void borrow_and_repay(struct cache *cache) {
    corral_queue_borrow(cache);
    EXPECT(cache->queue_budget == QUEUE_BUDGET + cache->queue_loans * QUEUE_LOAN);
    corral_queue_repay(cache);
    EXPECT(cache->queue_budget == QUEUE_BUDGET && cache->queue_loans == 0);
    explore_done();
}
static void borrow_0(void) {
    borrow_and_repay(borrowers[0]);
}
static void borrow_1(void) {
    borrow_and_repay(borrowers[1]);
}
static void check_loan(void) {
    corral_queue_borrow(borrowers[0]);
    EXPECT(borrowers[0]->queue_loans == 1);
    corral_queue_borrow(borrowers[1]);
    EXPECT(borrowers[1]->queue_loans == 0);
    corral_queue_repay(borrowers[0]);
    corral_thread_return(borrowers[0]);
    corral_thread_return(borrowers[1]);
    expect_empty();
}
static const struct scenario loan = {
    .name = "loan",
    .what = "two threads borrow room in their queues, of which there is enough for one",
    .setup = find_borrowers,
    .threads = {borrow_0, borrow_1},
    .check = check_loan,
};

const struct scenario *const scenarios_slab[] = {&let_go,  &let_go_all, &wake,      &wake_three,
                                                 &collect, &burst,      &use_again, &none_back,
                                                 &gather,  &take_back, &take_back_one, &loan, 0};
