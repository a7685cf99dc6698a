/* SPDX-License-Identifier: MIT
 *
 * slab: blocks as bits, and the protocol by which blocks come home.
 *
 * Owns:     slabs, in the test's hands as a cache's; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each block is handed out once; the state word passes through its diagram as drawn; the
 *           descriptor's law holds after each step.
 * Does not: involve caches or pools. Threads race in ../stress.
 */
#include "slab.h"

#include "block_link.h"

#include "support/check.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ME = 1, NOBODY = 0 };

static struct slab *make(unsigned class_index) {
    struct slab *slab = corral_slab_make(class_index, ME);
    CHECK(slab != NULL && corral_slab_valid(slab), "no slab");
    return slab;
}

/* Takes every block and counts each; returns how many runs there were. */
static unsigned take_all(struct slab *slab) {
    static unsigned char seen[SLAB_BYTES / BLOCK_MIN * 8];
    memset(seen, 0, sizeof seen);
    unsigned word;
    unsigned runs = 0;
    uint32_t taken = 0;
    for (uint64_t run; (run = corral_slab_take_run_owner(slab, &word)) != 0; runs++) {
        for (; run != 0; run &= run - 1) {
            uint32_t block = word * 64 + bits_lowest(run);
            CHECK(block < slab->capacity, "block %u of %u", block, slab->capacity);
            CHECK(seen[block]++ == 0, "block %u is handed out twice", block);
            taken++;
        }
        CHECK(corral_slab_valid(slab), "the law does not hold");
    }
    CHECK(taken == slab->capacity, "%u of %u blocks", taken, slab->capacity);
    return runs;
}

/* The bits of the blocks that a word of the slab has. */
static uint64_t bits_of_word(const struct slab *slab, unsigned word) {
    uint32_t left = slab->capacity - word * 64;
    return bits_below(left);
}

static unsigned words_of(const struct slab *slab) {
    return (slab->capacity + 63) / 64;
}

static void put_all(struct slab *slab) {
    for (unsigned word = 0; word < words_of(slab); word++) {
        CHECK(corral_slab_put_owner(slab, word, bits_of_word(slab, word)) == 0, "double free");
    }
    CHECK(corral_slab_valid(slab), "the law does not hold");
}

static void send_all(struct slab *slab) {
    unsigned cache;
    for (unsigned word = 0; word < words_of(slab); word++) {
        CHECK(corral_slab_send_remote(slab, word, bits_of_word(slab, word), &cache) == SENT,
              "sent");
    }
}

Test(slab, hands_out_each_block_once) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        struct slab *slab = make(i);
        cr_assert_eq(slab->capacity, corral_classes[i].capacity);
        cr_assert_leq(take_all(slab), words_of(slab) + 1);
        put_all(slab);
        take_all(slab);
        put_all(slab);
        cr_assert(corral_slab_give_back_owner(slab), "class %u", i);
    }
}

Test(slab, blocks_are_found_by_their_address) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        struct slab *slab = make(i);
        char *start = slab_start(slab);
        for (uint32_t block = 0; block < slab->capacity; block++) {
            cr_assert_eq(slab_of(start + (size_t)block * corral_classes[i].size), slab);
        }
        cr_assert(slab_is_owned_by(slab, ME));
        cr_assert(corral_slab_give_back_owner(slab));
    }
}

Test(slab, a_free_bit_that_is_set_twice_is_told) {
    struct slab *slab = make(3);
    take_all(slab);
    cr_assert_eq(corral_slab_put_owner(slab, 0, 5), 0);
    cr_assert_eq(corral_slab_put_owner(slab, 0, 7), 5);
    cr_assert_eq(slab->free_count, 3);
    cr_assert(corral_slab_valid(slab));
}

Test(slab, remote_blocks_are_collected_once) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        struct slab *slab = make(i);
        take_all(slab);
        send_all(slab);
        cr_assert_eq(state_pending(load_relaxed(&slab_remote(slab)->state)),
                     (int32_t)slab->capacity);
        corral_slab_collect_owner(slab);
        cr_assert_eq(slab->free_count, slab->capacity, "class %u", i);
        cr_assert_eq(state_pending(load_relaxed(&slab_remote(slab)->state)), 0);
        take_all(slab);
        put_all(slab);
        cr_assert(corral_slab_give_back_owner(slab));
    }
}

Test(slab, remote_blocks_become_a_list_in_address_order) {
    struct slab *slab = make(3);
    take_all(slab);
    send_all(slab);
    uint32_t most = slab->capacity / 2;
    struct block_list list = corral_slab_collect_list_owner(slab, most);
    cr_assert_eq(list.length, most);
    cr_assert_eq(slab->free_count, slab->capacity - most);
    char *block = list.first;
    const char *last = slab_start(slab) - 1;
    for (uint32_t i = 0; i < most; i++) {
        cr_assert_gt(block, last, "the list is not in address order");
        cr_assert_eq((size_t)(block - slab_start(slab)) % corral_classes[3].size, 0);
        last = block;
        block = link_get(block);
    }
    cr_assert_lt(last, slab_start(slab) + slab->capacity * (size_t)corral_classes[3].size);
    cr_assert_null(block);
}

Test(slab, that_is_let_go_wakes_once_at_its_threshold) {
    struct slab *slab = make(0);
    take_all(slab);
    cr_assert(corral_slab_let_go_owner(slab, ME));
    cr_assert(slab_is_owned_by(slab, NOBODY));
    uint32_t wake = slab->capacity / WAKE_DIVISOR;
    unsigned woken = 0;
    unsigned cache = 0;
    for (uint32_t block = 0; block < slab->capacity; block++) {
        uint64_t bit = UINT64_C(1) << (block % 64);
        if (corral_slab_send_remote(slab, block / 64, bit, &cache) == SENT_WOKE) {
            woken++;
            cr_assert_eq(block + 1, wake, "woken by block %u, not %u", block + 1, wake);
            cr_assert_eq(cache, ME);
        }
    }
    cr_assert_eq(woken, 1);
    cr_assert(slab_is_owned_by(slab, NOBODY), "it is the sender's to place");
    corral_slab_collect_owner(slab);
    cr_assert_eq(slab->free_count, slab->capacity);
    cr_assert(corral_slab_give_back_owner(slab));
}

Test(slab, is_not_let_go_with_enough_to_collect) {
    struct slab *slab = make(0);
    take_all(slab);
    send_all(slab);
    cr_assert(!corral_slab_let_go_owner(slab, ME));
    cr_assert(slab_is_owned_by(slab, ME), "it is still the caller's");
}

Test(slab, shelved_is_told_by_its_last_block_only) {
    struct slab *slab = make(3);
    take_all(slab);
    cr_assert(corral_slab_shelve_holder(slab));
    cr_assert(slab_is_owned_by(slab, NOBODY));
    unsigned cache = 0;
    for (uint32_t block = 0; block < slab->capacity; block++) {
        uint64_t bit = UINT64_C(1) << (block % 64);
        enum sent sent = corral_slab_send_remote(slab, block / 64, bit, &cache);
        bool last = block + 1 == slab->capacity;
        cr_assert_eq(sent, last ? SENT_LAST : SENT, "block %u", block);
    }
    corral_slab_unshelve_holder(slab, ME);
    cr_assert(slab_is_owned_by(slab, ME));
    cr_assert_eq(load_relaxed(&slab_remote(slab)->state) & STATE_SHELVED, 0);
}

Test(slab, empty_but_for_a_sender_between_its_steps_is_told_by_that_sender) {
    struct slab *slab = make(3);
    take_all(slab);
    put_all(slab);
    _Atomic uint64_t *state = &slab_remote(slab)->state;
    store_relaxed(state, state_add(load_relaxed(state), -1));
    cr_assert(corral_slab_shelve_holder(slab), "it is armed with nothing outside");
    enum sent sent = SENT;
    unsigned cache = 0;
    store_relaxed(slab_remote_word(slab, 0), 0);
    sent = corral_slab_send_remote(slab, 0, 1, &cache);
    cr_assert_eq(sent, SENT_LAST);
}

Test(slab, shelved_with_everything_home_is_refused) {
    struct slab *slab = make(3);
    take_all(slab);
    send_all(slab);
    cr_assert(!corral_slab_shelve_holder(slab), "there is something to collect");
    corral_slab_collect_owner(slab);
    cr_assert(corral_slab_give_back_owner(slab));
}

Test(slab, with_pending_blocks_is_not_given_back) {
    struct slab *slab = make(3);
    take_all(slab);
    put_all(slab);
    _Atomic uint64_t *state = &slab_remote(slab)->state;
    store_relaxed(state, state_add(load_relaxed(state), -1));
    cr_assert(!corral_slab_give_back_owner(slab), "a sender is between its two steps");
    store_relaxed(state, state_add(load_relaxed(state), 1));
    cr_assert(corral_slab_give_back_owner(slab));
}

Test(slab, pending_is_signed_within_the_state_word) {
    uint64_t rest = STATE_FULL | STATE_GENERATION | (UINT64_C(0xffff) << STATE_CACHE_SHIFT);
    for (int32_t pending = -5; pending <= 5; pending++) {
        uint64_t state = state_add(rest, pending);
        cr_assert_eq(state_pending(state), pending);
        cr_assert_eq(state & ~STATE_PENDING_MASK, rest, "the count reaches other bits");
        cr_assert_eq(state_add(state, -pending), rest);
    }
    cr_assert_eq(state_cache(rest), 0xffff);
}
