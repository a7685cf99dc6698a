/* SPDX-License-Identifier: MIT
 *
 * Addresses that are no live block: foreign memory, the inside of blocks, blocks that are free.
 *
 * Owns:     nothing; every fault is a process of its own.
 * Callers:  Criterion.
 * Promises: where the fault is one that corral finds, it is told, and figures and content of live
 *           blocks stay exact; where the policy goes on, the allocator serves on.
 * Does not: expect a fault to be found while a front list has room: there a free is not looked at
 *           more closely than its slab.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/misuse_child.h"
#include "support/pattern.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* SIZE is what a block takes, ASKED what it is asked for with. */
enum { ID = 0, SIZE = 64, ASKED = SIZE - (int)BUILD_TAIL, MANY = 6000, BLOCKS = 20000, GATHERED = 8 };

static unsigned char *blocks[BLOCKS];

/* Live blocks, every second of which is freed again: more than a front list takes in, so that the
 * last ones freed are at home; and no slab is empty. */
static void fill_front(void) {
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(ASKED, ID);
        CHECK(blocks[i] != NULL, "no block");
        pattern_fill(blocks[i], ASKED, i);
    }
    for (size_t i = 0; i < MANY; i += 2) {
        corral_free(blocks[i], ID);
    }
    figures_expect(ID, MANY / 2, MANY / 2 * SIZE);
}

/* Whatever was done in between, so many frees of no live block among it: the live blocks are whole, and everything can be used again. */
static void check_and_go_on(uint64_t faults) {
    figures_count_faults(faults);
    figures_expect(ID, MANY / 2, MANY / 2 * SIZE);
    for (size_t i = 1; i < MANY; i += 2) {
        CHECK(pattern_holds(blocks[i], ASKED, i), "block %zu", i);
    }
    for (size_t i = 0; i < MANY; i += 2) {
        blocks[i] = corral_alloc(ASKED, ID);
        pattern_fill(blocks[i], ASKED, i);
    }
    figures_expect(ID, MANY, MANY * SIZE);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(pattern_holds(blocks[i], ASKED, i), "block %zu was given twice", i);
        corral_free(blocks[i], ID);
    }
    figures_expect_nothing();
}

/* Freed blocks that the thread gathers to go home: of the word of 64 blocks that it came to before the
 * one that it allocated from last. */
static unsigned char *gathered(size_t i) {
    const uintptr_t word = 64 * SIZE;
    size_t last = MANY - 2;
    while ((uintptr_t)blocks[last] / word == (uintptr_t)blocks[MANY - 2] / word) {
        last -= 2;
    }
    return blocks[last - 2 * i];
}

static void free_foreign(void *address) {
    void *block = corral_alloc(ASKED, ID);
    corral_free(address, ID);
    figures_expect(ID, 1, SIZE);
    corral_free(block, ID);
    figures_expect_nothing();
}

static void free_of_stack(void *argument) {
    (void)argument;
    int local = 5;
    free_foreign(&local);
    CHECK(local == 5, "the stack is written");
}

static void free_of_static(void *argument) {
    (void)argument;
    static char data[4096];
    free_foreign(data);
    CHECK(pattern_is_byte(data, sizeof data, 0), "data is written");
}

static void free_of_libc(void *argument) {
    (void)argument;
    void *block = malloc(100);
    free_foreign(block);
    free(block);
}

static void free_of_mapping(void *argument) {
    (void)argument;
    char *pages = mmap(NULL, BUILD_MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    free_foreign(pages);
    CHECK(pattern_is_byte(pages, BUILD_MIB, 0), "a mapping is written");
}

static void free_of_nowhere(void *argument) {
    (void)argument;
    free_foreign((void *)(uintptr_t)16);
    free_foreign((void *)(UINTPTR_MAX - 15));
    free_foreign((void *)(UINTPTR_MAX / 2 + 1));
}

static void free_before_first_use(void *argument) {
    (void)argument;
    static char data[64];
    corral_free(data, ID);
    figures_expect_nothing();
}

static void free_batch_of_foreign(void *argument) {
    (void)argument;
    static char data[64];
    void *mixed[] = {corral_alloc(10, ID), data, NULL, corral_alloc(10, ID), data + 32};
    corral_free_batch(mixed, 5, ID);
    figures_expect_nothing();
}

static void resize_foreign(void *argument) {
    (void)argument;
    static char data[64];
    CHECK(corral_realloc(data, 100, ID) == NULL, "realloc takes what is foreign");
    figures_expect_nothing();
}

Test(foreign, stack) {
    misuse_expect(free_of_stack, FOREIGN, 1);
}

Test(foreign, static_data) {
    misuse_expect(free_of_static, FOREIGN, 1);
}

Test(foreign, heap_of_libc) {
    misuse_expect(free_of_libc, FOREIGN, 1);
}

Test(foreign, mapping) {
    misuse_expect(free_of_mapping, FOREIGN, 1);
}

Test(foreign, addresses_of_nothing) {
    misuse_expect(free_of_nowhere, FOREIGN, 3);
}

Test(foreign, before_the_first_allocation) {
    misuse_expect(free_before_first_use, FOREIGN, 1);
}

Test(foreign, in_a_batch) {
    misuse_expect(free_batch_of_foreign, FOREIGN, 2);
}

Test(foreign, at_realloc) {
    misuse_expect(resize_foreign, FOREIGN, 1);
}

/* The arena's header, and its last slab, which a few small blocks leave unused. */
static void free_inside_the_arena(void *argument) {
    (void)argument;
    const uintptr_t arena = 64 * CORRAL_SLAB_KIB * BUILD_KIB;
    unsigned char *block = corral_alloc(ASKED, ID);
    uintptr_t start = (uintptr_t)block & ~(arena - 1);
    corral_free((void *)start, ID);
    corral_free((void *)(start + 4096), ID);
    corral_free((void *)(start + arena - 64), ID);
    figures_expect(ID, 1, SIZE);
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(foreign, header_and_unused_slab_of_an_arena) {
    misuse_expect(free_inside_the_arena, FOREIGN, 3);
}

static void free_interior(void *argument) {
    (void)argument;
    fill_front();
    corral_free(blocks[1] + 16, ID);
    corral_free(blocks[3] + 1, ID);
    corral_free(blocks[5] + SIZE - 1, ID);
    check_and_go_on(3);
}

Test(interior, of_a_small_block) {
    misuse_expect(free_interior, FOREIGN, 3);
}

/* Inside of the blocks behind those. */
static void free_interior_near_gathered(void *argument) {
    (void)argument;
    fill_front();
    for (size_t i = 0; i < GATHERED; i++) {
        corral_free(gathered(i) + SIZE + 16, ID);
    }
    check_and_go_on(GATHERED);
}

Test(interior, near_gathered_blocks) {
    misuse_expect(free_interior_near_gathered, FOREIGN, GATHERED);
}

static void resize_interior(void *argument) {
    (void)argument;
    unsigned char *block = corral_alloc(ASKED, ID);
    CHECK(corral_realloc(block + 16, 10 * SIZE, ID) == NULL, "realloc takes the inside of a block");
    CHECK(corral_realloc(block + 16, SIZE / 2, ID) == NULL, "realloc takes the inside of a block");
    figures_expect(ID, 1, SIZE);
    corral_free(block, ID);
    /* Where a slab begins, in the middle of a block of several. */
    const size_t slab = CORRAL_SLAB_KIB * BUILD_KIB;
    block = corral_alloc(3 * slab, ID);
    CHECK(corral_realloc(block + slab, SIZE / 2, ID) == NULL, "realloc takes the inside of a block");
    CHECK(corral_realloc(block + 2 * slab, 10 * SIZE, ID) == NULL, "realloc takes the inside of a block");
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(interior, at_realloc) {
    misuse_expect(resize_interior, FOREIGN, 4);
}

static void free_interior_of_large(void *argument) {
    (void)argument;
    unsigned char *block = corral_alloc(20 * BUILD_MIB, ID);
    corral_free(block + 16, ID);
    corral_free(block + 4096, ID);
    corral_free(block + 8 * BUILD_MIB, ID);
    CHECK(figures_of(ID).large_blocks == 1, "the block is gone");
    block[20 * BUILD_MIB - 1] = 1;
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(interior, of_a_large_block) {
    misuse_expect(free_interior_of_large, FOREIGN, 3);
}

/* The last blocks freed went home, since the front list was full; they are free there. */
static void free_twice_at_home(void *argument) {
    (void)argument;
    fill_front();
    corral_free(blocks[MANY - 2], ID);
    corral_free(blocks[MANY - 4], ID);
    for (size_t i = 0; i < GATHERED; i++) {
        corral_free(gathered(i), ID);
    }
    check_and_go_on(2 + GATHERED);
}

Test(double_free, at_home) {
    misuse_expect(free_twice_at_home, DOUBLE_FREE, 2 + GATHERED);
}

static void free_half(void *argument) {
    (void)argument;
    for (size_t i = 0; i < MANY; i += 2) {
        corral_free(blocks[i], ID);
    }
}

/* Allocates as many again and frees them, which takes every slab with free blocks off its shelf. */
static void use_all_slabs(void) {
    static void *others[MANY];
    for (size_t i = 0; i < MANY; i++) {
        others[i] = corral_alloc(ASKED, ID);
    }
    for (size_t i = 0; i < MANY; i++) {
        corral_free(others[i], ID);
    }
}

/* Two threads free the same half: the second one's frees are all found, at the latest when their
 * slab is used again. */
static void free_twice_elsewhere(void *argument) {
    (void)argument;
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(ASKED, ID);
        pattern_fill(blocks[i], ASKED, i);
    }
    thread_call(free_half, NULL);
    figures_expect(ID, MANY / 2, MANY / 2 * SIZE);
    thread_call(free_half, NULL);
    use_all_slabs();
    check_and_go_on(MANY / 2);
}

/* AddressSanitizer finds the first of them that a front list takes in, which writes its link. */
Test(double_free, by_another_thread) {
    if (BUILD_HAS_ASAN) {
        struct child child;
        child_call(free_twice_elsewhere, NULL, &child);
        cr_assert_not(child_succeeded(&child));
        cr_assert_not_null(strstr(child.output, "use-after-poison"));
        return;
    }
    if (CORRAL_MISUSE_POLICY != POLICY_ABORT) {
        struct child child;
        child_call(free_twice_elsewhere, NULL, &child);
        cr_assert(child_succeeded(&child));
        cr_assert_eq(child.length > 0, CORRAL_MISUSE_POLICY == POLICY_REPORT);
        return;
    }
    misuse_expect(free_twice_elsewhere, DOUBLE_FREE, 1);
}

static void free_large_twice(void *argument) {
    (void)argument;
    void *block = corral_alloc(20 * BUILD_MIB, ID);
    void *other = corral_alloc(20 * BUILD_MIB, ID);
    corral_free(block, ID);
    corral_free(block, ID);
    CHECK(figures_of(ID).large_blocks == 1, "the second free counts");
    corral_free(other, ID);
    figures_expect_nothing();
}

/* A block that is kept is known to be free; one that was unmapped is not known at all. */
Test(double_free, of_a_large_block) {
    const char *line = CORRAL_LARGE_KEEP_KIB >= 20 * 1024 ? DOUBLE_FREE : FOREIGN;
    misuse_expect(free_large_twice, line, 1);
}

/* Another block lives beside it: what is freed to a slab that went back is foreign. */
static void resize_freed(void *argument) {
    (void)argument;
    void *live = corral_alloc(ASKED, ID);
    void *block = corral_alloc(ASKED, ID);
    corral_free(block, ID);
    corral_free(corral_realloc(block, 10 * SIZE, ID), ID);
    void *one = corral_alloc(ASKED, ID);
    void *other = corral_alloc(ASKED, ID);
    CHECK(one != other && one != live && other != live, "a block is given twice");
    figures_expect(ID, 3, 3 * SIZE);
    corral_free(one, ID);
    corral_free(other, ID);
    corral_free(live, ID);
    figures_expect_nothing();
}

/* AddressSanitizer ends the process: realloc reads the block. */
Test(double_free, by_realloc, .disabled = BUILD_HAS_ASAN) {
    misuse_expect(resize_freed, DOUBLE_FREE, 1);
}
