/* SPDX-License-Identifier: MIT
 *
 * category: the insert-only table of ids.
 *
 * Owns:     the racing threads; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each dense bound, the last free category, and the overflow behind it; insertion by
 *           many threads at once.
 * Does not: allocate.
 */
#include "cache.h"
#include "category.h"
#include "thread.h"

#include "support/check.h"

#include <corral/corral.h>
#include <criterion/criterion.h>
#include <pthread.h>

enum {
    ROOM = CORRAL_CATEGORY_LIMIT - CORRAL_DENSE_IDS - 1,
    RACERS = 4,
    RACED = ROOM < 2000 ? ROOM + 100 : 2000
};

static uint32_t id_number(uint32_t number) {
    return (number + 1) * UINT32_C(0x01000193);
}

Test(category, dense_ids_are_their_own) {
    for (uint32_t id = 0; id < DENSE_IDS; id++) {
        cr_assert_eq(corral_category_of_id(id), id);
        cr_assert_eq(corral_category_id(id), id);
        bool known = false;
        cr_assert_eq(corral_category_find(id, &known), id);
        cr_assert(known);
    }
    cr_assert_eq(corral_category_overflow_ids(), 0);
}

Test(category, looking_does_not_enter) {
    bool known = true;
    corral_category_find(0x12345678, &known);
    cr_assert(!known);
    corral_category_find(0x12345678, &known);
    cr_assert(!known);
    uint32_t category = corral_category_of_id(0x12345678);
    cr_assert_eq(corral_category_find(0x12345678, &known), category);
    cr_assert(known);
}

Test(category, other_ids_get_one_each_until_the_overflow) {
    for (uint32_t i = 0; i < ROOM; i++) {
        uint32_t category = corral_category_of_id(id_number(i));
        cr_assert(category > CATEGORY_OVERFLOW && category < CATEGORY_LIMIT, "id %u: %u", i,
                  category);
        cr_assert_eq(corral_category_id(category), id_number(i));
        cr_assert_eq(corral_category_of_id(id_number(i)), category);
    }
    cr_assert_eq(corral_category_overflow_ids(), 0);
    for (uint32_t i = ROOM; i < ROOM + 50; i++) {
        cr_assert_eq(corral_category_of_id(id_number(i)), CATEGORY_OVERFLOW, "id %u", i);
    }
    cr_assert_geq(corral_category_overflow_ids(), 50);
    cr_assert_eq(corral_category_id(CATEGORY_OVERFLOW), CORRAL_MEMORY_TYPE_OVERFLOW);
    for (uint32_t i = 0; i < ROOM; i++) {
        cr_assert_eq(corral_category_id(corral_category_of_id(id_number(i))), id_number(i));
    }
}

Test(category, extreme_ids) {
    const uint32_t ids[] = {UINT32_MAX, 0x80000000u};
    for (size_t i = 0; i < 2; i++) {
        uint32_t category = corral_category_of_id(ids[i]);
        cr_assert_eq(corral_category_id(category), ids[i]);
    }
}

static pthread_barrier_t start;
static uint32_t found[RACERS][RACED];

static void *race(void *argument) {
    uint32_t *own = argument;
    pthread_barrier_wait(&start);
    for (uint32_t i = 0; i < RACED; i++) {
        own[i] = corral_category_of_id(id_number(i));
    }
    return NULL;
}

Test(category, racing_threads_enter_an_id_once) {
    pthread_t threads[RACERS];
    pthread_barrier_init(&start, NULL, RACERS);
    for (size_t i = 0; i < RACERS; i++) {
        CHECK(pthread_create(&threads[i], NULL, race, found[i]) == 0, "no thread");
    }
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    static bool seen[CATEGORY_LIMIT];
    for (uint32_t i = 0; i < RACED; i++) {
        uint32_t category = found[0][i];
        for (size_t j = 1; j < RACERS; j++) {
            cr_assert_eq(found[j][i], category, "id %u has two categories", i);
        }
        cr_assert(category == CATEGORY_OVERFLOW || !seen[category], "id %u shares", i);
        seen[category] = true;
    }
}

/* Of two ids whose place in a thread's map is the same, it has both. */
Test(category, two_ids_share_a_set_of_the_map) {
    if (ROOM < 2) {
        return;
    }
    const uint32_t first = id_number(0) | CORRAL_DENSE_IDS;
    uint32_t second = first + 1;
    corral_free(corral_alloc(1, 0), 0); /* the thread has no map before */
    corral_free(corral_alloc(1, first), first);
    const struct cache *cache = thread_cache();
    const struct id_way *set = cache_way(cache, first);
    cr_assert_eq(set->id, first);
    while (second < CORRAL_DENSE_IDS || cache_way(cache, second) != set + 1) {
        second++;
    }
    for (int i = 0; i < 2; i++) {
        corral_free(corral_alloc(1, second), second);
        corral_free(corral_alloc(1, first), first);
        cr_assert_eq(cache_way(cache, second)->id, second);
        cr_assert_eq(cache_way(cache, first)->id, first);
    }
}
