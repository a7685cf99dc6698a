/* SPDX-License-Identifier: MIT
 *
 * Ticks by a clock on which purges take time: they end when they are to.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: the first ticks may learn how long a step takes; the others are looked at one by one.
 * Does not: look at what is purged (tick.c, tick_large.c).
 */
#include "large_due.h"
#include "ticking.h"

enum { COST = 1000, JITTER = 200, LEARNING = 12, TICKS = 20000 };
#define UNIT (64 * BUILD_KIB)

TestSuite(tick_pace, .init = ticking_begin);

/* Of a whole arena, little is there any more when it ends. */
static uint64_t cost_of(uint64_t unit, size_t size) {
    return size >= 64 * SLAB ? unit : unit * size / UNIT;
}

static uint64_t as_always(size_t size) {
    return cost_of(COST, size);
}

/* By a fifth more or less, without a rule. */
static uint64_t varying(size_t size) {
    static uint64_t random = 1;
    random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return cost_of(COST - JITTER + (random >> 33) % (2 * JITTER), size);
}

/* Each second step takes three times as long. */
static uint64_t by_turns(size_t size) {
    static unsigned turn;
    return cost_of(turn++ % 2 == 0 ? COST : 3 * COST, size);
}

static uint64_t tick_takes(uint64_t budget, uint64_t *left) {
    uint64_t before = clock_ns;
    *left = corral_tick(budget);
    return clock_ns - before;
}

static void have_work(void) {
    corral_tick(0);
    use_and_free(ID);
    use_and_free_large();
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
}

struct run {
    unsigned ticks, late;
    uint64_t latest, spent; /* by how much; in all */
};

/* Ticks until nothing is left. */
static struct run run(uint64_t budget) {
    struct run run = {0};
    uint64_t left;
    do {
        uint64_t took = tick_takes(budget, &left);
        bool late = took > budget + 10 && run.ticks >= LEARNING;
        run.late += late;
        run.latest = late && took - budget > run.latest ? took - budget : run.latest;
        run.spent += took;
        run.ticks++;
    } while (left != 0 && run.ticks < TICKS);
    cr_assert_eq(left, 0, "%u ticks do not get to the end", run.ticks);
    cr_assert_eq(kept(), 0);
    cr_assert_null(corral_large_due_take(), "a block is left that no tick told of");
    return run;
}

/* How much of what a slab's step takes at least has to fit. */
#define BUDGET (64 * COST * (SLAB > UNIT ? SLAB / UNIT : 1))

/* Of a hundred ticks, at most so many are late; of their time, at least so many parts are used. */
static void expect_pace(uint64_t (*takes)(size_t size), unsigned most_late, unsigned least_used) {
    have_work();
    purge_takes = takes;
    struct run it = run(BUDGET);
    cr_assert_gt(it.ticks, 3 * LEARNING);
    cr_assert_leq(it.late * 100, it.ticks * most_late, "%u of %u, by up to %ju", it.late, it.ticks, (uintmax_t)it.latest);
    cr_assert_geq(it.spent * 100, it.ticks * BUDGET * least_used, "%ju ns in %u ticks", (uintmax_t)it.spent, it.ticks);
}

Test(tick_pace, steps_that_will_end_in_time) {
    expect_pace(as_always, 0, 50);
}

/* What varies is left room for. */
Test(tick_pace, steps_that_vary) {
    expect_pace(varying, 2, 50);
}

Test(tick_pace, steps_of_two_kinds) {
    expect_pace(by_turns, 10, 30);
}

/* A budget that has no room for a unit: one is purged by each tick. */
Test(tick_pace, one_unit_at_least) {
    have_work();
    purge_takes = as_always;
    uint64_t left;
    for (unsigned i = 0; i < 100; i++) {
        uint64_t before = bytes_purged;
        tick_takes(COST / 10, &left);
        cr_assert_gt(bytes_purged, before);
        cr_assert_leq(bytes_purged - before, SLAB > UNIT ? SLAB : UNIT);
        cr_assert_gt(left, 0);
    }
}

/* The first steps ever are of one unit, since nobody knows how long they take. */
Test(tick_pace, begins_with_one_unit) {
    have_work();
    purge_takes = as_always;
    uint64_t left;
    tick_takes(COST / 2, &left);
    cr_assert_leq(bytes_purged, SLAB > UNIT ? SLAB : UNIT);
}

/* A step in which the thread did not run does not keep the next ticks from their work. */
static uint64_t stopped_once(size_t size) {
    static unsigned step;
    return step++ == 40 ? COST * 100000 : as_always(size);
}

Test(tick_pace, forgets_a_stop) {
    have_work();
    purge_takes = as_always;
    struct run before = run(BUDGET);
    have_work();
    purge_takes = stopped_once;
    struct run it = run(BUDGET);
    cr_assert_leq(it.late, 1);
    cr_assert_leq(it.ticks, before.ticks + 4, "%u ticks, %u without it", it.ticks, before.ticks);
    cr_assert_geq(it.spent - COST * 100000, (it.ticks - 1) * BUDGET / 3, "%ju ns in %u ticks", (uintmax_t)it.spent, it.ticks);
}

static uint64_t stopped_at_first(size_t size) {
    static unsigned step;
    return step++ == 0 ? COST * 100000 : as_always(size);
}

/* Nor when it was the first step of all: nothing is known yet to tell that by. */
Test(tick_pace, forgets_a_stop_at_first) {
    purge_takes = stopped_at_first;
    have_work();
    struct run it = run(BUDGET);
    have_work();
    struct run later = run(BUDGET);
    cr_assert_leq(it.ticks, later.ticks + 30, "%u ticks, %u later", it.ticks, later.ticks);
}

/* Releases that are thought to take longer than any budget are begun all the same: of blocks that are purged, as a tick's
 * first step. */
static uint64_t slow_at_first(size_t size) {
    (void)size;
    return releases == 1 ? COST * 1000 : COST / 10;
}

Test(tick_pace, ends_when_a_release_was_slow) {
    have_work();
    purge_takes = as_always;
    release_takes = slow_at_first;
    for (uint64_t budget = COST / 2; budget < BUDGET; budget *= 8) {
        struct run it = run(budget);
        cr_assert_lt(it.ticks, TICKS);
        have_work();
    }
}

/* The first release takes longer than any tick has, and large blocks are freed before each tick: the next ones are begun
 * all the same, of what waited longest. */
Test(tick_pace, releases_while_blocks_are_freed) {
    enum { TURNS = 120 };
    corral_tick(0);
    for (int i = 0; i < TURNS; i++) {
        blocks[i] = corral_alloc(LARGE, ID);
    }
    purge_takes = as_always;
    release_takes = slow_at_first;
    for (int i = 0; i < TURNS; i++) {
        corral_free(blocks[i], ID);
        corral_tick(2 * BUDGET);
    }
    size_t kept_most = CORRAL_LARGE_KEEP_KIB * BUILD_KIB / LARGE + 1;
    cr_assert_geq(releases * 2, TURNS - kept_most, "%u", releases);
}

/* An arena that is in use has a slab due at each tick: the others' turn comes. */
Test(tick_pace, goes_on_from_an_arena_in_use) {
    corral_category_options options = {.keep = 1, .decay_ms = CORRAL_DECAY_AT_ONCE};
    cr_assert_eq(corral_category_configure(OTHER, &options, sizeof options), CORRAL_OK);
    corral_tick(0);
    corral_free(corral_alloc(SIZE, OTHER), OTHER); /* its arena comes first */
    use_and_free(ID);
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    purge_takes = as_always;
    for (int i = 0; i < TICKS && kept() != 0; i++) {
        corral_free(corral_alloc(SIZE, OTHER), OTHER);
        corral_thread_detach();
        corral_tick(COST * (SLAB > UNIT ? SLAB / UNIT : 1));
    }
    cr_assert_eq(kept(), 0, "%ju bytes are kept", (uintmax_t)kept());
}

/* While each release takes longer than a tick has, they are first steps only; later that is forgotten. */
static bool is_slow;

static uint64_t slow_for_a_while(size_t size) {
    (void)size;
    return is_slow ? 4 * BUDGET : COST / 10;
}

Test(tick_pace, forgets_what_was_slow) {
    purge_takes = as_always;
    release_takes = slow_for_a_while;
    is_slow = true;
    for (int i = 0; i < 10; i++) {
        have_work();
        run(BUDGET);
    }
    is_slow = false;
    have_work();
    struct run after = run(BUDGET);
    have_work();
    struct run later = run(BUDGET);
    cr_assert_leq(after.ticks, later.ticks + 4, "%u ticks, %u later", after.ticks, later.ticks);
}

/* An arena is gone through before the next one is begun, however many ticks that takes. */
Test(tick_pace, goes_on_where_it_was) {
    corral_tick(0);
    use_and_free(ID);
    corral_thread_detach();
    clock_ms += (uint64_t)CORRAL_DECAY_MS;
    purge_takes = as_always;
    uint64_t left;
    unsigned ticks = 0;
    do {
        tick_takes(3 * COST * (SLAB > UNIT ? SLAB / UNIT : 1), &left);
        ticks++;
    } while (left != 0 && ticks < TICKS);
    unsigned arenas = (unsigned)(BLOCKS * SIZE / (64 * SLAB)) + 1;
    cr_assert_gt(ticks, 4 * arenas);
    cr_assert_leq(arenas_begun, 2 * arenas);
}

/* Slabs and large blocks by turns: where more of the latter is freed before each tick than one unmaps, the former go too. */
Test(tick_pace, of_both_kinds) {
    have_work();
    purge_takes = as_always;
    corral_tick(0);
    size_t kept_before = kept();
    for (int i = 0; i < 100 && kept() != 0; i++) {
        use_and_free_large();
        corral_tick(COST * (SLAB > UNIT ? SLAB / UNIT : 1));
    }
    cr_assert_lt(kept(), kept_before);
}
