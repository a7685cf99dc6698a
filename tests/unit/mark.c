/* SPDX-License-Identifier: MIT
 *
 * mark: each step of the picture in mark.h, and whose mark is whose.
 *
 * Owns:     a mark; an OS that calls in between; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: who is told that the block is his, is it alone.
 * Does not: race (../explore/scenarios_origin.c, ../stress/walks.c).
 */
#include "mark.h"

#include "os.h"

#include "support/guards.h"

#include <corral/corral.h>
#include <criterion/criterion.h>

enum { ID = 0 };

TestSuite(mark, .init = guards_off);

static struct mark mark;

static void expect(uint8_t word) {
    cr_assert_eq(load_relaxed(&mark.word), word, "%u", load_relaxed(&mark.word));
    cr_assert_eq(mark_is_set(&mark), (word & MARK_LIVE) != 0);
}

Test(mark, that_is_not_set_is_none) {
    cr_assert_not(corral_mark_hold(&mark));
    cr_assert_not(mark_pause(&mark));
    cr_assert_eq(corral_mark_end(&mark), MARK_NONE);
    expect(0);
}

Test(mark, is_ended_by_who_frees_the_block) {
    mark_set(&mark);
    expect(MARK_LIVE);
    cr_assert(corral_mark_hold(&mark));
    expect(MARK_LIVE + MARK_READER);
    cr_assert_not(corral_mark_let_go(&mark), "it is live");
    expect(MARK_LIVE);
    cr_assert_eq(corral_mark_end(&mark), MARK_ENDED);
    expect(0);
}

Test(mark, is_left_to_the_last_reader) {
    mark_set(&mark);
    cr_assert(corral_mark_hold(&mark));
    cr_assert(corral_mark_hold(&mark));
    cr_assert_eq(corral_mark_end(&mark), MARK_LEFT);
    expect(2 * MARK_READER);
    cr_assert_not(corral_mark_hold(&mark), "it is free");
    cr_assert_not(corral_mark_let_go(&mark), "another reads it");
    cr_assert(corral_mark_let_go(&mark));
    expect(0);
}

/* Who frees it a second time is counted in; if the readers are gone meanwhile, it is his. */
Test(mark, is_told_to_who_frees_twice) {
    mark_set(&mark);
    cr_assert(corral_mark_hold(&mark));
    cr_assert_eq(corral_mark_end(&mark), MARK_LEFT);
    cr_assert_eq(corral_mark_end(&mark), MARK_TWICE);
    expect(2 * MARK_READER);
    cr_assert_not(corral_mark_let_go(&mark));
    cr_assert(corral_mark_let_go(&mark));
    cr_assert_eq(corral_mark_end(&mark), MARK_NONE);
}

Test(mark, is_paused_when_nobody_reads) {
    mark_set(&mark);
    cr_assert(corral_mark_hold(&mark));
    cr_assert_not(mark_pause(&mark));
    expect(MARK_LIVE + MARK_READER);
    cr_assert_not(corral_mark_let_go(&mark));
    cr_assert(mark_pause(&mark));
    expect(0);
    mark_set(&mark);
    expect(MARK_LIVE);
}

Test(mark, has_so_many_readers_and_no_more) {
    mark_set(&mark);
    for (unsigned i = 0; i < READERS_MOST; i++) {
        cr_assert(corral_mark_hold(&mark), "%u", i);
    }
    cr_assert_not(corral_mark_hold(&mark));
    expect(MARK_LIVE + READERS_MOST * MARK_READER);
    cr_assert_eq(corral_mark_end(&mark), MARK_LEFT);
    cr_assert_eq(corral_mark_end(&mark), MARK_LEFT, "there is no room to count who frees twice");
    for (unsigned i = 1; i < READERS_MOST; i++) {
        cr_assert_not(corral_mark_let_go(&mark), "%u", i);
    }
    cr_assert(corral_mark_let_go(&mark));
    expect(0);
}

/* Of the smallest blocks a slab has more than it has marks. */
Test(mark, of_a_block_lies_among_those_of_its_slab) {
    void *marked = corral_alloc(MARKED_LEAST, ID);
    cr_assert_null(corral_mark_find(marked), "none is made yet");
    cr_assert_not_null(corral_mark_make(marked));
    for (size_t i = 0; i < 2 * SLAB_BYTES / BLOCK_MIN; i++) {
        void *block = corral_alloc(1, ID);
        const struct mark *found = corral_mark_find(block);
        const struct mark *first = corral_mark_of_arena((uint32_t)registry_number((uintptr_t)block)) +
                                   slab_number(slab_of(block)) * SLAB_MARKS;
        cr_assert(found == NULL || (found >= first && found < first + SLAB_MARKS), "block %zu", i);
        corral_free(found == NULL ? block : NULL, ID);
    }
}

/* Nor has what is within a block, or in no slab, or no large block's. */
Test(mark, is_none_of_what_is_no_block) {
    char *block = corral_alloc(3 * MARKED_LEAST, ID), *large = corral_alloc(MEDIUM_MAX + 1, ID);
    cr_assert_not_null(corral_mark_make(block));
    cr_assert_null(corral_mark_make(block + BLOCK_MIN));
    cr_assert_not_null(corral_mark_make(large));
    cr_assert_null(corral_mark_make(large + BLOCK_MIN));
    cr_assert_null(corral_mark_make(&block));
    cr_assert_null(corral_mark_make(NULL));
    cr_assert_null(corral_mark_make((void *)((uintptr_t)arena_of(block) + SLAB_BYTES)), "a header");
}

static struct corral_os table;
static const void *raced; /* NULL: nobody is in the way */
static size_t mapped;

/* Another makes the same marks meanwhile. */
static void *reserve(size_t size, size_t alignment) {
    const void *block = raced;
    raced = NULL;
    mapped += size;
    cr_assert(block == NULL || corral_mark_make(block) != NULL);
    return corral_os_real.reserve(size, alignment);
}

static bool release(void *start, size_t size) {
    mapped -= size;
    return corral_os_real.release(start, size);
}

static void expect_made_once(const void *block, size_t bytes) {
    table = corral_os_real;
    table.reserve = reserve;
    table.release = release;
    corral_os = &table;
    mapped = 0;
    raced = block;
    struct mark *made = corral_mark_make(block);
    cr_assert_null(raced);
    cr_assert_eq(made, corral_mark_find(block));
    cr_assert_eq(mapped, round_up(bytes, corral_os_page_size()), "%zu bytes are mapped", mapped);
    corral_os = &corral_os_real;
}

Test(mark, of_two_that_are_made_at_once_is_one) {
    void *block = corral_alloc(MARKED_LEAST, ID), *large = corral_alloc(MEDIUM_MAX + 1, ID);
    expect_made_once(block, ARENA_MARKS);
    expect_made_once(large, sizeof(struct mark_leaf));
}
