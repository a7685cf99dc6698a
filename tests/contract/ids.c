/* SPDX-License-Identifier: MIT
 *
 * The contract of memory type ids: categories of their own, the overflow category, and what
 * corral_memory_type_of says of any address.
 *
 * Owns:     the tables of ids and of what each holds; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone, and adapts to the build's number of categories.
 * Does not: free with a wrong id (../death).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>

enum {
    OWN_SCATTERED = CORRAL_CATEGORY_LIMIT - CORRAL_DENSE_IDS - 1,
    PLENTY = 10000,
    BEYOND = CORRAL_CATEGORY_LIMIT + 500,
    IDS_MOST = PLENTY > BEYOND ? PLENTY : BEYOND,
    BLOCKS_MOST = 8
};

struct holding {
    uint32_t id;
    unsigned count;
    bool overflow;
    void *blocks[BLOCKS_MOST];
};

static struct holding holdings[IDS_MOST];

/* Different for each number: multiples by an odd number are a bijection of 32 bits. */
static uint32_t scattered_id(uint32_t number) {
    static const uint32_t known[] = {UINT32_MAX, 0x80000000u, 0x54584554u /* TEXT */, 0x7fffffffu};
    if (number < sizeof known / sizeof known[0]) {
        return known[number];
    }
    return number * UINT32_C(0x01000193);
}

static int compare_ids(const void *left, const void *right) {
    uint32_t first = *(const uint32_t *)left;
    uint32_t second = *(const uint32_t *)right;
    return (first > second) - (first < second);
}

static void check_ids_differ(size_t count) {
    static uint32_t sorted[IDS_MOST];
    for (size_t i = 0; i < count; i++) {
        sorted[i] = holdings[i].id;
    }
    qsort(sorted, count, sizeof sorted[0], compare_ids);
    for (size_t i = 1; i < count; i++) {
        CHECK(sorted[i] != sorted[i - 1], "the test's ids repeat: %#x", sorted[i]);
    }
}

/* Every third id is dense as long as there are any. */
static void choose_ids(size_t count) {
    uint32_t dense = 0;
    uint32_t scattered = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_dense = i % 3 == 0 && dense < CORRAL_DENSE_IDS;
        holdings[i].id = is_dense ? dense++ : scattered_id(scattered++);
        CHECK(is_dense || holdings[i].id >= CORRAL_DENSE_IDS, "id %#x", holdings[i].id);
        holdings[i].overflow = !is_dense && scattered > OWN_SCATTERED;
    }
    check_ids_differ(count);
}

static size_t block_size(size_t number, size_t block) {
    return (number * 37 + block * 101) % 700;
}

static void hold(struct holding *holding, size_t number, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        void *block = corral_alloc(block_size(number, i), holding->id);
        CHECK(block != NULL, "id %zu, block %u", number, i);
        uint64_t expected = holding->overflow ? CORRAL_MEMORY_TYPE_OVERFLOW : holding->id;
        CHECK(corral_memory_type_of(block) == expected, "id number %zu (%#x) is of %#llx", number,
              holding->id, (unsigned long long)corral_memory_type_of(block));
        holding->blocks[holding->count++] = block;
    }
}

static void let_go(struct holding *holding, unsigned count) {
    while (count-- > 0 && holding->count > 0) {
        corral_free(holding->blocks[--holding->count], holding->id);
    }
}

static uint64_t bytes_of(const struct holding *holding) {
    uint64_t bytes = 0;
    for (unsigned i = 0; i < holding->count; i++) {
        bytes += figures_bytes(holding->blocks[i]);
    }
    return bytes;
}

/* Checks the figures of every id against what the test holds. */
static void check_figures(size_t count) {
    uint64_t shared[2] = {0, 0};
    uint64_t all[2] = {0, 0};
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = bytes_of(&holdings[i]);
        if (holdings[i].overflow) {
            shared[0] += holdings[i].count;
            shared[1] += bytes;
        } else {
            figures_expect(holdings[i].id, holdings[i].count, bytes);
            CHECK(figures_of(holdings[i].id).shares_overflow == 0, "id number %zu", i);
        }
        all[0] += holdings[i].count;
        all[1] += bytes;
    }
    for (size_t i = 0; i < count; i++) {
        if (holdings[i].overflow) {
            figures_expect(holdings[i].id, shared[0], shared[1]);
            CHECK(figures_of(holdings[i].id).shares_overflow == 1, "id number %zu", i);
        }
    }
    corral_stats total = figures_total();
    CHECK(total.live_blocks == all[0] && total.live_bytes == all[1], "the total is no sum");
}

static size_t overflow_count(size_t count) {
    size_t beyond = 0;
    for (size_t i = 0; i < count; i++) {
        beyond += holdings[i].overflow;
    }
    return beyond;
}

static void run_ids(size_t count, unsigned each) {
    choose_ids(count);
    for (size_t i = 0; i < count; i++) {
        hold(&holdings[i], i, (unsigned)i % each + 1);
    }
    check_figures(count);
    size_t beyond = overflow_count(count);
    corral_stats total = figures_total();
    CHECK(total.categories == count - beyond + (beyond > 0), "%llu categories of %zu ids",
          (unsigned long long)total.categories, count);
    CHECK(total.overflow_ids >= beyond && (beyond > 0 || total.overflow_ids == 0),
          "%llu overflow ids, not %zu", (unsigned long long)total.overflow_ids, beyond);
    for (size_t i = 0; i < count; i++) {
        let_go(&holdings[i], 1);
    }
    check_figures(count);
    for (size_t i = count; i-- > 0;) {
        let_go(&holdings[i], BLOCKS_MOST);
    }
    check_figures(count);
    figures_expect_nothing();
}

Test(ids, a_thousand_with_exact_figures) {
    run_ids(1000, 7);
}

Test(ids, ten_thousand_and_beyond_the_limit) {
    run_ids(IDS_MOST, 2);
    cr_assert_gt(overflow_count(IDS_MOST), 0);
    const struct holding *last = &holdings[IDS_MOST - 1];
    cr_assert(last->overflow, "the last id has a category of its own");
    corral_stats stats = figures_of(last->id);
    cr_assert_eq(stats.shares_overflow, 1);
    cr_assert_geq(stats.overflow_ids, overflow_count(IDS_MOST));
    void *block = corral_alloc(10, last->id);
    cr_assert_eq(corral_memory_type_of(block), CORRAL_MEMORY_TYPE_OVERFLOW);
    cr_assert_eq(figures_of(last->id).live_blocks, 1);
    corral_free(block, last->id);
}

Test(ids, bounds_of_the_dense_ids) {
    const uint32_t ids[] = {0, CORRAL_DENSE_IDS - 1, CORRAL_DENSE_IDS};
    for (size_t i = 0; i < 3; i++) {
        void *block = corral_alloc(100, ids[i]);
        cr_assert_eq(corral_memory_type_of(block), ids[i]);
        figures_expect(ids[i], 1, figures_bytes(block));
        corral_free(block, ids[i]);
    }
    corral_stats stats;
    cr_assert_eq(corral_category_stats(UINT32_MAX, &stats, sizeof stats), CORRAL_EUNUSED);
}

enum { RACERS = 8, RACE_IDS = 300 };

static pthread_barrier_t race_start;

/* Every racer meets the same new ids in the same order, so that they meet them together. */
static void *race(void *argument) {
    void **blocks = argument;
    pthread_barrier_wait(&race_start);
    for (uint32_t i = 0; i < RACE_IDS; i++) {
        blocks[i] = corral_alloc(40, scattered_id(i));
        CHECK(blocks[i] != NULL, "id %u", i);
    }
    return NULL;
}

Test(ids, racing_threads_find_one_category_each) {
    static void *blocks[RACERS][RACE_IDS];
    pthread_t threads[RACERS];
    pthread_barrier_init(&race_start, NULL, RACERS);
    for (size_t i = 0; i < RACERS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, race, blocks[i]), 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    size_t own = 0;
    for (uint32_t i = 0; i < RACE_IDS; i++) {
        uint64_t type = corral_memory_type_of(blocks[0][i]);
        for (size_t j = 0; j < RACERS; j++) {
            cr_assert_eq(corral_memory_type_of(blocks[j][i]), type, "id %u has two categories", i);
            corral_free(blocks[j][i], scattered_id(i));
        }
        cr_assert(type == scattered_id(i) || type == CORRAL_MEMORY_TYPE_OVERFLOW);
        own += type == scattered_id(i);
    }
    size_t room = OWN_SCATTERED;
    cr_assert_eq(own, room < RACE_IDS ? room : RACE_IDS, "%zu ids have a category", own);
    cr_assert_eq(figures_total().categories, own + (own < RACE_IDS));
    figures_expect_nothing();
}

Test(ids, memory_type_of_what_is_not_a_block) {
    int on_stack = 0;
    static int in_data;
    void *foreign = malloc(100);
    for (int round = 0; round < 2; round++) {
        void *block = round == 0 ? NULL : corral_alloc(1, 0);
        const void *addresses[] = {NULL,
                                   &on_stack,
                                   &in_data,
                                   foreign,
                                   (const void *)(uintptr_t)&figures_total,
                                   (const void *)(uintptr_t)1,
                                   (const void *)(uintptr_t)4096,
                                   (const void *)(UINTPTR_MAX / 2),
                                   (const void *)(UINTPTR_MAX / 2 + 1),
                                   (const void *)(UINTPTR_MAX - 15),
                                   (const void *)UINTPTR_MAX};
        for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
            cr_assert_eq(corral_memory_type_of(addresses[i]), CORRAL_MEMORY_TYPE_NONE, "address %p",
                         addresses[i]);
            cr_assert_eq(corral_usable_size(addresses[i]), 0, "address %p", addresses[i]);
        }
        corral_free(block, 0);
    }
    free(foreign);
}
