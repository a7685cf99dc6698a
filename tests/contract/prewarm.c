/* SPDX-License-Identifier: MIT
 *
 * Memory that is ready before it is asked for, and stays: prewarming and reserves.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: what is ready needs no call of the OS that maps memory, and touches no page for the first time.
 * Does not: wait for time to pass (../unit/tick.c).
 */
#include "filling.h"

#include <corral/upkeep.h>

#include "support/forbid.h"
#include "support/guards.h"
#include "support/process.h"

#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIZE = 3000, COUNT = 2500, FEW = 20 };
#define RESERVE (COUNT * 4096 * UINT64_C(2))
#define LARGE   (3 * BUILD_MIB)

static const int mapping[] = {SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise, SYS_brk, SYS_mprotect};

static long faults(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0, "no figures");
    return usage.ru_minflt;
}

/* Allocates and fills blocks without a call that maps memory. Returns the pages that were touched for the first time. */
static long fill_ready(size_t size, size_t count) {
    memset(blocks, 1, sizeof blocks);
    long before = faults();
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(size, ID);
        CHECK(blocks[i] != NULL, "block %zu", i);
        memset(blocks[i], 1, size);
    }
    return faults() - before;
}

static void use_ready(void *unused) {
    (void)unused;
    configure(ID, (corral_category_options){.reserve = RESERVE});
    CHECK(corral_prewarm(ID, SIZE, COUNT) == COUNT, "too few");
    corral_stats stats = figures_of(ID);
    CHECK(stats.live_blocks == 0 && stats.peak_bytes == 0 && stats.kept_bytes >= COUNT * (uint64_t)SIZE,
          "%ju bytes are kept", (uintmax_t)stats.kept_bytes);
    forbid_calls(mapping, sizeof mapping / sizeof mapping[0]);
    long touched = fill_ready(SIZE, COUNT);
    CHECK(!BUILD_MEASURES_MEMORY || touched < FEW, "%ld pages", touched);
    empty(ID, COUNT);
    CHECK(fill(ID, SIZE) >= COUNT, "fewer the second time");
}

TestSuite(prewarm, .init = guards_off);
TestSuite(reserve, .init = guards_off);
TestSuite(keep, .init = guards_off);

Test(prewarm, needs_no_call_and_no_new_page) {
    struct child child;
    child_call(use_ready, NULL, &child);
    cr_assert(child_succeeded(&child));
}

static void use_ready_large(void *unused) {
    (void)unused;
    size_t count = CORRAL_LARGE_KEEP_KIB * BUILD_KIB / LARGE;
    count = count > FEW ? FEW : count;
    CHECK(corral_prewarm(ID, LARGE, count) == count, "too few");
    CHECK(figures_of(ID).live_blocks == 0, "live");
    forbid_calls(mapping, sizeof mapping / sizeof mapping[0]);
    long touched = fill_ready(LARGE, count);
    CHECK(!BUILD_MEASURES_MEMORY || touched < FEW, "%ld pages", touched);
}

Test(prewarm, of_large_blocks) {
    struct child child;
    child_call(use_ready_large, NULL, &child);
    cr_assert(child_succeeded(&child));
}

/* Another thread finds the memory; its own tables are ready when it has asked for them. */
static void use_elsewhere(void *unused) {
    (void)unused;
    CHECK(corral_prewarm(ID, SIZE, 0) == 0, "of none");
    forbid_calls(mapping, sizeof mapping / sizeof mapping[0]);
    fill_ready(SIZE, COUNT / 2);
    _exit(0); /* the thread's end would unmap its stack */
}

static void ready_for_another(void *unused) {
    configure(ID, (corral_category_options){.reserve = RESERVE});
    CHECK(corral_prewarm(ID, SIZE, COUNT) == COUNT, "too few");
    thread_call(use_elsewhere, unused);
}

Test(prewarm, serves_any_thread) {
    struct child child;
    child_call(ready_for_another, NULL, &child);
    cr_assert(child_succeeded(&child));
}

Test(prewarm, of_more_than_may_be_kept) {
    uint64_t most = 8 * CORRAL_SLAB_KIB * BUILD_KIB;
    most = CORRAL_RETIRE_KIB * BUILD_KIB < most ? CORRAL_RETIRE_KIB * BUILD_KIB : most;
    configure(ID, (corral_category_options){.keep = most == 0 ? 1 : most});
    errno = 0;
    size_t ready = corral_prewarm(ID, SIZE, 1000000);
    cr_assert_eq(errno, ENOMEM);
    cr_assert_eq(figures_of(ID).kept_bytes, most);
    cr_assert_eq(ready > 0, most > 0);
    cr_assert_leq(ready * SIZE, most);
    errno = 0;
    cr_assert_eq(corral_prewarm(ID, SIZE, ready), ready, "what is kept already is ready");
    cr_assert_eq(errno, 0);
}

Test(prewarm, of_sizes_that_there_are_not) {
    errno = 0;
    cr_assert_eq(corral_prewarm(ID, SIZE_MAX, 1), 0);
    cr_assert_eq(errno, ENOMEM);
    errno = 0;
    cr_assert_eq(corral_prewarm(ID, PTRDIFF_MAX, 3), 0);
    cr_assert_eq(errno, ENOMEM);
    configure(ID, (corral_category_options){.reserve = RESERVE});
    cr_assert_eq(corral_prewarm(ID, 0, 1), 1);
}

static void bound_addresses(uint64_t more) {
    FILE *file = fopen("/proc/self/statm", "r");
    unsigned long pages;
    CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1, "no figure");
    fclose(file);
    struct rlimit limit = {pages * (uint64_t)sysconf(_SC_PAGESIZE) + more, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "no limit");
}

static void use_all_addresses(void) {
    while (corral_alloc(SIZE, OTHER) != NULL) {
    }
    CHECK(errno == ENOMEM, "errno %d", errno);
}

static void keep_addresses(void *unused) {
    (void)unused;
    configure(ID, (corral_category_options){.reserve = RESERVE});
    corral_free(corral_alloc(SIZE, ID), ID);
    bound_addresses(200 * BUILD_MIB);
    use_all_addresses();
    for (size_t i = 0; i < COUNT; i++) {
        CHECK(corral_alloc(SIZE, ID) != NULL, "%zu blocks are had of %d", i, COUNT);
    }
}

/* Where the OS gives the addresses; a sanitizer takes them all. */
Test(reserve, is_there_when_another_category_has_used_up_memory,
     .disabled = BUILD_HAS_ASAN || BUILD_HAS_TSAN || BUILD_IS_EMULATED) {
    struct child child;
    child_call(keep_addresses, NULL, &child);
    cr_assert(child_succeeded(&child));
}

static void ask_for_too_much(void *unused) {
    (void)unused;
    corral_category_options options = {.reserve = RESERVE}, before = options;
    configure(ID, options);
    corral_free(corral_alloc(SIZE, OTHER), OTHER); /* its tables are there */
    uint64_t arenas = figures_of(ID).arenas;
    bound_addresses(100 * BUILD_MIB);
    options.reserve = UINT64_C(1) << 40;
    options.exact = 1;
    CHECK(corral_category_configure(ID, &options, sizeof options) == CORRAL_ENOMEM, "it was had");
    CHECK(corral_category_options_of(ID, &options, sizeof options) == CORRAL_OK, "no options");
    CHECK(memcmp(&options, &before, sizeof options) == 0, "something was changed");
    CHECK(corral_alloc(SIZE, OTHER) != NULL, "nothing is left for others");
    corral_trim(ID, 0);
    CHECK(figures_of(ID).arenas == arenas, "%ju arenas", (uintmax_t)figures_of(ID).arenas);
}

Test(reserve, that_cannot_be_had_changes_nothing,
     .disabled = BUILD_HAS_ASAN || BUILD_HAS_TSAN || BUILD_IS_EMULATED) {
    struct child child;
    child_call(ask_for_too_much, NULL, &child);
    cr_assert(child_succeeded(&child));
}

Test(reserve, is_not_trimmed) {
    configure(ID, (corral_category_options){.reserve = RESERVE});
    uint64_t arenas = figures_of(ID).arenas;
    cr_assert_geq(arenas * 64 * CORRAL_SLAB_KIB * BUILD_KIB, RESERVE);
    size_t count = fill(ID, SIZE);
    empty(ID, count);
    corral_thread_detach();
    corral_trim_all(0);
    uint64_t kept = figures_of(ID).kept_bytes, slab = CORRAL_SLAB_KIB * BUILD_KIB;
    cr_assert_geq(kept + slab, RESERVE < count * SIZE ? RESERVE : count * SIZE);
    cr_assert_lt(kept, RESERVE + slab);
    cr_assert_eq(figures_of(ID).arenas, arenas);
    cr_assert_eq(corral_category_reset(ID), CORRAL_OK);
    cr_assert_eq(figures_of(ID).arenas, arenas);
    configure(ID, (corral_category_options){0});
    corral_trim_all(0);
    cr_assert_eq(figures_of(ID).arenas, 0);
    cr_assert_eq(figures_of(ID).kept_bytes, 0);
}

Test(reserve, bad_values) {
    corral_category_options options = {.reserve = (uint64_t)PTRDIFF_MAX + 1};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_EINVAL);
    options = (corral_category_options){.keep = (uint64_t)PTRDIFF_MAX + 1};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_EINVAL);
    options = (corral_category_options){.huge_pages = (corral_huge_pages)4};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_EINVAL);
    options = (corral_category_options){.reserve = PTRDIFF_MAX};
    cr_assert_eq(corral_category_configure(ID, &options, sizeof options), CORRAL_ENOMEM);
    cr_assert_eq(corral_category_options_of(ID, &options, sizeof options), CORRAL_OK);
    cr_assert_eq(options.reserve, 0);
    cr_assert_eq(figures_total().arenas, 0);
    void *block = corral_alloc(SIZE, OTHER);
    cr_assert_not_null(block, "nothing is left for others");
    corral_free(block, OTHER);
}

/* As much as there can be, and a reserve besides. */
Test(keep, all_there_is) {
    corral_category_options process = {.keep = PTRDIFF_MAX};
    cr_assert_eq(corral_process_configure(&process, sizeof process), CORRAL_OK);
    configure(ID, (corral_category_options){.reserve = 4 * BUILD_MIB});
    configure(OTHER, (corral_category_options){.decay_ms = CORRAL_DECAY_NEVER});
    empty(OTHER, fill(OTHER, SIZE));
    corral_thread_detach();
    cr_assert_geq(figures_of(OTHER).kept_bytes, MANY * (uint64_t)SIZE);
}

/* What is kept of a category, and of all. */
Test(keep, bounds) {
    uint64_t slab = CORRAL_SLAB_KIB * BUILD_KIB;
    configure(ID, (corral_category_options){.keep = 5 * slab});
    empty(ID, fill(ID, SIZE));
    empty(OTHER, fill(OTHER, SIZE));
    corral_thread_detach();
    uint64_t all = CORRAL_RETIRE_KIB * BUILD_KIB;
    cr_assert_eq(figures_of(ID).kept_bytes, all < 5 * slab ? all : 5 * slab);
    corral_category_options process = {.keep = 3 * slab};
    corral_process_configure(&process, sizeof process);
    corral_trim_all(0);
    empty(OTHER, fill(OTHER, SIZE));
    corral_thread_detach();
    cr_assert_leq(figures_total().kept_bytes, 3 * slab);
    configure(OTHER, (corral_category_options){.decay_ms = CORRAL_DECAY_AT_ONCE});
    corral_trim_all(0);
    empty(OTHER, fill(OTHER, SIZE));
    corral_thread_detach();
    cr_assert_eq(figures_of(OTHER).kept_bytes, 0);
}
