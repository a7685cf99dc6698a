/* SPDX-License-Identifier: MIT
 *
 * Memory that the program hands over: which regions are taken, that they suffice, end, and serve again.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: regions are surrounded by bytes that stay as they are, and most are not zero to begin with.
 * Does not: forbid calls of the OS (region_calls.c); let threads be in each other's way at every step
 *           (../explore/scenarios_region.c).
 */
#include "region.h"

#include "cache.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/prng.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ID = 5, OTHER = 0x52454749, BEFORE = 4096 + 16, BEHIND = 8192 };

#define LARGE (MEDIUM_MAX + SLAB_BYTES + 4096)
/* Tables of two threads, corral's own, and some arenas. */
#define ENOUGH (2 * sizeof(struct cache) + 4 * BUILD_MIB + 8 * ARENA_BYTES)

static struct surrounded {
    char *start; /* of the region */
    size_t size;
} around[4];
static size_t around_count;

/* Hands over bytes that are not zero, with others before and behind that are corral's not. */
static void add_surrounded(size_t size) {
    char *room = mmap(NULL, BEFORE + size + BEHIND, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(room, MAP_FAILED);
    memset(room, 0x5A, BEFORE + size + BEHIND);
    around[around_count++] = (struct surrounded){room + BEFORE, size};
    cr_assert_eq(corral_region_add(room + BEFORE, size, 0), CORRAL_OK);
}

static void expect_surroundings(void) {
    for (size_t i = 0; i < around_count; i++) {
        cr_assert(pattern_is_byte(around[i].start - BEFORE, BEFORE, 0x5A), "before region %zu", i);
        cr_assert(pattern_is_byte(around[i].start + around[i].size, BEHIND, 0x5A), "behind region %zu", i);
    }
}

static bool is_within(const void *block, size_t size) {
    for (size_t i = 0; i < around_count; i++) {
        uintptr_t at = (uintptr_t)block - (uintptr_t)around[i].start;
        if (at < around[i].size && size <= around[i].size - at) {
            return true;
        }
    }
    return false;
}

static void choose_regions(void) {
    corral_init_options options = {CORRAL_BACKEND_REGION, NULL};
    cr_assert_eq(corral_init(&options, sizeof options), CORRAL_OK);
}

Test(region, what_is_no_region_is_refused) {
    static char memory[4096];
    memset(memory, 0x5A, sizeof memory);
    cr_assert_eq(corral_region_add(NULL, ENOUGH, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add(memory, 0, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add(memory, sizeof memory, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add(memory, SIZE_MAX, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add(memory, ENOUGH, 2), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add((void *)(UINTPTR_MAX - 100), 50, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add((void *)((uintptr_t)1 << 47), ENOUGH, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_region_add((void *)(((uintptr_t)1 << 47) - 4096), ENOUGH, 0), CORRAL_EINVAL);
    cr_assert(pattern_is_byte(memory, sizeof memory, 0x5A), "a refused region is written");
    cr_assert_eq(corral_backend_in_use(), CORRAL_BACKEND_DEFAULT);
}

/* So small that it ends before where it would begin: at the next line, in the next plot. */
Test(region, what_ends_before_it_begins_is_refused) {
    char *room = mmap(NULL, 4 * ARENA_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(room, MAP_FAILED);
    char *plot = (char *)round_up((uintptr_t)room + ARENA_BYTES, ARENA_BYTES);
    for (size_t before = 1; before < 64; before++) {
        for (size_t size = 1; size <= before; size++) {
            cr_assert_eq(corral_region_add(plot - before, size, 0), CORRAL_EINVAL, "%zu, %zu", before, size);
        }
    }
    cr_assert(pattern_is_byte(plot - 64, 4096, 0), "a refused region is written");
}

/* Its last part ends where its last plot does, and what stands behind the plots is not one more. */
Test(region, a_run_at_the_end_does_not_grow) {
    char *room = mmap(NULL, 3 * ARENA_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(room, MAP_FAILED);
    char *start = (char *)round_up((uintptr_t)room, ARENA_BYTES), *last = NULL, *part;
    cr_assert_eq(corral_region_add(start, 2 * ARENA_BYTES, 1), CORRAL_OK);
    while ((part = corral_region.reserve(SLAB_BYTES, 4096, 0, NULL)) != NULL) {
        last = part;
    }
    cr_assert_eq(last, start + 2 * ARENA_BYTES - SLAB_BYTES);
    for (size_t more = 1; more < 3 * ARENA_BYTES; more = 2 * more + 4096) {
        cr_assert_not(corral_region.resize(last, SLAB_BYTES, SLAB_BYTES + more, NULL), "%zu", more);
    }
    cr_assert(corral_region.release(last, SLAB_BYTES, NULL));
    cr_assert_eq(corral_region.reserve(SLAB_BYTES, 4096, 0, NULL), last);
}

Test(region, what_is_no_run_is_neither_released_nor_resized) {
    static char memory[4096];
    cr_assert_not(corral_region.release(memory, sizeof memory, NULL));
    add_surrounded(4 * SLAB_BYTES);
    cr_assert_not(corral_region.release(memory, sizeof memory, NULL));
    cr_assert_not(corral_region.resize(memory, sizeof memory, 2 * sizeof memory, NULL));
    cr_assert_not(corral_region.release(around[0].start, 4096, NULL), "the header");
}

/* All sizes of regions from too small ones on: one is refused, or gives as many parts as fit. */
Test(region, each_size_gives_what_fits) {
    size_t given = 0;
    for (size_t size = SLAB_BYTES - 64; size < 6 * SLAB_BYTES; size += SLAB_BYTES / 8) {
        char *room = mmap(NULL, 4 * ARENA_BYTES, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        cr_assert_neq(room, MAP_FAILED);
        char *start = (char *)round_up((uintptr_t)room, ARENA_BYTES) + ARENA_BYTES - 3 * SLAB_BYTES;
        bool fits = size >= 2 * SLAB_BYTES;
        memset(start, 0x5A, 6 * SLAB_BYTES);
        cr_assert_eq(corral_region_add(start, size, 0), fits ? CORRAL_OK : CORRAL_EINVAL, "%zu", size);
        size_t parts = 0;
        while (corral_region.reserve(SLAB_BYTES, 4096, 0, NULL) != NULL) {
            parts++;
        }
        given += parts;
        cr_assert_eq(parts, fits ? (size - SLAB_BYTES) / SLAB_BYTES : 0, "%zu parts of %zu", parts, size);
    }
    cr_assert_gt(given, 0);
}

/* Runs of every length and alignment: within, apart, aligned, zero; all come back. */
static struct run {
    char *start;
    size_t size;
} runs[64];

static void take_run(struct prng *prng, size_t i, size_t most) {
    size_t alignment = (size_t)4096 << prng_below(prng, 13);
    size_t size = (1 + prng_below(prng, most / 4096)) * 4096;
    runs[i].start = corral_region.reserve(size, alignment, 0, NULL);
    runs[i].size = size;
    if (runs[i].start != NULL) {
        cr_assert_eq((uintptr_t)runs[i].start & (alignment - 1), 0);
        cr_assert(is_within(runs[i].start, size));
        cr_assert(pattern_is_byte(runs[i].start, size, 0), "not zero");
        memset(runs[i].start, (int)i + 1, size);
    }
}

static void resize_run(struct prng *prng, size_t i, size_t most) {
    size_t size = (1 + prng_below(prng, most / 4096)) * 4096, before = runs[i].size;
    if (size != before && corral_region.resize(runs[i].start, before, size, NULL)) {
        cr_assert(size < before || pattern_is_byte(runs[i].start + before, size - before, 0), "not zero");
        memset(runs[i].start, (int)i + 1, size);
        runs[i].size = size;
    }
}

Test(region, runs_of_every_kind_are_apart_and_zero, .timeout = 120) {
    const size_t most = 3 * ARENA_BYTES;
    struct prng prng = {.state = 4711};
    size_t failed = 0, done = 0;
    add_surrounded(6 * ARENA_BYTES);
    add_surrounded(2 * ARENA_BYTES + SLAB_BYTES);
    for (int turn = 0; turn < 600; turn++) {
        size_t i = prng_below(&prng, 64);
        if (runs[i].start == NULL) {
            take_run(&prng, i, turn % 4 == 0 ? most : 8 * SLAB_BYTES);
            *(runs[i].start == NULL ? &failed : &done) += 1;
            continue;
        }
        cr_assert(pattern_is_byte(runs[i].start, runs[i].size, (unsigned char)(i + 1)), "run %zu", i);
        if (turn % 2 == 0) {
            resize_run(&prng, i, most);
        } else {
            cr_assert(corral_region.release(runs[i].start, runs[i].size, NULL));
            runs[i].start = NULL;
        }
    }
    cr_assert(failed > 0 && done > 100, "%zu runs, %zu not", done, failed);
    for (size_t i = 0; i < 64; i++) {
        cr_assert(runs[i].start == NULL || corral_region.release(runs[i].start, runs[i].size, NULL));
    }
    char *whole = corral_region.reserve(5 * ARENA_BYTES, ARENA_BYTES, 0, NULL);
    cr_assert_not_null(whole, "what came back does not serve as a whole");
    expect_surroundings();
}

Test(region, a_purge_leaves_zeros_and_no_more) {
    add_surrounded(2 * ARENA_BYTES);
    char *run = corral_region.reserve(4 * SLAB_BYTES, 4096, 0, NULL);
    memset(run, 7, 4 * SLAB_BYTES);
    cr_assert(corral_region.purge(run + SLAB_BYTES, SLAB_BYTES, NULL));
    cr_assert(pattern_is_byte(run, SLAB_BYTES, 7));
    cr_assert(pattern_is_byte(run + SLAB_BYTES, SLAB_BYTES, 0));
    cr_assert(pattern_is_byte(run + 2 * SLAB_BYTES, 2 * SLAB_BYTES, 7));
}

/* Two regions in one plot: what is of which is told apart. */
Test(region, neighbours_are_told_apart) {
    char *room = mmap(NULL, 2 * ARENA_BYTES, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    cr_assert_neq(room, MAP_FAILED);
    char *start = (char *)round_up((uintptr_t)room, ARENA_BYTES);
    cr_assert_eq(corral_region_add(start + 8 * SLAB_BYTES, 8 * SLAB_BYTES, 1), CORRAL_OK);
    cr_assert_eq(corral_region_add(start, 8 * SLAB_BYTES, 1), CORRAL_OK);
    for (int turn = 0; turn < 3; turn++) {
        void *parts[14];
        for (int i = 0; i < 14; i++) {
            parts[i] = corral_region.reserve(SLAB_BYTES, 4096, 0, NULL);
            cr_assert_not_null(parts[i], "part %d in turn %d", i, turn);
        }
        cr_assert_null(corral_region.reserve(SLAB_BYTES, 4096, 0, NULL));
        for (int i = 0; i < 14; i++) {
            cr_assert(corral_region.release(parts[i], SLAB_BYTES, NULL));
        }
    }
}

struct link {
    struct link *next;
};

static struct link *fill(size_t size, uint32_t id, size_t *count) {
    struct link *first = NULL;
    for (*count = 0;; ++*count) {
        errno = 0;
        struct link *block = corral_alloc(size, id);
        if (block == NULL) {
            cr_assert_eq(errno, ENOMEM);
            return first;
        }
        cr_assert(is_within(block, size));
        block->next = first;
        first = block;
    }
}

static void empty(struct link *first, uint32_t id) {
    while (first != NULL) {
        struct link *next = first->next;
        corral_free(first, id);
        first = next;
    }
}

/* All of a region by blocks of one size, freed, and again: by those of another size and category. */
Test(region, it_ends_and_serves_again, .timeout = 240) {
    const size_t sizes[] = {100, 5000, SLAB_BYTES, MEDIUM_MAX, LARGE, 3 * LARGE};
    add_surrounded(ENOUGH);
    choose_regions();
    size_t first_bytes[6] = {0};
    for (size_t turn = 0; turn < 18; turn++) {
        size_t size = sizes[turn % 6], count;
        uint32_t id = turn % 2 == 0 ? ID : OTHER;
        struct link *blocks = fill(size, id, &count);
        figures_expect(id, count, count == 0 ? 0 : count * corral_usable_size(blocks));
        empty(blocks, id);
        figures_expect_nothing();
        cr_assert_gt(count, 0, "turn %zu: none of %zu", turn, size);
        size_t *bytes = &first_bytes[turn % 6];
        *bytes = *bytes == 0 ? count * size : *bytes;
        cr_assert_geq(count * size + 2 * ARENA_BYTES, *bytes, "turn %zu: %zu of %zu, after %zu bytes", turn,
                      count, size, *bytes);
    }
    expect_surroundings();
}

static void add_one(void *argument) {
    (void)argument;
    add_surrounded(4 * ARENA_BYTES);
}

Test(region, another_is_added_when_the_first_is_used_up) {
    size_t count, more;
    add_surrounded(ENOUGH);
    choose_regions();
    struct link *blocks = fill(SLAB_BYTES, ID, &count);
    thread_call(add_one, NULL);
    struct link *others = fill(SLAB_BYTES, ID, &more);
    cr_assert_geq(more * SLAB_BYTES, 2 * ARENA_BYTES, "%zu blocks more", more);
    figures_expect(ID, count + more, (count + more) * corral_usable_size(blocks));
    empty(others, ID);
    empty(blocks, ID);
    figures_expect_nothing();
    expect_surroundings();
}

/* Too small for a thread's tables, say: nothing is to be had, and nothing is lost. */
Test(region, one_that_is_too_small_fails_every_call) {
    add_surrounded(3 * SLAB_BYTES);
    choose_regions();
    for (int i = 0; i < 100; i++) {
        errno = 0;
        cr_assert(corral_alloc(100, ID) == NULL && errno == ENOMEM);
        errno = 0;
        cr_assert(corral_alloc(LARGE, ID) == NULL && errno == ENOMEM);
    }
    figures_expect_nothing();
    add_surrounded(ENOUGH);
    void *block = corral_alloc(100, ID);
    cr_assert_not_null(block);
    corral_free(block, ID);
    expect_surroundings();
}

/* A large block grows where it is as long as there is something behind it, its content stays. */
Test(region, large_blocks_grow_and_shrink_in_place) {
    add_surrounded(ENOUGH);
    choose_regions();
    corral_free(corral_alloc(100, ID), ID); /* tables come first, and are not behind the block */
    char *block = corral_alloc(LARGE, ID);
    cr_assert_not_null(block);
    pattern_fill(block, LARGE, 1);
    cr_assert_eq(corral_realloc(block, 2 * LARGE, ID), block);
    cr_assert_eq(corral_realloc(block, 3 * LARGE, ID), block);
    cr_assert(pattern_holds(block, LARGE, 1));
    cr_assert_eq(corral_realloc(block, 2 * LARGE, ID), block);
    char *other = corral_realloc(corral_alloc(LARGE, OTHER), LARGE + 4096, OTHER);
    cr_assert_not_null(other);
    cr_assert(pattern_holds(block, LARGE, 1));
    figures_expect(ID, 1, corral_usable_size(block));
    corral_free(other, OTHER);
    corral_free(block, ID);
    figures_expect_nothing();
    expect_surroundings();
}
