/* SPDX-License-Identifier: MIT
 *
 * The operations of the OS fail, one after another, under every public function.
 *
 * Owns:     a table of operations that fail when told; every case is a process of its own.
 * Callers:  Criterion. CORRAL_TEST_LONG=1 fails all calls.
 * Promises: for each kind of operation, calls of it in a scenario fail once, and then all of them
 *           from that call on. What fails says NULL and ENOMEM, nothing that lives is
 *           disturbed, figures stay exact, the scenario passes whole afterwards, and mapped bytes
 *           do not grow with the number of failures.
 * Does not: use real exhaustion (../contract/exhaustion.c).
 */
#include <corral/configure.h>
#include <corral/upkeep.h>

#include "os.h"

#include "support/build.h"
#include "support/check.h"
#include "support/failing.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum kind { RESERVE, RELEASE, PURGE, GROW, ON_EXIT, PROTECT, KINDS };
enum { HELD = 64, ROUNDS = 10, FIRST = 4, MORE = 3 };

static const char *const names[KINDS] = {"reserve", "release", "purge", "grow", "on_thread_exit", "protect"};

static struct corral_os table;
static struct failing failing = {.kind = KINDS};
static long mapped_bytes;

static bool fails(enum kind kind) {
    return failing_fails(&failing, (int)kind);
}

static void *reserve(size_t size, size_t alignment) {
    void *start = fails(RESERVE) ? NULL : corral_os_real.reserve(size, alignment);
    mapped_bytes += start == NULL ? 0 : (long)size;
    return start;
}

static bool release(void *start, size_t size) {
    bool done = !fails(RELEASE) && corral_os_real.release(start, size);
    mapped_bytes -= done ? (long)size : 0;
    return done;
}

static bool purge(void *start, size_t size) {
    return !fails(PURGE) && corral_os_real.purge(start, size);
}

static bool grow(void *start, size_t old_size, size_t new_size) {
    bool done = !fails(GROW) && corral_os_real.grow(start, old_size, new_size);
    mapped_bytes += done ? (long)(new_size - old_size) : 0;
    return done;
}

static bool on_thread_exit(void (*function)(void *), void *argument) {
    return !fails(ON_EXIT) && corral_os_real.on_thread_exit(function, argument);
}

static bool protect(void *start, size_t size, bool usable) {
    return !fails(PROTECT) && corral_os_real.protect(start, size, usable);
}

static void use_table(void) {
    table = corral_os_real;
    table.reserve = reserve;
    table.release = release;
    table.purge = purge;
    table.grow = grow;
    table.on_thread_exit = on_thread_exit;
    table.protect = corral_os_real.protect == NULL ? NULL : protect;
    corral_os = &table;
}

struct held {
    void *block;
    size_t size;
    uint32_t id;
};

static struct held held[HELD];
static size_t held_count;

/* Keeps what a call gave, or checks how it failed. */
static void keep(void *block, size_t size, uint32_t id) {
    if (block == NULL) {
        CHECK(errno == ENOMEM, "errno %d", errno);
        CHECK(failing.failures > 0, "a call fails where the OS does not");
        CHECK(failing.kind != PROTECT, "a call fails that needs no guard pages");
        return;
    }
    CHECK(held_count < HELD, "the test holds too much");
    pattern_fill_sparse(block, size, held_count);
    held[held_count++] = (struct held){block, size, id};
}

/* The first 32 KiB of content stand for all of it, so that large blocks do not take the time. */
static void keep_resized(struct held *it, size_t size) {
    size_t number = (size_t)(it - held);
    size_t part = it->size < 32 * BUILD_KIB ? it->size : 32 * BUILD_KIB;
    pattern_fill(it->block, part, number);
    errno = 0;
    void *block = corral_realloc(it->block, size, it->id);
    size_t common = size < part ? size : part;
    CHECK(pattern_holds(block == NULL ? it->block : block, common, number), "realloc's content");
    if (block == NULL) {
        CHECK(errno == ENOMEM && failing.failures > 0, "errno %d", errno);
    } else {
        it->block = block;
        it->size = size;
    }
    pattern_fill_sparse(it->block, it->size, number);
}

/* Half of the public functions, in categories and sizes that need each kind of memory. */
static void allocate(void *argument) {
    (void)argument;
    const size_t sizes[] = {16, 3000, 40000, 600 * BUILD_KIB, 3 * BUILD_MIB};
    for (size_t i = 0; i < 5; i++) {
        uint32_t id = i % 2 == 0 ? 0 : 0x4f534641;
        guards_next();
        errno = 0;
        keep(corral_alloc(sizes[i], id), sizes[i], id);
        guards_next();
        errno = 0;
        void *zeros = corral_calloc(sizes[i], 1, id);
        CHECK(zeros == NULL || pattern_is_byte(zeros, sizes[i], 0), "not zero");
        keep(zeros, sizes[i], id);
        guards_next();
        errno = 0;
        keep(corral_aligned_alloc((size_t)64 << (4 * i), sizes[i], id), sizes[i], id);
    }
    void *batch[8];
    errno = 0;
    size_t got = corral_alloc_batch(300 * BUILD_KIB, 0, 8, batch);
    CHECK(got == 8 || (errno == ENOMEM && failing.failures > 0), "%zu blocks, errno %d", got, errno);
    for (size_t i = 0; i < got; i++) {
        keep(batch[i], 300 * BUILD_KIB, 0);
    }
}

static void resize(void *argument) {
    (void)argument;
    for (size_t i = 0; i < held_count; i += 2) {
        size_t size = held[i].size;
        guards_next();
        keep_resized(&held[i], size < BUILD_MIB ? size * 3 + 1 : size + 300000);
        keep_resized(&held[i], held[i].size / 4 + 1);
    }
}

static void free_all(void *argument) {
    (void)argument;
    for (size_t i = 0; i < held_count; i++) {
        CHECK(pattern_holds_sparse(held[i].block, held[i].size, i), "block %zu", i);
        corral_free(held[i].block, held[i].id);
    }
    held_count = 0;
}

/* Memory that is made ready, and a reserve: as far as they are had. */
static void make_ready(void *argument) {
    (void)argument;
    corral_category_options options = {.reserve = 5 * BUILD_MIB};
    corral_status status = corral_category_configure(0, &options, sizeof options);
    CHECK(status == CORRAL_OK || (status == CORRAL_ENOMEM && failing.failures > 0), "status %d", (int)status);
    errno = 0;
    size_t ready = corral_prewarm(0, 3000, 40);
    CHECK(ready == 40 || errno == ENOMEM, "%zu blocks, errno %d", ready, errno);
    errno = 0;
    CHECK(corral_prewarm(0x4f534641, 5 * BUILD_MIB, 1) == 1 || errno == ENOMEM, "errno %d", errno);
}

/* Memory goes back; what fails is left for another time. */
static void give_back(void *argument) {
    (void)argument;
    corral_trim(0x4f534641, 0);
    corral_tick(UINT64_MAX);
    corral_trim_all(0);
}

/* Blocks pass from thread to thread, so that caches are made, adopted and left. */
static void run_scenario(void) {
    thread_call(make_ready, NULL);
    thread_call(allocate, NULL);
    CHECK(figures_total().live_blocks == held_count, "blocks");
    thread_call(resize, NULL);
    CHECK(figures_total().live_blocks == held_count, "blocks");
    allocate(NULL);
    CHECK(figures_total().live_blocks == held_count, "blocks");
    thread_call(free_all, NULL);
    thread_call(give_back, NULL);
    corral_thread_detach();
    figures_expect_nothing();
}

struct failure {
    enum kind kind;
    long after;
    bool on;
};

static void fail_rounds(void *argument) {
    const struct failure *failure = argument;
    use_table();
    long most[2] = {0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        failing.kind = (int)failure->kind;
        failing.until_failure = failure->after;
        failing.fails_on = failure->on;
        run_scenario();
        failing.kind = KINDS;
        failing.failures = 0;
        run_scenario();
        long *half = &most[round >= ROUNDS / 2];
        long bytes = mapped_bytes - (long)guards_bytes();
        *half = bytes > *half ? bytes : *half;
    }
    bool leaks = failure->kind != RELEASE && most[1] > most[0] + 64 * CORRAL_SLAB_KIB * 1024L;
    CHECK(!leaks, "%ld bytes are mapped at most, then %ld", most[0], most[1]);
}

static void count_calls(void *argument) {
    const enum kind *kind = argument;
    use_table();
    run_scenario();
    run_scenario();
    printf("%ld\n", failing.calls[*kind]);
}

/* In the quick form the first calls, and some of the later ones. */
static void fail_each_call(enum kind kind) {
    struct child counting;
    child_call(count_calls, &kind, &counting);
    cr_assert(child_succeeded(&counting));
    long count = strtol(counting.output, NULL, 10);
    long step = getenv("CORRAL_TEST_LONG") != NULL ? 1 : count / MORE + 1;
    for (long after = 0; after < count; after += after < FIRST ? 1 : step) {
        for (int on = 0; on < 2; on++) {
            struct failure failure = {kind, after, on != 0};
            struct child child;
            child_call(fail_rounds, &failure, &child);
            cr_assert(child_succeeded(&child), "%s number %ld fails%s", names[kind], after,
                      on ? ", and all after it" : "");
        }
    }
    cr_assert(count > 0 || kind == PURGE || kind == RELEASE || kind == GROW);
}

Test(os_failures, of_reserve) {
    fail_each_call(RESERVE);
}

Test(os_failures, of_release) {
    fail_each_call(RELEASE);
}

Test(os_failures, of_purge) {
    fail_each_call(PURGE);
}

Test(os_failures, of_grow) {
    fail_each_call(GROW);
}

Test(os_failures, of_on_thread_exit) {
    fail_each_call(ON_EXIT);
}

/* Only guard pages need it. */
Test(os_failures, of_protect) {
    if (CORRAL_GUARD_EVERY != 0) {
        fail_each_call(PROTECT);
    }
}
