/* SPDX-License-Identifier: MIT
 *
 * Each public function as the first call of a process, and as the first of a thread.
 *
 * Owns:     the table of calls; every case is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone.
 * Does not: look at calls before main (early_and_late.c) or after a thread's end (thread_end.c).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <string.h>

enum { ID = 9, SCATTERED = 0x53435054 };

/* A block of the main thread, for calls that need one; NULL in a process without any. */
static void *given;
/* Likewise, of id 0: a free finds no arena at its address, and takes the id for right at first. */
static void *given_large;

static void check_and_free(void *block, size_t size, uint32_t id) {
    CHECK(block != NULL, "no block");
    CHECK(corral_usable_size(block) >= size, "too small");
    pattern_fill(block, size, size);
    corral_free(block, id);
}

static void first_alloc(void) {
    check_and_free(corral_alloc(100, ID), 100, ID);
}

static void first_alloc_scattered(void) {
    check_and_free(corral_alloc(100, SCATTERED), 100, SCATTERED);
}

static void first_alloc_medium(void) {
    check_and_free(corral_alloc(100000, ID), 100000, ID);
}

static void first_alloc_large(void) {
    check_and_free(corral_alloc(9 * BUILD_MIB, ID), 9 * BUILD_MIB, ID);
}

static void first_calloc(void) {
    unsigned char *block = corral_calloc(10, 10, ID);
    CHECK(block != NULL && pattern_is_byte(block, 100, 0), "not zero");
    check_and_free(block, 100, ID);
}

static void first_realloc(void) {
    void *block = corral_realloc(given, 5000, ID);
    CHECK(given == NULL || pattern_holds(block, 40, 1), "content");
    given = NULL;
    check_and_free(block, 5000, ID);
}

static void first_aligned_alloc(void) {
    void *block = corral_aligned_alloc(4096, 100, ID);
    CHECK((uintptr_t)block % 4096 == 0, "%p", block);
    check_and_free(block, 100, ID);
}

static void first_alloc_batch(void) {
    void *blocks[3];
    CHECK(corral_alloc_batch(100, ID, 3, blocks) == 3, "no batch");
    for (int i = 0; i < 3; i++) {
        check_and_free(blocks[i], 100, ID);
    }
}

static void first_free(void) {
    corral_free(given, ID);
    given = NULL;
}

static void first_free_batch(void) {
    corral_free_batch(&given, 1, ID);
    given = NULL;
}

static void first_usable_size(void) {
    size_t usable = corral_usable_size(given);
    CHECK(given == NULL ? usable == 0 : usable >= 40, "%zu usable", usable);
}

static void first_memory_type_of(void) {
    uint64_t type = corral_memory_type_of(given);
    CHECK(type == (given == NULL ? CORRAL_MEMORY_TYPE_NONE : ID), "%#llx",
          (unsigned long long)type);
}

static void first_category_stats(void) {
    CHECK(figures_of(ID).live_blocks == (given != NULL), "blocks");
}

static void first_total_stats(void) {
    CHECK(figures_total().live_blocks == (uint64_t)(given != NULL) + (given_large != NULL), "blocks");
}

static void first_free_of_nothing(void) {
    corral_free(NULL, 0);
}

static void first_free_large(void) {
    corral_free(given_large, 0);
    given_large = NULL;
}

static void first_detach(void) {
    corral_thread_detach();
}

static void first_version(void) {
    CHECK(corral_version() != 0, "no version");
}

static const struct call {
    const char *name;
    void (*run)(void);
} calls[] = {
    {"alloc", first_alloc},
    {"alloc, scattered id", first_alloc_scattered},
    {"alloc, medium", first_alloc_medium},
    {"alloc, large", first_alloc_large},
    {"calloc", first_calloc},
    {"realloc", first_realloc},
    {"aligned_alloc", first_aligned_alloc},
    {"alloc_batch", first_alloc_batch},
    {"free", first_free},
    {"free of NULL", first_free_of_nothing},
    {"free of a large block", first_free_large},
    {"free_batch", first_free_batch},
    {"usable_size", first_usable_size},
    {"memory_type_of", first_memory_type_of},
    {"category_stats", first_category_stats},
    {"total_stats", first_total_stats},
    {"thread_detach", first_detach},
    {"version", first_version},
};

enum { CALLS = sizeof calls / sizeof calls[0] };

static void run_call(void *argument) {
    const struct call *call = argument;
    call->run();
}

/* The call, then every other one in the same thread, so that a first call that leaves the thread
 * half attached shows. */
static void run_call_and_all(void *argument) {
    run_call(argument);
    for (size_t i = 0; i < CALLS; i++) {
        calls[i].run();
    }
}

static void take_given(void) {
    given = corral_alloc(40, ID);
    CHECK(given != NULL, "no block");
    pattern_fill(given, 40, 1);
    given_large = corral_alloc(9 * BUILD_MIB, 0);
    CHECK(given_large != NULL, "no large block");
}

static void free_given(void) {
    corral_free(given, ID);
    corral_free(given_large, 0);
    given = given_large = NULL;
    figures_expect_nothing();
}

static void in_the_process(void *argument) {
    run_call_and_all(argument);
    figures_expect_nothing();
}

static void in_a_thread_of_a_fresh_process(void *argument) {
    thread_call(run_call_and_all, argument);
    thread_call(run_call, argument);
    figures_expect_nothing();
}

static void in_a_thread_beside_a_user(void *argument) {
    take_given();
    thread_call(run_call, argument);
    free_given();
    take_given();
    thread_call(run_call_and_all, argument);
    free_given();
}

static void run_all_cases(void (*body)(void *argument)) {
    for (size_t i = 0; i < CALLS; i++) {
        struct call call = calls[i];
        struct child child;
        child_call(body, &call, &child);
        cr_assert(child_succeeded(&child), "first call is %s", call.name);
    }
}

Test(first_call, of_a_process) {
    run_all_cases(in_the_process);
}

Test(first_call, of_a_thread_in_a_fresh_process) {
    run_all_cases(in_a_thread_of_a_fresh_process);
}

Test(first_call, of_a_thread_beside_one_that_allocated) {
    run_all_cases(in_a_thread_beside_a_user);
}
