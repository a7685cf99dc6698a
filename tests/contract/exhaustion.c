/* SPDX-License-Identifier: MIT
 *
 * Memory that runs out: every function answers NULL and ENOMEM, disturbs nothing, and serves again
 * once there is memory.
 *
 * Owns:     nothing; every case is a process of its own, under a limit of address space.
 * Callers:  Criterion.
 * Promises: calls the public interface alone. The limit is set relative to what is mapped, so that
 *           it works under AddressSanitizer too.
 * Does not: choose which system call fails (../unit/os_failures.c).
 */
#include "cache.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/resource.h>

enum { ID = 4, OTHER = 0, BATCH = 512 };

/* Room for a few arenas, whatever their size in this build; and with a thread's cache besides,
 * whose addresses are many where the build has many categories. */
#define ROOM  (8 * 64 * CORRAL_SLAB_KIB * BUILD_KIB)
#define LIMIT (ROOM + sizeof(struct cache))

/* Blocks under test are chained through their first word, so that holding them takes no memory. */
struct link {
    struct link *next;
};

static const size_t sizes[] = {16, 100, 1000, 5000, 40000, 300000, 3 * BUILD_MIB, 20 * BUILD_MIB};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static struct link *fill(size_t size, uint64_t *count) {
    struct link *first = NULL;
    *count = 0;
    for (;;) {
        errno = 0;
        struct link *block = corral_alloc(size, ID);
        if (block == NULL) {
            CHECK(errno == ENOMEM, "errno %d", errno);
            return first;
        }
        block->next = first;
        first = block;
        ++*count;
        CHECK(*count * size <= ROOM * 2, "the limit does not hold");
    }
}

static struct link *empty(struct link *first, uint64_t count) {
    while (count-- > 0) {
        struct link *next = first->next;
        corral_free(first, ID);
        first = next;
    }
    return first;
}

static uint64_t bytes_of(const struct link *first) {
    uint64_t bytes = 0;
    for (; first != NULL; first = first->next) {
        bytes += figures_bytes(first);
    }
    return bytes;
}

/* Blocks that are free and not to be had: of a unit of slabs too few of whose blocks came home to
 * wake it, and in an open word. */
static uint64_t withheld(size_t size) {
    size_t unit = 8 * CORRAL_SLAB_KIB * BUILD_KIB;
    return size > unit / 8 ? 1 : unit / size + 64;
}

/* Fills up, frees half, fills up again, frees all, and uses another size. */
static void exhaust(void *argument) {
    size_t size = *(const size_t *)argument;
    process_limit_mapped(LIMIT);
    uint64_t count;
    struct link *blocks = fill(size, &count);
    CHECK(count * size >= ROOM / 8 || size > ROOM / 8, "%llu blocks of %zu are all there are",
          (unsigned long long)count, size);
    figures_expect(ID, count, bytes_of(blocks));
    for (int i = 0; i < 100; i++) {
        CHECK(corral_alloc(size, ID) == NULL, "memory comes from nowhere");
    }
    figures_expect(ID, count, bytes_of(blocks));
    blocks = empty(blocks, count / 2);
    uint64_t again;
    struct link *more = fill(size, &again);
    CHECK(again + withheld(size) >= count / 2, "%llu of %llu blocks come again",
          (unsigned long long)again, (unsigned long long)(count / 2));
    empty(more, again);
    empty(blocks, count - count / 2);
    figures_expect_nothing();
    void *block = corral_alloc(size, ID);
    CHECK(block != NULL || count == 0, "nothing is to be had after all was freed");
    corral_free(block, ID);
    figures_expect_nothing();
}

/* What lies between guard pages takes addresses, which are what is exhausted here. */
TestSuite(exhaustion, .init = guards_off);

Test(exhaustion, of_every_kind_of_block) {
    for (size_t i = 0; i < SIZES; i++) {
        struct child child;
        size_t size = sizes[i];
        child_call(exhaust, &size, &child);
        cr_assert(child_succeeded(&child), "size %zu", size);
    }
}

/* All functions while nothing is to be had. */
static void fail_everything(void) {
    static char untouched;
    void *batch[4] = {&untouched, &untouched, &untouched, &untouched};
    const size_t large = LIMIT * 2;
    CHECK(corral_alloc(large, ID) == NULL && errno == ENOMEM, "alloc");
    errno = 0;
    CHECK(corral_calloc(large / 16, 16, ID) == NULL && errno == ENOMEM, "calloc");
    errno = 0;
    CHECK(corral_realloc(NULL, large, ID) == NULL && errno == ENOMEM, "realloc");
    errno = 0;
    CHECK(corral_aligned_alloc(4096, large, ID) == NULL && errno == ENOMEM, "aligned_alloc");
    errno = 0;
    CHECK(corral_aligned_alloc((size_t)1 << 40, 16, ID) == NULL && errno == ENOMEM,
          "aligned_alloc");
    errno = 0;
    CHECK(corral_alloc_batch(large, ID, 4, batch) == 0 && errno == ENOMEM, "alloc_batch");
    for (int i = 0; i < 4; i++) {
        CHECK(batch[i] == &untouched, "a failed batch is written");
    }
}

static void fail_beside_live_blocks(void *argument) {
    (void)argument;
    unsigned char *blocks[SIZES];
    for (size_t i = 0; i < SIZES; i++) {
        blocks[i] = corral_alloc(sizes[i], ID);
        CHECK(blocks[i] != NULL, "size %zu", sizes[i]);
        pattern_fill(blocks[i], sizes[i], i);
    }
    corral_stats before = figures_of(ID);
    process_limit_mapped(LIMIT);
    fail_everything();
    for (size_t i = 0; i < SIZES; i++) {
        errno = 0;
        CHECK(corral_realloc(blocks[i], LIMIT * 2, ID) == NULL && errno == ENOMEM, "realloc");
        CHECK(pattern_holds(blocks[i], sizes[i], i), "a failed realloc of %zu", sizes[i]);
    }
    figures_expect(ID, before.live_blocks, before.live_bytes);
    for (size_t i = 0; i < SIZES; i++) {
        corral_free(blocks[i], ID);
    }
    figures_expect_nothing();
}

Test(exhaustion, beside_live_blocks) {
    struct child child;
    child_call(fail_beside_live_blocks, NULL, &child);
    cr_assert(child_succeeded(&child));
}

/* The first calls of a process that may map nothing at all; then the limit is lifted. */
static void fail_from_the_start(void *argument) {
    (void)argument;
    process_limit_mapped(0);
    fail_everything();
    for (size_t i = 0; i < SIZES; i++) {
        errno = 0;
        CHECK(corral_alloc(sizes[i], ID) == NULL && errno == ENOMEM, "size %zu", sizes[i]);
    }
    corral_thread_detach();
    figures_expect_nothing();
    struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_AS, &none) == 0, "the limit stays");
    for (size_t i = 0; i < SIZES; i++) {
        void *block = corral_alloc(sizes[i], ID);
        CHECK(block != NULL, "size %zu after the limit is lifted", sizes[i]);
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

Test(exhaustion, from_the_first_call_on) {
    if (BUILD_HAS_ASAN) {
        cr_skip_test("AddressSanitizer itself needs memory");
    }
    struct child child;
    child_call(fail_from_the_start, NULL, &child);
    cr_assert(child_succeeded(&child));
}

/* Batches until one is cut short; what it gave is whole, the rest of its array untouched. */
static void exhaust_by_batches(void *argument) {
    size_t size = *(const size_t *)argument;
    static char untouched;
    static void *blocks[BATCH];
    struct link *first = NULL;
    uint64_t count = 0;
    process_limit_mapped(LIMIT);
    size_t got;
    do {
        for (size_t i = 0; i < BATCH; i++) {
            blocks[i] = &untouched;
        }
        errno = 0;
        got = corral_alloc_batch(size, ID, BATCH, blocks);
        CHECK(got == BATCH ? errno == 0 : errno == ENOMEM, "%zu blocks, errno %d", got, errno);
        for (size_t i = 0; i < BATCH; i++) {
            CHECK((i < got) == (blocks[i] != &untouched), "block %zu of %zu", i, got);
        }
        for (size_t i = 0; i < got; i++) {
            struct link *block = blocks[i];
            block->next = first;
            first = block;
        }
        count += got;
    } while (got == BATCH);
    figures_expect(ID, count, bytes_of(first));
    empty(first, count);
    figures_expect_nothing();
}

Test(exhaustion, in_the_middle_of_a_batch) {
    for (size_t i = 0; i < SIZES; i++) {
        struct child child;
        size_t size = sizes[i];
        child_call(exhaust_by_batches, &size, &child);
        cr_assert(child_succeeded(&child), "size %zu", size);
    }
}

/* One category takes everything; another gets what the first gives back, in blocks of its own size
 * and in large ones where the first had large ones. */
static void pass_on(void *argument) {
    size_t size = *(const size_t *)argument;
    process_limit_mapped(LIMIT);
    uint64_t count;
    struct link *blocks = fill(size, &count);
    empty(blocks, count);
    struct link *others = NULL;
    size_t other_size = size < 2 * BUILD_MIB ? 2000 : ROOM / 4;
    for (uint64_t i = 0; i < ROOM / 4 / other_size; i++) {
        struct link *block = corral_alloc(other_size, OTHER);
        CHECK(block != NULL, "block %llu of %zu after all of %zu were freed", (unsigned long long)i,
              other_size, size);
        block->next = others;
        others = block;
    }
    while (others != NULL) {
        struct link *next = others->next;
        corral_free(others, OTHER);
        others = next;
    }
    figures_expect_nothing();
}

Test(exhaustion, freed_memory_serves_other_categories) {
    for (size_t i = 0; i < SIZES; i++) {
        struct child child;
        size_t size = sizes[i];
        child_call(pass_on, &size, &child);
        cr_assert(child_succeeded(&child), "size %zu", size);
    }
}

/* A thread that was there before the memory ran out, and calls corral first when only empty arenas
 * are left of it. */
static struct {
    sem_t may_begin;
    void *block;
} late;

static void *begin_late(void *argument) {
    (void)argument;
    while (sem_wait(&late.may_begin) != 0) {
    }
    late.block = corral_alloc(64, OTHER);
    return NULL;
}

static size_t arena_bytes(void) {
    return figures_of(ID).arenas * 64 * CORRAL_SLAB_KIB * BUILD_KIB;
}

/* The whole life of a thread: several times what a thread's own tables take, all freed. */
static void leave_empty_arenas(void *argument) {
    (void)argument;
    uint64_t count = 0;
    struct link *first = NULL;
    for (; arena_bytes() < ROOM + 4 * sizeof(struct cache); count++) {
        struct link *block = corral_alloc(5000, ID);
        CHECK(block != NULL, "block %llu", (unsigned long long)count);
        block->next = first;
        first = block;
    }
    empty(first, count);
}

/* The block that stays is there so that its holder has the only cache. */
static void first_call_late(void *argument) {
    (void)argument;
    pthread_t thread;
    CHECK(sem_init(&late.may_begin, 0, 0) == 0, "sem_init");
    CHECK(pthread_create(&thread, NULL, begin_late, NULL) == 0, "pthread_create");
    thread_call(leave_empty_arenas, NULL);
    CHECK(corral_alloc(64, ID) != NULL, "no block");
    bool kept = arena_bytes() >= ROOM / 2 + 2 * sizeof(struct cache);
    process_limit_mapped(0);
    CHECK(sem_post(&late.may_begin) == 0, "sem_post");
    CHECK(pthread_join(thread, NULL) == 0, "pthread_join");
    CHECK(late.block != NULL || !kept, "empty arenas are kept while a thread gets no cache");
}

Test(exhaustion, empty_arenas_serve_a_thread_s_first_call) {
    struct child child;
    child_call(first_call_late, NULL, &child);
    cr_assert(child_succeeded(&child));
}
