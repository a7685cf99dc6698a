/* SPDX-License-Identifier: MIT
 *
 * The reset of a category.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: blocks of another category are live all the while, and keep their content.
 * Does not: let a reset race with threads that use other categories (../stress/reset.c).
 */
#include "filling.h"

#include "options.h"
#include "support/guards.h"
#include "support/pattern.h"
#include "support/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Blocks of all kinds: of every class, of units of slabs, large ones, and aligned ones. */
enum { KINDS = 40, ROUNDS = 30, NEIGHBOURS = 200, LEVEL_SLABS = 600 };
/* Ids with a category each: one is dense, one category is the overflow's. */
enum { IDS = CORRAL_CATEGORY_LIMIT - 1 < 12 ? CORRAL_CATEGORY_LIMIT - 1 : 12 };

static void *neighbours[NEIGHBOURS];

/* A few are large ones. */
static size_t neighbour_size(size_t i) {
    return i % 64 == 0 ? MEDIUM_MAX + 1 + i : 16 + i * i * 20;
}

static void make_neighbours(void) {
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        neighbours[i] = corral_alloc(neighbour_size(i), OTHER);
        pattern_fill(neighbours[i], neighbour_size(i), i);
    }
}

static void check_neighbours(void) {
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        cr_assert(pattern_holds(neighbours[i], neighbour_size(i), i));
        corral_free(neighbours[i], OTHER);
    }
    figures_expect_nothing();
}

static size_t size_of_kind(size_t kind) {
    return (size_t)(16 + kind * 5) << kind / 3;
}

/* Allocates of all kinds, and frees some: of the last size, of every other, or none. */
static void use_level(void *argument) {
    size_t freed_of = *(const size_t *)argument;
    for (size_t kind = 0; kind < KINDS; kind++) {
        size_t rounds = size_of_kind(kind) > MEDIUM_MAX ? 2 : ROUNDS;
        void *made[ROUNDS];
        for (size_t i = 0; i < rounds; i++) {
            made[i] = corral_alloc(size_of_kind(kind), ID);
            CHECK(made[i] != NULL, "no block");
            pattern_fill(made[i], size_of_kind(kind), kind);
        }
        for (size_t i = 0; freed_of != 0 && i < rounds; i += freed_of) {
            CHECK(pattern_holds(made[i], size_of_kind(kind), kind), "a block is not its own");
            corral_free(made[i], ID);
        }
    }
    CHECK(corral_aligned_alloc(4096, 5000, ID) != NULL, "no block");
    CHECK(corral_aligned_alloc(8 * BUILD_MIB, 100, ID) != NULL, "no block");
}

static void expect_reset(uint32_t id) {
    cr_assert_eq(corral_category_reset(id), CORRAL_OK);
    corral_stats stats = figures_of(id);
    cr_assert_eq(stats.live_blocks, 0);
    cr_assert_eq(stats.live_bytes, 0);
    cr_assert_eq(stats.slabs, 0);
    cr_assert_eq(stats.large_blocks, 0);
    cr_assert_eq(stats.exact, 1);
}

Test(reset, frees_what_all_threads_have) {
    make_neighbours();
    for (size_t freed_of = 0; freed_of < 4; freed_of++) {
        use_level(&freed_of);
        thread_call_kept(use_level, &freed_of);
        thread_call(use_level, &freed_of);
        cr_assert_gt(figures_of(ID).live_blocks, 0);
        expect_reset(ID);
    }
    check_neighbours();
}

static void take_many(void *argument) {
    void **made = argument;
    for (size_t i = 0; i < MANY / 4; i++) {
        made[i] = corral_alloc(100, ID);
    }
}

static int by_address(const void *a, const void *b) {
    const char *const *one = a, *const *other = b;
    return (*one > *other) - (*one < *other);
}

/* What threads had in lists, runs and words is not handed out besides what the slabs have. */
Test(reset, leaves_no_block_in_two_places) {
    for (size_t round = 0; round < 3; round++) {
        size_t freed_of = 2;
        use_level(&freed_of);
        thread_call_kept(use_level, &freed_of);
        expect_reset(ID);
        take_many(blocks);
        thread_call_kept(take_many, blocks + MANY / 4);
        qsort(blocks, MANY / 2, sizeof blocks[0], by_address);
        for (size_t i = 1; i < MANY / 2; i++) {
            cr_assert_geq((char *)blocks[i], (char *)blocks[i - 1] + 100);
        }
        cr_assert_eq(figures_of(ID).live_blocks, MANY / 2);
        for (size_t i = 0; i < MANY / 2; i++) {
            corral_free(blocks[i], ID);
        }
        figures_expect(ID, 0, 0);
    }
}

/* Pools are laid aside and put out by the hand as before; what queues held is had again. */
Test(reset, leaves_the_pools_of_a_thread_in_order) {
    for (int round = 0; round < 20; round++) {
        for (uint32_t id = 0; id < IDS; id++) {
            for (size_t size = 16; size < 20000; size += size / 2) {
                for (int i = 0; i < 20; i++) {
                    void *block = corral_alloc(size, id);
                    memset(block, round, size);
                    if (i % 3 == 0) {
                        corral_free(block, id);
                    }
                }
            }
        }
        for (uint32_t id = 0; id < IDS; id++) {
            expect_reset(id);
        }
    }
    corral_thread_detach();
    figures_expect_nothing();
    cr_assert_eq(figures_total().slabs, 0);
}

Test(reset, has_nothing_to_do_for_what_was_never_used) {
    cr_assert_eq(corral_category_reset(ID), CORRAL_EUNUSED);
    cr_assert_eq(corral_category_reset(0xABCDEF01), CORRAL_EUNUSED);
    corral_free(corral_alloc(1, ID), ID);
    for (int i = 0; i < 3; i++) {
        expect_reset(ID);
    }
}

Test(reset, refuses_what_ids_share) {
    uint32_t id = 1000;
    corral_stats stats;
    do {
        id++;
        corral_free(corral_alloc(1, id), id);
        corral_category_stats(id, &stats, sizeof stats);
    } while (!stats.shares_overflow);
    void *block = corral_alloc(100, id);
    cr_assert_eq(corral_category_reset(id), CORRAL_EUNUSED);
    corral_free(block, id);
    corral_free(corral_alloc(1, 1001), 1001);
    expect_reset(1001);
}

static void reset_level(void *argument) {
    (void)argument;
    CHECK(corral_category_reset(ID) == CORRAL_OK, "not reset");
}

Test(reset, is_had_from_a_thread_that_never_allocated) {
    size_t freed_of = 3;
    make_neighbours();
    use_level(&freed_of);
    thread_call(reset_level, NULL);
    figures_expect(ID, 0, 0);
    check_neighbours();
}

Test(reset, makes_room_in_budgets) {
    uint64_t each = bytes_of(256);
    for (uint32_t exact = 0; exact < 2; exact++) {
        configure(ID, (corral_category_options){.hard_budget = 1000 * each, .exact = exact});
        for (int round = 0; round < 3; round++) {
            cr_assert_eq(fill(ID, 256), 1000);
            expect_reset(ID);
        }
    }
    corral_category_options all = {.hard_budget = 500 * each};
    cr_assert_eq(corral_process_configure(&all, sizeof all), CORRAL_OK);
    for (int round = 0; round < 3; round++) {
        cr_assert_eq(fill(ID, 256), 500);
        expect_reset(ID);
    }
}

static int reset_both(const corral_budget_event *event, void *argument) {
    (void)argument;
    CHECK(corral_category_reset(ID) == CORRAL_EBUSY, "an allocation in it is under way");
    return event->kind == CORRAL_BUDGET_HARD && event->attempt == 0 && corral_category_reset(OTHER) == CORRAL_OK;
}

/* Room is made by another category's end; that of the allocation under way is not to be had. */
Test(reset, is_had_from_a_callback_of_another_category) {
    uint64_t each = bytes_of(256);
    corral_category_options all = {.hard_budget = 1000 * each, .soft_budget = 700 * each, .callback = reset_both};
    configure(ID, (corral_category_options){.soft_budget = 100 * each, .callback = reset_both});
    cr_assert_eq(corral_process_configure(&all, sizeof all), CORRAL_OK);
    for (int i = 0; i < 500; i++) {
        cr_assert_not_null(corral_alloc(256, OTHER));
    }
    cr_assert_eq(fill(ID, 256), 1000);
    figures_expect(OTHER, 0, 0);
    expect_reset(ID);
}

/* A category that was never so large again finds its arenas, and others find their addresses. */
Test(reset, gives_memory_back) {
    if (!BUILD_MEASURES_MEMORY || getenv("CORRAL_TEST_BACKEND") != NULL) {
        cr_skip_test("the sanitizer has memory of its own, or the backend keeps it");
    }
    size_t freed_of = 2;
    use_level(&freed_of);
    expect_reset(ID);
    size_t before = process_resident();
    uint64_t arenas = 0;
    for (int round = 0; round < 5; round++) {
        for (size_t i = 0; i < LEVEL_SLABS * SLAB_BYTES / 1024; i++) {
            memset(corral_alloc(1000, ID), 1, 1000);
        }
        cr_assert_geq(process_resident(), before + LEVEL_SLABS * SLAB_BYTES * 9 / 10);
        expect_reset(ID);
        cr_assert_leq(process_resident(), before + BUILD_MIB, "%zu KiB more",
                      (process_resident() - before) / 1024);
        arenas = arenas == 0 ? figures_of(ID).arenas : arenas;
        cr_assert_leq(figures_of(ID).arenas, arenas);
    }
}

static void free_by_other(void *block) {
    corral_free(block, ID);
}

/* What a child is to say before it frees a block that is gone. */
static void expect_gone(const void *block) {
    char line[200];
    int length = snprintf(line, sizeof line,
                          "corral: not a block of this allocator: %p: it lies in free memory of id 5 (level)\n", block);
    CHECK(write(STDOUT_FILENO, line, (size_t)length) == length, "no line");
}

static void free_gone_blocks(void *argument) {
    (void)argument;
    configure(ID, (corral_category_options){.name = "level", .misuse = CORRAL_MISUSE_REPORT});
    void *small = corral_alloc(100, ID);
    void *medium = corral_alloc(SLAB_BYTES, ID);
    CHECK(corral_category_reset(ID) == CORRAL_OK, "not reset");
    expect_gone(small);
    corral_free(small, ID);
    expect_gone(medium);
    corral_free(medium, ID);
    expect_gone(small);
    thread_call(free_by_other, small);
    figures_expect_nothing();
    void *again = corral_alloc(100, ID);
    memset(again, 1, 100);
    corral_free(again, ID);
    figures_expect_nothing();
}

/* Each line that was expected is followed by the same one, which corral said. */
Test(reset, finds_what_is_freed_although_it_is_gone) {
    guards_off();
    static struct child child;
    child_call(free_gone_blocks, NULL, &child);
    cr_assert(child_succeeded(&child));
    size_t lines = 0;
    for (char *line = child.output; *line != '\0'; lines++) {
        char *second = strchr(line, '\n') + 1;
        size_t length = (size_t)(second - line);
        cr_assert_eq(memcmp(line, second, length), 0, "%s", line);
        line = second + length;
    }
    cr_assert_eq(lines, 3, "%s", child.output);
}

/* Blocks of a class that another thread frees, enough that slabs wake and go to the shelf. */
static void free_all_of_many(void *argument) {
    (void)argument;
    for (size_t i = 0; i < MANY; i += 1 + i % 3) {
        corral_free(blocks[i], ID);
        blocks[i] = NULL;
    }
}

static void fill_many(size_t size) {
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(size, ID);
        memset(blocks[i], 1, size);
    }
}

/* Sent home to slabs of another's, in its name and in nobody's; on shelves; laid aside; gathered: nothing of it is there
 * afterwards, and what is allocated then is freed by anyone. A fault that corral would find is fatal. */
Test(reset, leaves_nothing_of_what_was_on_its_way) {
    configure(ID, (corral_category_options){.misuse = CORRAL_MISUSE_ABORT});
    for (size_t size = 16; size < 3 * SLAB_BYTES; size = size * 5 / 2) {
        for (int round = 0; round < 3; round++) {
            fill_many(size > 8192 ? 8192 : size);
            thread_call_kept(free_all_of_many, NULL);
            thread_call(free_all_of_many, NULL);
            for (uint32_t id = 10; id < 40; id++) {
                corral_free(corral_alloc(3000, id), id);
            }
            expect_reset(ID);
            fill_many(size > 8192 ? 8192 : size);
            cr_assert_eq(figures_of(ID).live_blocks, MANY);
            thread_call_kept(free_all_of_many, NULL);
            for (size_t i = 0; i < MANY; i++) {
                corral_free(blocks[i], ID);
            }
            figures_expect(ID, 0, 0);
        }
    }
    corral_thread_detach();
    figures_expect_nothing();
}

Test(reset, leaves_zeros_where_frees_do) {
    configure(ID, (corral_category_options){.zero_on_free = 1});
    size_t sizes[] = {100, 5000, SLAB_BYTES, MEDIUM_MAX + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (int round = 0; round < 2; round++) {
            char *block = corral_alloc(sizes[i], ID);
            cr_assert_eq(memchr(block, 'S', sizes[i]), NULL);
            memset(block, 'S', sizes[i]);
            expect_reset(ID);
        }
    }
}
