/* SPDX-License-Identifier: MIT
 *
 * With regions corral makes no memory call to the OS: a process that such a call would end makes everything.
 *
 * Owns:     the filter, and blocks that threads take from each other; every case is a process of its own.
 * Callers:  Criterion.
 * Promises: the filter ends the process at mmap, munmap, mremap, madvise, mprotect, brk and their like, in all
 *           threads. They are there before it is set, since the C library maps their stacks, and use corral
 *           first when it is. The region is used up in between, until another is added.
 * Does not: end threads under the filter, since the C library gives stacks back: they detach, which is what a
 *           thread's end does of corral's.
 */
#include "atomic.h"
#include "cache.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/forbid.h"
#include "support/prng.h"
#include "support/process.h"

#include <corral/backend.h>
#include <corral/configure.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { THREADS = 6, SLOTS = 4096, TURNS = 60000, LONG = 20 };

/* No more than have a category each: an id that shares one is not to be told from its blocks. */
#define IDS (CORRAL_CATEGORY_LIMIT < 64 ? 2u : 12u)

#define FIRST_BYTES  (THREADS * sizeof(struct cache) + 8 * ARENA_BYTES)
#define SECOND_BYTES (FIRST_BYTES + 32 * ARENA_BYTES)

static void end_at_memory_calls(void) {
    static const int numbers[] = {__NR_mmap,     __NR_munmap,        __NR_mremap, __NR_madvise, __NR_process_madvise,
                                  __NR_mprotect, __NR_pkey_mprotect, __NR_brk,    __NR_mlock,   __NR_shmat,
                                  __NR_remap_file_pages};
    forbid_calls(numbers, sizeof numbers / sizeof numbers[0]);
}

static void *map(size_t size) {
    void *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(start != MAP_FAILED, "%zu bytes", size);
    return start;
}

static pthread_barrier_t ready, filtered;
static _Atomic(void *) slots[SLOTS];
static _Atomic size_t refused, large, resized;
static void *second;
static unsigned turns;

static uint32_t id_at(uint64_t number) {
    return number % 2 == 0 ? (uint32_t)number : 0x53454300 + (uint32_t)number;
}

static void fill(void *block) {
    pattern_fill_sparse(block, corral_usable_size(block), (uintptr_t)block);
}

static void check(void *block) {
    CHECK(pattern_holds_sparse(block, corral_usable_size(block), (uintptr_t)block), "%p", block);
}

static void *make(struct prng *prng, size_t size, uint32_t id) {
    switch (prng_below(prng, 8)) {
    case 0:
        return corral_calloc(size, 1, id);
    case 1:
        return corral_aligned_alloc((size_t)64 << prng_below(prng, 8), size, id);
    default:
        return corral_alloc(size, id);
    }
}

static void *resize(struct prng *prng, void *block, uint32_t id) {
    size_t before = corral_usable_size(block);
    size_t size = before / 2 + prng_below(prng, before * 2 + 1);
    check(block);
    void *moved = corral_realloc(block, size, id);
    fetch_add_relaxed(moved == NULL ? &refused : &resized, 1);
    moved = moved == NULL ? block : moved;
    fill(moved);
    return moved;
}

/* One step of a thread: a block of its own goes into a slot, and the one that was there ends. */
static void turn(struct prng *prng) {
    size_t most = 2 * MEDIUM_MAX;
    size_t size = prng_below(prng, 400) == 0 ? prng_below(prng, most) : prng_request(prng, most);
    uint32_t id = id_at(prng_below(prng, IDS));
    errno = 0;
    void *block = make(prng, size, id);
    CHECK(block != NULL || errno == ENOMEM, "errno %d", errno);
    fetch_add_relaxed(&large, block != NULL && size > MEDIUM_MAX);
    fetch_add_relaxed(&refused, block == NULL);
    if (block != NULL) {
        fill(block);
        block = prng_below(prng, 4) == 0 ? resize(prng, block, id) : block;
    }
    block = atomic_exchange(&slots[prng_below(prng, SLOTS)], block);
    if (block != NULL) {
        check(block);
        corral_free(block, (uint32_t)corral_memory_type_of(block));
    }
}

static void *work(void *argument) {
    size_t number = *(const size_t *)argument;
    struct prng prng = prng_for(97, number);
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&filtered);
    for (unsigned i = 0; i < turns; i++) {
        turn(&prng);
        if (i % 4096 == 4095) {
            corral_thread_detach();
        }
        if (number == 0 && i == turns / 4) {
            CHECK(corral_region_add(second, SECOND_BYTES, 1) == CORRAL_OK, "the second region");
        }
    }
    corral_thread_detach();
    pthread_barrier_wait(&ready);
    pause();
    return NULL;
}

static void begin_regions(void) {
    corral_init_options options = {CORRAL_BACKEND_REGION, NULL};
    CHECK(corral_region_add(map(FIRST_BYTES), FIRST_BYTES, 1) == CORRAL_OK, "the first region");
    CHECK(corral_init(&options, sizeof options) == CORRAL_OK, "corral_init");
    second = map(SECOND_BYTES);
}

static void begin_threads(void) {
    pthread_barrier_init(&ready, NULL, THREADS + 1);
    pthread_barrier_init(&filtered, NULL, THREADS + 1);
    static size_t numbers[THREADS];
    for (size_t i = 0; i < THREADS; i++) {
        pthread_t thread;
        numbers[i] = i;
        CHECK(pthread_create(&thread, NULL, work, &numbers[i]) == 0, "no thread");
    }
    pthread_barrier_wait(&ready);
}

static void run_all(void *argument) {
    (void)argument;
    turns = getenv("CORRAL_TEST_LONG") == NULL ? TURNS : TURNS * LONG;
    begin_regions();
    begin_threads();
    end_at_memory_calls();
    pthread_barrier_wait(&filtered);
    corral_category_options options = {.name = "under the filter", .hard_budget = 512 * ARENA_BYTES};
    corral_status status = corral_category_configure(id_at(0), &options, sizeof options);
    CHECK(status == CORRAL_OK || status == CORRAL_ENOMEM, "status %d", (int)status);
    pthread_barrier_wait(&ready);
    for (int i = 0; i < SLOTS; i++) {
        corral_free(slots[i], slots[i] == NULL ? 0 : (uint32_t)corral_memory_type_of(slots[i]));
    }
    corral_thread_detach();
    figures_expect_nothing();
    char line[200];
    int length = snprintf(line, sizeof line, "%u threads, %u turns each: %zu large, %zu resized, %zu refused\n",
                          (unsigned)THREADS, turns, large, resized, refused);
    CHECK(write(STDOUT_FILENO, line, (size_t)length) == length, "no output");
    CHECK(large > 0 && resized > 0 && refused > 0, "too little was done");
    _exit(0);
}

Test(region_calls, none_in_a_long_mix_of_threads, .timeout = 600) {
    struct child child;
    child_call(run_all, NULL, &child);
    cr_assert(child_succeeded(&child), "the filter or a check ended it");
    fputs(child.output, stdout);
}

/* Each of the calls, so that the test above cannot pass because the filter does nothing. */
static void call_one(void *argument) {
    long number = *(const long *)argument;
    end_at_memory_calls();
    syscall(number, 0, 0, 0, 0, 0, 0);
}

Test(region_calls, the_filter_works) {
    long numbers[] = {__NR_mmap, __NR_munmap, __NR_mremap, __NR_madvise, __NR_mprotect, __NR_brk};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct child child;
        child_call(call_one, &numbers[i], &child);
        cr_assert_eq(child.signal, SIGSYS, "call %ld: status %d, signal %d", numbers[i], child.status,
                     child.signal);
    }
}

/* The same load on the OS's backend is ended: the load does need memory. */
static void run_on_the_os(void *argument) {
    (void)argument;
    corral_init_options options = {CORRAL_BACKEND_OS, NULL};
    CHECK(corral_init(&options, sizeof options) == CORRAL_OK, "corral_init");
    end_at_memory_calls();
    corral_free(corral_alloc(100, 1), 1);
}

Test(region_calls, the_os_s_backend_is_ended) {
    struct child child;
    child_call(run_on_the_os, NULL, &child);
    cr_assert_eq(child.signal, SIGSYS, "status %d, signal %d", child.status, child.signal);
}
