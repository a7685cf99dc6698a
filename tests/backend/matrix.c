/* SPDX-License-Identifier: MIT
 *
 * Each call of each hook fails, in each public operation.
 *
 * Owns:     nothing; every case is a process of its own.
 * Callers:  Criterion.
 * Promises: for each operation, in a process that has used nothing and in one that has, for each hook and each
 *           N, its Nth call in the operation fails, once, and then with all later ones. What fails says NULL and
 *           ENOMEM, or a status; content and figures are those of what is held; the operation then succeeds; and
 *           bytes that are reserved do not grow from round to round, by no byte.
 * Does not: try all N in the quick form where an operation makes many calls: the first ones, and some others.
 */
#include "operations.h"
#include "record.h"

#include "support/check.h"
#include "support/figures.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 4, FIRST = 4, MORE = 3 };

static const char *const kinds[RECORD_KINDS] = {"reserve", "release", "purge", "resize"};

struct failure {
    const struct operation *operation;
    bool warm;
    enum record_kind kind;
    long after;
    bool on;
};

static void begin(const struct failure *failure) {
    corral_init_options options = {CORRAL_BACKEND_HOOKS, &record_hooks};
    CHECK(corral_init(&options, sizeof options) == CORRAL_OK, "corral_init");
    if (failure->warm) {
        operations_warm_up();
    }
}

static void prepare(const struct operation *operation) {
    if (operation->prepare != NULL) {
        operation->prepare();
    }
    operations_check();
}

/* An allocation that cannot be: before it fails, all that is kept is given back. */
static void release_kept(void) {
    record_fail(RECORD_RESERVE, 0, true);
    CHECK(corral_alloc((size_t)1 << 46, 1) == NULL && errno == ENOMEM, "errno %d", errno);
    CHECK(record_fail_no_more() > 0, "nothing was asked for");
}

/* One round: with the failure, and again without. Returns the bytes that are reserved when all is freed. */
static size_t run_round(const struct failure *failure) {
    prepare(failure->operation);
    record_fail(failure->kind, failure->after, failure->on);
    bool done = failure->operation->run();
    long failures = record_fail_no_more();
    CHECK(done || failures > 0, "it fails where no hook does");
    operations_check();
    operations_free();
    figures_expect_nothing();
    prepare(failure->operation);
    CHECK(failure->operation->run(), "it fails afterwards");
    operations_check();
    operations_free();
    release_kept();
    corral_thread_detach();
    figures_expect_nothing();
    return record_reserved();
}

static void run_case(void *argument) {
    const struct failure *failure = argument;
    begin(failure);
    size_t most[2] = {0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        size_t reserved = run_round(failure);
        size_t *half = &most[round >= ROUNDS / 2];
        *half = reserved > *half ? reserved : *half;
    }
    CHECK(most[1] <= most[0], "%zu bytes are reserved at most, then %zu", most[0], most[1]);
}

/* The number of calls of each hook in an operation of which none fails. */
static void count_calls(void *argument) {
    const struct failure *failure = argument;
    begin(failure);
    prepare(failure->operation);
    record_fail(RECORD_KINDS, 0, false);
    CHECK(failure->operation->run(), "it fails where no hook does");
    for (int kind = 0; kind < RECORD_KINDS; kind++) {
        printf("%ld ", record_calls((enum record_kind)kind));
    }
}

/* Returns how many failures were tried. */
static long fail_each(struct failure failure, long calls) {
    bool all = getenv("CORRAL_TEST_LONG") != NULL;
    long step = all ? 1 : calls / MORE + 1, tried = 0;
    for (long after = 0; after < calls; after += after < FIRST ? 1 : step) {
        for (int on = 0; on < 2; on++) {
            failure.after = after;
            failure.on = on != 0;
            struct child child;
            child_call(run_case, &failure, &child);
            cr_assert(child_succeeded(&child), "%s%s: %s number %ld fails%s", failure.operation->name,
                      failure.warm ? ", warm" : "", kinds[failure.kind], after + 1,
                      on ? ", and all after it" : "");
            tried++;
        }
    }
    return tried;
}

static long tried[RECORD_KINDS];

static void fail_in(const struct operation *operation, bool warm) {
    struct failure failure = {.operation = operation, .warm = warm};
    struct child child;
    child_call(count_calls, &failure, &child);
    cr_assert(child_succeeded(&child), "%s", operation->name);
    const char *at = child.output;
    for (int kind = 0; kind < RECORD_KINDS; kind++) {
        char *end;
        long calls = strtol(at, &end, 10);
        cr_assert(end != at, "%s: no count", operation->name);
        at = end;
        cr_assert(kind != RECORD_RESERVE || warm || calls > 0 || !operation->reserves,
                  "%s reserves nothing", operation->name);
        failure.kind = (enum record_kind)kind;
        tried[kind] += fail_each(failure, calls);
    }
}

Test(matrix, each_call_of_each_hook_fails_in_each_operation, .timeout = 3600) {
    for (size_t i = 0; i < operations_count; i++) {
        fail_in(&operations[i], false);
        fail_in(&operations[i], true);
    }
    printf("%zu operations, cold and warm; calls that failed: reserve %ld, release %ld, purge %ld, resize %ld\n",
           operations_count, tried[0], tried[1], tried[2], tried[3]);
    cr_assert(tried[RECORD_RESERVE] >= 2 * (long)operations_count && tried[RECORD_RESIZE] > 0);
}
