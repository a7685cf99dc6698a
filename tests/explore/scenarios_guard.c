/* SPDX-License-Identifier: MIT
 *
 * Scenarios of addresses for blocks between guard pages: units that are claimed, wait and come back, a range that gets
 * addresses and gives them back, addresses that are looked up meanwhile.
 *
 * Owns:     two categories' ranges, of which two at a time have addresses; the runs that the set-up claims.
 * Callers:  main, through scenarios.h.
 * Promises: as scenarios.h. A run is one thread's at a time, from its claim until it waits.
 * Does not: make anything trap: that is the OS's. Allocate blocks there: guard.c is not compiled here.
 */
#include "scenarios.h"

#include "atomic.h"
#include "category.h"
#include "guard_wait.h"

#include <corral/upkeep.h>

/* Of 32 units, and 16 blocks, that wait, and two ranges (meson.build). */
static struct guard_block *runs[24];

/* What the holder of a run wrote last, by what is known of its block. */
#define LIVES 4096u
static uint64_t lives[LIVES];

/* An address that the set-up had. */
static uintptr_t seen;

static char *run_start(const struct guard_block *it) {
    size_t first = (size_t)(it - it->range->blocks);
    return (char *)load_relaxed(&it->range->start) + first * GUARD_UNIT_BYTES;
}

/* Each holder of a run sees what the one before did. */
static void touch(const struct guard_block *it, uint64_t life) {
    uint64_t *last = &lives[(uintptr_t)it / 32 % LIVES];
    EXPECT(life > *last);
    *last = life;
}

/* As guard.c does. What is known of a block says of which life it is, four times. */
static struct guard_block *claim_of(uint32_t category, unsigned units) {
    struct guard_block *it = corral_guard_claim(category, units);
    if (it != NULL) {
        explore_take(run_start(it), 64);
        corral_guard_count(1, 1);
        uint64_t life = guard_word_life(load_relaxed(&it->word));
        touch(it, life);
        store_release(&it->block, life);
        store_release(&it->asked, life);
        store_release(&it->file, (const char *)life);
        store_release(&it->line, (uint32_t)life);
        store_release(&it->word, guard_word(life, units, 1, GUARD_IS_LIVE));
    }
    explore_done();
    return it;
}

static struct guard_block *claim(unsigned units) {
    return claim_of(0, units);
}

static void bring(struct guard_block *it) {
    if (it != NULL) {
        uint64_t word = load_relaxed(&it->word);
        EXPECT(cas_relaxed(&it->word, &word, word ^ (GUARD_IS_LIVE ^ GUARD_IS_FREED)));
        explore_leave(run_start(it));
        corral_guard_count(1, -1);
        corral_guard_wait(it);
    }
    explore_done();
}

static void bring_run(unsigned i) {
    bring(runs[i]);
    runs[i] = NULL;
}

/* There and back, or an answer that there is none. */
static void pair_of(unsigned units) {
    bring(claim(units));
}

static void release_all(void) {
    corral_guard_wait_no_more();
    corral_guard_end_empty();
    explore_done();
}

/* What is known of an address is of one block; of where it was asked for, nothing when that changes meanwhile. */
static void look_up(uintptr_t address) {
    struct guard_range *range = corral_guard_range_of((void *)address);
    struct guard_block *it = range == NULL ? NULL : corral_guard_around(range, (void *)address);
    struct guard_info info;
    if (it != NULL && corral_guard_read(it, &info)) {
        EXPECT((uint64_t)info.block == info.size);
        EXPECT((uint64_t)info.file == info.line && (info.line == info.size || info.line == 0));
    }
    explore_done();
}

static void claim_runs(unsigned first, unsigned last, unsigned units) {
    category_use(0);
    category_use(1);
    for (unsigned i = first; i <= last; i++) {
        runs[i] = claim(units);
        EXPECT(runs[i] != NULL);
        seen = (uintptr_t)run_start(runs[i]);
    }
}

static void use(void) {
    category_use(0);
}
static void pair_of_one(void) {
    pair_of(1);
}
static void pair_of_three(void) {
    pair_of(3);
}
static void pair_of_all(void) {
    pair_of(GUARD_UNITS);
}
static void pair_of_another(void) {
    bring(claim_of(1, 1));
}
/* A range without addresses is left. */
static void leave_none(void) {
    claim_runs(0, 0, 2);
    bring_run(0);
    release_all();
}
static void refused(void) {
    world_refuse_reservations(true);
    pair_of(1);
    world_refuse_reservations(false);
}
/* All places are taken, and a block more is to come from each thread. */
static void fill_ring(void) {
    claim_runs(0, WAIT_BLOCKS, 1);
    claim_runs(WAIT_BLOCKS + 1, WAIT_BLOCKS + 1, WAIT_BLOCKS + 2);
    claim_runs(WAIT_BLOCKS + 2, WAIT_BLOCKS + 2, 1);
    for (unsigned i = 0; i < WAIT_BLOCKS; i++) {
        bring_run(i);
    }
}
static void bring_one_more(void) {
    bring_run(WAIT_BLOCKS);
}
static void bring_too_much(void) {
    bring_run(WAIT_BLOCKS + 1);
}
static void bring_another(void) {
    bring_run(WAIT_BLOCKS + 2);
}
/* Two are too much together. */
static void hold_two(void) {
    claim_runs(0, 1, WAIT_UNITS / 2 + 1);
}
static void bring_0(void) {
    bring_run(0);
}
static void bring_1(void) {
    bring_run(1);
}
static void leave_one(void) {
    claim_runs(0, 0, 2);
    bring_run(0);
}
/* One unit is free, which had a block. */
static void leave_a_unit(void) {
    claim_runs(0, 0, GUARD_UNITS - 1);
    claim_runs(1, 1, 1);
    bring_run(1);
    corral_guard_wait_no_more();
}
/* At an address at which a large block was that went with others. */
static void leave_large(void) {
    use();
    corral_tick(0);
    void *large[4]; /* of the smaller ones one is kept */
    for (unsigned i = 0; i < 4; i++) {
        large[i] = take(i < 2 ? ARENA_BYTES : 2 * ARENA_BYTES, 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        leave(large[i], 0);
    }
    corral_thread_detach();
    corral_tick(UINT64_MAX);
    seen = (uintptr_t)large[load_relaxed(&large_map_find(large[0])->behind) == 0];
    EXPECT(load_relaxed(&large_map_find((void *)seen)->behind) != 0);
}
static void refuse_and_release(void) {
    world_refuse_releases(true);
    release_all();
    world_refuse_releases(false);
}
static void look_twice(void) {
    look_up(seen);
    look_up(seen + GUARD_UNIT_BYTES + 1);
    look_up(seen);
    EXPECT(corral_guard_slabs(0) <= GUARD_UNITS && corral_guard_slabs_of_pool(1) <= GUARD_UNITS);
    EXPECT(corral_guard_waiting() <= GUARD_UNITS && corral_guard_range_count(0) <= RANGES_MOST);
}
/* Each unit is had again, and none twice. */
static void check_all(void) {
    for (unsigned i = 0; i < sizeof runs / sizeof *runs; i++) {
        if (runs[i] != NULL) {
            bring_run(i);
        }
    }
    EXPECT(corral_guard_waiting() <= WAIT_UNITS);
    corral_guard_wait_no_more();
    EXPECT(corral_guard_waiting() == 0);
    for (unsigned i = 0; i < RANGES_MOST; i++) {
        EXPECT(claim(GUARD_UNITS) != NULL);
    }
    EXPECT(claim(1) == NULL);
    EXPECT(corral_guard_range_count(0) == RANGES_MOST);
    EXPECT(corral_guard_slabs(0) == RANGES_MOST && corral_guard_slabs_of_pool(1) == RANGES_MOST);
}
/* The same, and nothing was lost to those who found no addresses. */
static void check_empty(void) {
    release_all();
    EXPECT(corral_guard_range_count(0) == 0 && corral_guard_range_count(1) == 0);
    check_all();
}

static const struct scenario guard_first = {
    .name = "guard_first",
    .what = "threads claim units of a category that has no range",
    .setup = use,
    .threads = {pair_of_one, pair_of_three},
    .check = check_all,
};
static const struct scenario guard_claim = {
    .name = "guard_claim",
    .what = "threads claim units of a range while others come back to it",
    .setup = leave_one,
    .threads = {pair_of_one, pair_of_three, release_all},
    .check = check_all,
};
static const struct scenario guard_again = {
    .name = "guard_again",
    .what = "threads claim units of a category whose range has no addresses any more",
    .setup = leave_none,
    .threads = {pair_of_one, pair_of_three},
    .check = check_all,
};
static const struct scenario guard_refused = {
    .name = "guard_refused",
    .what = "a thread gets no addresses while another does",
    .setup = leave_none,
    .threads = {refused, pair_of_one},
    .check = check_all,
};
static const struct scenario guard_wait = {
    .name = "guard_wait",
    .what = "threads bring freed blocks while two are too many",
    .setup = hold_two,
    .threads = {bring_0, bring_1},
    .check = check_all,
};
static const struct scenario guard_round = {
    .name = "guard_round",
    .what = "threads bring freed blocks where each place has one",
    .setup = fill_ring,
    .threads = {bring_one_more, bring_too_much, bring_another},
    .check = check_all,
};
static const struct scenario guard_look = {
    .name = "guard_look",
    .what = "an address is looked up while another block comes to be there",
    .setup = leave_a_unit,
    .threads = {pair_of_one, look_twice},
    .check = check_all,
};
static const struct scenario guard_look_new = {
    .name = "guard_look_new",
    .what = "an address is looked up while it comes to be of another category's range",
    .setup = leave_none,
    .threads = {pair_of_another, look_twice},
    .check = check_empty,
};
static const struct scenario guard_look_large = {
    .name = "guard_look_large",
    .what = "an address is looked up at which a large block was, while a range comes to be there",
    .setup = leave_large,
    .threads = {pair_of_one, look_twice},
    .check = check_empty,
};
static const struct scenario guard_gone = {
    .name = "guard_gone",
    .what = "a range's addresses go while a thread claims of it, and another looks one up",
    .setup = leave_one,
    .threads = {release_all, pair_of_one, look_twice},
    .check = check_empty,
};
static const struct scenario guard_stay = {
    .name = "guard_stay",
    .what = "a range keeps its addresses, which the OS does not take, while threads claim all of it",
    .setup = leave_one,
    .threads = {refuse_and_release, pair_of_all, pair_of_all},
    .check = check_empty,
};
static const struct scenario guard_leave = {
    .name = "guard_leave",
    .what = "a range's addresses go, and it gets others, while threads claim all of it",
    .setup = leave_one,
    .threads = {release_all, pair_of_all, pair_of_all},
    .check = check_empty,
};

const struct scenario *const scenarios_guard[] = {
    &guard_first, &guard_claim, &guard_again, &guard_refused, &guard_wait, &guard_round, &guard_look, &guard_look_new,
    &guard_look_large, &guard_gone, &guard_stay, &guard_leave, 0};
