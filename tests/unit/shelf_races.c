/* SPDX-License-Identifier: MIT
 *
 * shelf: what other threads do between two steps of one that puts a slab on its shelf or takes it off.
 *
 * Owns:     the room's source, compiled into this file with a stop before and after the steps that
 *           set a spot's bits. Every test is a process of its own.
 * Callers:  Criterion.
 * Promises: each test is one interleaving, the other threads' part of it run at a stop.
 * Does not: search for interleavings.
 */
#include "category.h"
#include "queue.h"
#include "shelf.h"
#include "slab.h"

#include "support/check.h"

#include <criterion/criterion.h>
#include <sys/mman.h>

enum stop { BEFORE_LOOK, BEFORE_ON, AFTER_ON, STOPS };

/* What the others do at a stop, once. */
static void (*others[STOPS])(void);

static void stop_at(enum stop stop) {
    void (*action)(void) = others[stop];
    others[stop] = NULL;
    if (action != NULL) {
        action();
    }
}

static uint64_t set_look(_Atomic uint64_t *spots, uint64_t bits) {
    stop_at(BEFORE_LOOK);
    return fetch_or_relaxed(spots, bits);
}

static uint64_t set_on(_Atomic uint64_t *spots, uint64_t bits) {
    stop_at(BEFORE_ON);
    uint64_t before = fetch_or_release(spots, bits);
    stop_at(AFTER_ON);
    return before;
}

/* The room uses each of these verbs for one of the steps only. */
#undef fetch_or_relaxed
#undef fetch_or_release
#define fetch_or_relaxed set_look
#define fetch_or_release set_on
#include "../../src/shelf.c"

enum { POOL = 3 };

static struct cache *make_cache(uint32_t pool) {
    struct cache *cache = corral_cache_make();
    CHECK(cache != NULL && cache_pool(cache, pool) != NULL, "no cache");
    return cache;
}

/* A slab of which the blocks from `out` to before `end` are outside. */
static struct slab *make_used(uint32_t pool, const struct cache *cache, uint32_t out, uint32_t end) {
    struct slab *slab = corral_slab_make(pool, cache->identity);
    CHECK(slab != NULL, "no slab");
    unsigned word;
    while (corral_slab_take_run_owner(slab, &word) != 0) {
    }
    for (uint32_t block = 0; block < slab->capacity; block++) {
        if (block < out || block >= end) {
            CHECK(corral_slab_put_one_owner(slab, block), "double free");
        }
    }
    return slab;
}

static void send(struct slab *slab, uint32_t first, uint32_t end) {
    for (uint32_t block = first; block < end; block++) {
        corral_shelf_send(NULL, slab, block / 64, UINT64_C(1) << (block % 64));
    }
}

static struct slab *take(struct cache *cache, uint32_t pool) {
    corral_shelf_take(cache, pool);
    return queue_pop(cache, cache_pool_if(cache, pool));
}

static struct cache *first, *second;
static struct slab *slab, *successor;

/* The slab is taken, found empty and given back, and its arena ends. Nobody may touch its addresses any
 * more, and the same number and spot get a successor elsewhere. */
static void end_arena_and_use_number_again(void) {
    uint32_t number = (uint32_t)registry_number((uintptr_t)slab);
    cr_assert_eq(take(second, POOL), slab);
    corral_shelf_place(second, false, slab);
    cr_assert_eq(registry_number((uintptr_t)slab), 0, "the arena has ended");
    void *base = (void *)((uintptr_t)slab & ~ARENA_MASK);
    cr_assert_eq(mmap(base, ARENA_BYTES, PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0), base);
    do {
        successor = make_used(POOL, second, 1, UINT32_MAX);
    } while (registry_number((uintptr_t)successor) != number);
    cr_assert_eq(slab_number(successor), slab_number(slab));
    corral_shelf_place(second, false, successor);
}

Test(shelf_races, last_sender_does_not_go_back_to_an_old_address) {
    first = make_cache(POOL);
    second = make_cache(POOL);
    slab = make_used(POOL, first, 0, 1);
    for (unsigned i = 1; i < ARENA_USABLE; i++) {
        CHECK(corral_slab_make(POOL, first->identity) == slab + i, "not the same arena");
    }
    make_used(POOL, first, 0, 1);
    for (unsigned i = 1; i < ARENA_USABLE; i++) {
        corral_shelf_place(first, false, slab + i);
    }
    corral_shelf_place(first, false, slab);
    others[BEFORE_LOOK] = end_arena_and_use_number_again;
    send(slab, 0, 1);
    cr_assert_eq(take(first, POOL), successor, "it is still to be found");
}

static uint32_t wide_pool;

static void send_the_rest(void) {
    send(slab, slab->capacity / WAKE_DIVISOR, slab->capacity);
}

static void make_anew_for_another_class(void) {
    cr_assert_eq(take(second, wide_pool), slab);
    corral_shelf_place(second, false, slab);
    successor = make_used(POOL, second, 1, 2);
    cr_assert_eq(successor, slab, "at the same spot");
    corral_shelf_place(second, false, successor);
}

Test(shelf_races, slab_made_anew_for_another_class_is_queued_in_its_own_pool) {
    while (corral_classes[wide_pool].slabs == 1 || corral_classes[wide_pool].capacity < 4) {
        wide_pool++;
    }
    cr_assert_lt(wide_pool, CLASS_COUNT);
    first = make_cache(wide_pool);
    second = make_cache(wide_pool);
    slab = make_used(wide_pool, first, 0, UINT32_MAX);
    cr_assert(corral_slab_let_go_owner(slab, first->identity));
    /* Another slab, behind it, has linked the arena. */
    corral_shelf_place(second, false, make_used(wide_pool, second, 1, UINT32_MAX));
    first->queue_budget = (ptrdiff_t)SLAB_BYTES;
    others[BEFORE_ON] = send_the_rest;
    others[AFTER_ON] = make_anew_for_another_class;
    corral_shelf_send(first, slab, 0, bits_below(slab->capacity / WAKE_DIVISOR));
    cr_assert_null(cache_pool_if(first, wide_pool)->queue, "it has another class by now");
    cr_assert_eq(cache_pool_if(first, POOL)->queue, successor);
}

static void send_last_before_a_late_taker(void) {
    uint32_t number = (uint32_t)registry_number((uintptr_t)slab);
    unsigned at = slab_number(slab);
    send(slab, 0, 1);
    cr_assert_null(take_spot(number, at), "it is not there yet");
}

Test(shelf_races, slab_that_becomes_empty_before_it_is_there_is_given_back) {
    first = make_cache(POOL);
    slab = make_used(POOL, first, 0, 1);
    others[BEFORE_ON] = send_last_before_a_late_taker;
    corral_shelf_place(first, false, slab);
    cr_assert_eq(load_relaxed(&corral_categories[0].slabs), 0);
}
