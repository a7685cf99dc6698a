/* SPDX-License-Identifier: MIT
 *
 * turn: what a thread's pools hold for later, and who gets it when all of it is given.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: a pool in use gets a front list in a bounded number of refills when idle ones have the
 *           budget, and a longer one; pools that are used once hold little; those that are used again
 *           soon make the hand rest.
 * Does not: measure how long that takes.
 */
#include "turn.h"

#include <corral/corral.h>
#include "front.h"
#include "home.h"
#include "thread.h"

#include "support/check.h"

#include <criterion/criterion.h>

enum { ID = 0, PAIRS = 1000, ROUNDS = 12, MOST = FRONT_BLOCKS + 128 };

static struct cache *own_cache(void) {
    return cache_of_fronts(corral_thread.fronts);
}

/* The smallest class of which a unit is one block. */
static unsigned single_class(void) {
    unsigned class_index = 0;
    while (corral_classes[class_index].capacity > 1) {
        class_index++;
    }
    return class_index;
}

/* So many blocks, of which there are MOST at most. */
static void take_and_free(size_t size, uint32_t id, uint32_t count) {
    static void *blocks[MOST];
    for (uint32_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(size, id);
        CHECK(blocks[i] != NULL, "no block");
    }
    for (uint32_t i = 0; i < count; i++) {
        corral_free(blocks[i], id);
    }
}

/* Uses a pool with some more blocks at a time than its front list takes, until that is as long as can
 * be. */
static void use(uint32_t id, unsigned class_index) {
    const struct size_class *size_class = &corral_classes[class_index];
    const struct corral_front *front = &own_cache()->fronts[(id << CLASS_STRIDE_LOG) + class_index];
    for (unsigned round = 0; round < ROUNDS && front_limit(front) < size_class->front_max; round++) {
        take_and_free(size_class->size, id, front_limit(front) + 2);
    }
}

/* The pools that may hold most for what they cost in slabs: with units of one block, or of one slab. */
static bool holds_much(const struct size_class *size_class, bool single) {
    return single ? size_class->capacity == 1
                  : size_class->slabs == 1 && size_class->capacity > 1 &&
                        (size_t)size_class->size * size_class->front_max >= FRONT_BYTES / 2;
}

/* Uses such pools of other ids until the budget has less left than `needed` bytes. */
static void spend(bool single, size_t needed) {
    for (uint32_t id = ID + 1; id < DENSE_IDS && own_cache()->front_budget >= needed; id++) {
        for (unsigned i = 0; i < CLASS_COUNT && own_cache()->front_budget >= needed; i++) {
            size_t size = corral_classes[i].size;
            if (holds_much(&corral_classes[i], single) && size <= own_cache()->front_budget) {
                use(id, i);
            }
        }
    }
}

static uint64_t refills(void) {
    corral_stats stats;
    CHECK(corral_category_stats(ID, &stats, sizeof stats) == CORRAL_OK, "no figures");
    return stats.refills;
}

static void do_pair(size_t size) {
    void *block = corral_alloc(size, ID);
    CHECK(block != NULL, "no block");
    corral_free(block, ID);
}

/* Two looks put an idle pool out, and the hand passes the pool itself once. */
static void check_gets_a_list(bool single) {
    unsigned class_index = single_class();
    size_t size = corral_classes[class_index].size;
    corral_free(corral_alloc(size, ID + 1), ID + 1); /* a cache */
    spend(single, size);
    CHECK(own_cache()->front_budget < size, "%zu bytes are left", own_cache()->front_budget);

    uint32_t most = 2 * own_cache()->turns + 3;
    const struct corral_front *front = &own_cache()->fronts[(ID << CLASS_STRIDE_LOG) + class_index];
    uint32_t pairs = 0;
    for (; front_limit(front) == 0 && pairs <= most; pairs++) {
        do_pair(size);
    }
    CHECK(pairs > 0, "it has one already");
    CHECK(pairs <= most, "no front list after %u pairs", pairs);
    uint64_t before = refills();
    for (unsigned i = 0; i < PAIRS; i++) {
        do_pair(size);
    }
    CHECK(refills() <= before + 1, "%llu refills", (unsigned long long)(refills() - before));
}

/* The class of which a front list may have most blocks. */
static unsigned longest_class(void) {
    unsigned longest = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        longest = corral_classes[i].front_max > corral_classes[longest].front_max ? i : longest;
    }
    return longest;
}

/* A list that is too short while idle pools have the budget gets longer in so many turns. */
static void check_gets_longer(void) {
    unsigned class_index = longest_class();
    uint32_t size = corral_classes[class_index].size;
    uint32_t most = corral_classes[class_index].front_max;
    do_pair(size);
    const struct corral_front *front = &own_cache()->fronts[(ID << CLASS_STRIDE_LOG) + class_index];
    uint32_t first = front_limit(front);
    CHECK(first > 0 && first < most, "a limit of %u", first);
    spend(false, (size_t)first * size);
    CHECK(own_cache()->front_budget < (size_t)first * size, "%zu bytes are left",
          own_cache()->front_budget);

    uint32_t turns = 4 * own_cache()->turns + 512;
    for (; turns > 0 && front_limit(front) < most; turns--) {
        take_and_free(size, ID, 2 * 64); /* a refill, for a pool that has no list */
        use(ID, class_index);
    }
    CHECK(turns > 0, "the list has a limit of %u still", front_limit(front));
}

/* Uses pools of all ids once each: those of which a unit is one block, or the others. */
static void use_once(bool single) {
    for (uint32_t id = 0; id < DENSE_IDS; id++) {
        for (unsigned i = 0; i < CLASS_COUNT; i++) {
            if ((corral_classes[i].capacity == 1) == single) {
                corral_free(corral_alloc(corral_classes[i].size, id), id);
                CHECK(own_cache()->held <= HOLD_LEAST, "%td bytes in id %u, class %u",
                      own_cache()->held, id, i);
            }
        }
    }
}

/* Where the pools that can hold all of the budget may not stay for their slabs, they do not. */
#define STAY (HOLD_LEAST >= 2 * (ptrdiff_t)FRONT_BUDGET && FRONT_BYTES <= SLAB_BYTES)
/* A block that is a unit may have a front list. */
#define SINGLE (FRONT_BUDGET >= 4 * SLAB_BYTES)

Test(turn, what_idle_pools_of_small_blocks_had_is_given_to_others, .disabled = !(STAY && SINGLE)) {
    check_gets_a_list(false);
}

Test(turn, what_idle_pools_of_single_blocks_had_is_given_to_others, .disabled = !SINGLE) {
    check_gets_a_list(true);
}

Test(turn, what_idle_pools_had_makes_others_lists_longer, .disabled = !STAY || FRONT_BLOCKS < 64) {
    check_gets_longer();
}

Test(turn, pools_that_are_used_again_make_the_hand_rest) {
    struct cache cache = {.patience = 0};
    CHECK(turn_may_look(&cache) && turn_may_look(&cache), "it rests without a reason");
    for (unsigned i = 0; i < 2 * PATIENCE_MOST; i++) {
        turn_was_in_vain(&cache);
    }
    for (unsigned i = 1; i < 1u << PATIENCE_MOST; i++) {
        CHECK(!turn_may_look(&cache), "it moves after %u", i);
    }
    CHECK(turn_may_look(&cache), "it rests for ever");
    for (unsigned i = 0; i < 2 * PATIENCE_MOST; i++) {
        for (unsigned k = 0; k < PATIENCE_MET; k++) {
            turn_met(&cache);
        }
    }
    CHECK(turn_may_look(&cache) && turn_may_look(&cache), "it rests without a reason");
}

Test(turn, pools_that_are_not_used_again_do_not, .disabled = !STAY) {
    use_once(false);
    use_once(true);
    CHECK(own_cache()->patience == 0, "a patience of %u", own_cache()->patience);
}

/* At a patience of 1 every other refusal moves the hand, which meets idle pools. */
Test(turn, pools_that_are_met_idle_make_it_move_again, .disabled = !STAY) {
    use_once(false);
    struct cache *cache = own_cache();
    unsigned small = longest_class();
    do_pair(corral_classes[small].size);
    size_t budget = 0; /* what those that are met give back is refused too */
    cache->patience = 1;
    for (unsigned i = 0; i < 2 * PATIENCE_MET + 2; i++) {
        budget += cache->front_budget;
        cache->front_budget = 0;
        corral_home_grant(cache, (ID << CLASS_STRIDE_LOG) + small);
    }
    cache->front_budget += budget;
    CHECK(cache->patience == 0, "a patience of %u", cache->patience);
}

/* The hand lays the pool aside since another is refused room; then it is used again. */
Test(turn, a_pool_that_is_used_again_does, .disabled = FRONT_BLOCKS < 2) {
    unsigned small = longest_class();
    size_t size = corral_classes[small].size;
    do_pair(size);
    corral_free(corral_alloc(size, ID + 1), ID + 1);
    struct cache *cache = own_cache();
    size_t budget = cache->front_budget;
    cache->front_budget = 0;
    for (uint32_t i = 0; i < 2 * cache->turns; i++) {
        if (turn_next(cache) != (ID << CLASS_STRIDE_LOG) + small) {
            corral_home_grant(cache, ((ID + 1) << CLASS_STRIDE_LOG) + small);
        }
    }
    corral_home_grant(cache, ((ID + 1) << CLASS_STRIDE_LOG) + small);
    CHECK(cache_pool_if(cache, (ID << CLASS_STRIDE_LOG) + small)->turn == TURN_LAID, "it is in use");
    cache->front_budget += budget;
    CHECK(cache->patience == 0, "a patience of %u", cache->patience);
    do_pair(size);
    CHECK(cache->patience == 1, "a patience of %u", cache->patience);
    corral_thread_detach();
    do_pair(size);
    CHECK(own_cache() == cache && cache->patience == 0, "the last thread's patience");
}

Test(turn, what_pools_that_are_used_once_hold_is_bounded, .disabled = !STAY) {
    use_once(true);
    use_once(false);
}
