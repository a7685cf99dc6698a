/* SPDX-License-Identifier: MIT
 *
 * The choice of a backend: what corral_init and corral_region_add take and refuse, and what is fixed by what.
 *
 * Owns:     nothing; every test is a process of its own, in which nothing was allocated.
 * Callers:  Criterion.
 * Promises: after a refusal nothing has changed: the next choice is as free as before, or what is in use goes on.
 * Does not: ask hooks for much (matrix.c), or regions (region.c).
 */
#include "record.h"

#include "support/build.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <corral/configure.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#define KIND_OF_BUILD ((corral_backend_kind)CORRAL_BACKEND)

static corral_status init(corral_backend_kind kind, const corral_backend *hooks) {
    corral_init_options options = {kind, hooks};
    return corral_init(&options, sizeof options);
}

static void expect_none_chosen(void) {
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_DEFAULT);
}

Test(choice, what_is_not_legal_is_refused) {
    corral_init_options options = {CORRAL_BACKEND_OS, NULL};
    corral_backend lame = record_hooks;
    cr_assert_eq(corral_init(NULL, sizeof options), CORRAL_EINVAL);
    cr_assert_eq(corral_init(&options, 0), CORRAL_EINVAL);
    cr_assert_eq(init((corral_backend_kind)4, NULL), CORRAL_EINVAL);
    cr_assert_eq(init((corral_backend_kind)-1, NULL), CORRAL_EINVAL);
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, NULL), CORRAL_EINVAL);
    cr_assert_eq(init(CORRAL_BACKEND_OS, &lame), CORRAL_EINVAL);
    cr_assert_eq(init(CORRAL_BACKEND_REGION, &lame), CORRAL_EINVAL);
    lame.reserve = NULL;
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &lame), CORRAL_EINVAL);
    lame = record_hooks;
    lame.release = NULL;
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &lame), CORRAL_EINVAL);
    expect_none_chosen();
    cr_assert_eq(init(CORRAL_BACKEND_OS, NULL), CORRAL_OK);
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_OS);
}

Test(choice, an_older_caller_s_options_are_read_as_far_as_they_reach) {
    corral_init_options options = {CORRAL_BACKEND_OS, &record_hooks};
    cr_assert_eq(corral_init(&options, sizeof options.backend), CORRAL_OK);
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_OS);
}

Test(choice, the_second_one_comes_too_late) {
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_OK);
    cr_assert_eq(init(CORRAL_BACKEND_OS, NULL), CORRAL_EBUSY);
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_EBUSY);
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_HOOKS);
    corral_free(corral_alloc(100, 1), 1);
    cr_assert_gt(record_calls(RECORD_RESERVE), 0);
}

static void expect_too_late(void) {
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_OS);
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_EBUSY);
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_OS);
    for (size_t size = 1; size < 8 * BUILD_MIB; size *= 3) {
        corral_free(corral_alloc(size, 1), 1);
    }
    cr_assert_eq(record_calls(RECORD_RESERVE), 0);
}

/* In a build whose default is the OS. */
static void skip_other_defaults(void) {
    if (KIND_OF_BUILD != CORRAL_BACKEND_OS) {
        cr_skip_test("the build's default is another");
    }
}

Test(choice, an_allocation_makes_it) {
    skip_other_defaults();
    corral_free(corral_alloc(100, 1), 1);
    expect_too_late();
}

Test(choice, a_name_makes_it) {
    skip_other_defaults();
    corral_category_options options = {.name = "first"};
    cr_assert_eq(corral_category_configure(1, &options, sizeof options), CORRAL_OK);
    expect_too_late();
}

/* What needs no memory leaves it open. */
Test(choice, questions_and_numbers_do_not_make_it) {
    corral_category_options options = {.hard_budget = BUILD_MIB};
    corral_stats stats;
    cr_assert_eq(corral_total_stats(&stats, sizeof stats), CORRAL_OK);
    cr_assert_eq(corral_category_configure(1, &options, sizeof options), CORRAL_OK);
    corral_free(NULL, 1);
    corral_thread_detach();
    expect_none_chosen();
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_OK);
}

Test(choice, the_build_s_default_by_name) {
    corral_status expected = KIND_OF_BUILD == CORRAL_BACKEND_HOOKS ? CORRAL_EINVAL : CORRAL_OK;
    cr_assert_eq(init(CORRAL_BACKEND_DEFAULT, NULL), expected);
    cr_assert_eq(corral_backend_in_use(),
                 KIND_OF_BUILD == CORRAL_BACKEND_HOOKS ? CORRAL_BACKEND_DEFAULT : KIND_OF_BUILD);
}

/* Where the default is hooks or regions, there is no memory before there are any. */
Test(choice, a_default_without_memory_fails_and_loses_nothing) {
    if (KIND_OF_BUILD == CORRAL_BACKEND_OS) {
        cr_skip_test("the build's default has memory");
    }
    errno = 0;
    cr_assert(corral_alloc(100, 1) == NULL && errno == ENOMEM);
    figures_expect_nothing();
    if (KIND_OF_BUILD == CORRAL_BACKEND_HOOKS) {
        expect_none_chosen();
        cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_OK);
    } else {
        size_t size = 64 * BUILD_MIB;
        cr_assert_eq(corral_region_add(calloc(1, size), size, 1), CORRAL_OK);
    }
    void *block = corral_alloc(100, 1);
    cr_assert_not_null(block);
    corral_free(block, 1);
}

enum { RACERS = 8 };
static struct racer {
    pthread_t thread;
    corral_backend hooks;
    corral_status status;
    void *block;
} racers[RACERS];
static pthread_barrier_t line;

static void *race(void *argument) {
    struct racer *racer = argument;
    pthread_barrier_wait(&line);
    racer->status = init(CORRAL_BACKEND_HOOKS, &racer->hooks);
    racer->block = corral_alloc(100, 1);
    return NULL;
}

Test(choice, of_several_threads_one_has_its_way) {
    pthread_barrier_init(&line, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racers[i].hooks = record_hooks;
        cr_assert_eq(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    int ways = 0;
    for (int i = 0; i < RACERS; i++) {
        cr_assert_eq(pthread_join(racers[i].thread, NULL), 0);
        ways += racers[i].status == CORRAL_OK;
        cr_assert(racers[i].status == CORRAL_OK || racers[i].status == CORRAL_EBUSY);
        cr_assert_not_null(racers[i].block);
        corral_free(racers[i].block, 1);
    }
    cr_assert_eq(ways, 1);
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_HOOKS);
}

/* A hook that breaks its word about where memory lies has it back, and the allocation fails. */
Test(choice, memory_that_is_not_as_asked_for_is_refused) {
    record_misplace(64);
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_OK);
    errno = 0;
    cr_assert(corral_alloc(100, 1) == NULL && errno == ENOMEM);
    cr_assert_eq(record_reserved(), 0);
    record_misplace(0);
    void *block = corral_alloc(100, 1);
    cr_assert_not_null(block);
    corral_free(block, 1);
}

/* Who has no more than reserve and release is asked for no more. */
Test(choice, hooks_that_neither_purge_nor_resize) {
    static corral_backend hooks;
    corral_category_options options = {.zero_on_free = 1};
    const size_t sizes[] = {100, 5000, 200000, 40 * BUILD_MIB};
    hooks.reserve = record_hooks.reserve;
    hooks.release = record_hooks.release;
    hooks.argument = record_hooks.argument;
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &hooks), CORRAL_OK);
    cr_assert_eq(corral_category_configure(1, &options, sizeof options), CORRAL_OK);
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i / 2];
        unsigned char *block = corral_calloc(1, size, 1);
        cr_assert(block != NULL && pattern_is_byte(block, size, 0));
        pattern_fill(block, size, i);
        block = corral_realloc(block, 2 * size, 1);
        cr_assert(block != NULL && pattern_holds(block, size, i));
        block = corral_realloc(block, size, 1);
        cr_assert(block != NULL && pattern_holds(block, size, i));
        if (i % 2 == 0) {
            corral_free(block, 1);
        } else {
            cr_assert_eq(corral_category_reset(1), CORRAL_OK);
        }
    }
    cr_assert_eq(record_calls(RECORD_PURGE) + record_calls(RECORD_RESIZE), 0);
    record_fail(RECORD_RESERVE, 0, true); /* what is kept goes back then */
    cr_assert_null(corral_alloc(100 * BUILD_MIB, 1));
    cr_assert_gt(record_fail_no_more(), 0);
    cr_assert_eq(record_calls(RECORD_PURGE) + record_calls(RECORD_RESIZE), 0);
    figures_expect_nothing();
}

static size_t given_back; /* bytes */

static void *reserve_beyond(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)size, (void)alignment, (void)id, (void)argument;
    return (void *)((uintptr_t)1 << 47);
}

static void *reserve_across(size_t size, size_t alignment, uint64_t id, void *argument) {
    (void)id, (void)argument;
    return (void *)(((uintptr_t)1 << 47) - (size > alignment ? alignment : 0));
}

static int count_release(void *start, size_t size, void *argument) {
    (void)start, (void)argument;
    given_back += size;
    return 1;
}

/* Addresses of which corral's tables know nothing. */
Test(choice, memory_beyond_all_addresses_is_refused) {
    static corral_backend hooks = {.release = count_release};
    hooks.reserve = reserve_beyond;
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &hooks), CORRAL_OK);
    for (int i = 0; i < 2; i++) {
        given_back = 0;
        errno = 0;
        cr_assert(corral_alloc(100, 1) == NULL && errno == ENOMEM);
        cr_assert(corral_alloc(64 * BUILD_MIB, 1) == NULL && errno == ENOMEM);
        cr_assert_geq(given_back, 64 * BUILD_MIB);
        hooks.reserve = reserve_across;
    }
}

static void *reserve_and_say(size_t size, size_t alignment, uint64_t id, void *argument) {
    errno = EDOM;
    return record_hooks.reserve(size, alignment, id, argument);
}

static int release_and_say(void *start, size_t size, void *argument) {
    errno = EDOM;
    return record_hooks.release(start, size, argument);
}

static int purge_and_say(void *start, size_t size, void *argument) {
    errno = EDOM;
    return record_hooks.purge(start, size, argument);
}

static int resize_and_say(void *start, size_t old_size, size_t new_size, void *argument) {
    errno = EDOM;
    return record_hooks.resize(start, old_size, new_size, argument);
}

/* What hooks leave in it is not the caller's. */
Test(choice, errno_is_kept) {
    static corral_backend hooks = {reserve_and_say, release_and_say, purge_and_say, resize_and_say, NULL};
    size_t size = 40 * BUILD_MIB;
    hooks.argument = record_hooks.argument;
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &hooks), CORRAL_OK);
    errno = ERANGE;
    void *small = corral_alloc(100, 1), *block = corral_alloc(size, 1);
    cr_assert(small != NULL && block != NULL);
    block = corral_realloc(block, 2 * size, 1);
    cr_assert_not_null(block);
    corral_free(small, 1);
    corral_free(block, 1);
    cr_assert_eq(corral_category_reset(1), CORRAL_OK);
    corral_thread_detach();
    cr_assert_eq(errno, ERANGE);
    cr_assert(record_calls(RECORD_RESERVE) > 0 && record_calls(RECORD_PURGE) > 0 && record_calls(RECORD_RESIZE) > 0);
    cr_assert(record_calls(RECORD_RELEASE) > 0 || CORRAL_LARGE_KEEP_KIB * BUILD_KIB >= 2 * size);
}

/* Each block lies in a reservation of its own category, corral's tables in those of none. */
Test(choice, hooks_are_told_the_category) {
    cr_assert_eq(init(CORRAL_BACKEND_HOOKS, &record_hooks), CORRAL_OK);
    const size_t sizes[] = {16, 1000, 50000, 700 * BUILD_KIB, 3 * BUILD_MIB};
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t id = i % 2 == 0 ? i : 0x43415400 + i;
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            void *block = corral_alloc(sizes[s], id);
            cr_assert_not_null(block);
            cr_assert_eq(record_id_of(block), corral_memory_type_of(block), "id %#x, size %zu", id,
                         sizes[s]);
            pattern_fill_sparse(block, sizes[s], i);
        }
    }
    cr_assert_gt(record_reserved_of(CORRAL_MEMORY_TYPE_NONE), 0);
}
