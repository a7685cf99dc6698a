/* SPDX-License-Identifier: MIT
 *
 * Blocks between pages that trap: what ends a process at the instruction that does it, what its handler of faults is told
 * then, and what is told when such a block is freed.
 *
 * Owns:     the handler; every fault is a process of its own.
 * Callers:  Criterion, in a build with guard pages.
 * Promises: a trap is at the address of the fault and at no other, and corral_guarded_at knows the block. What does not trap
 *           is told once, and the allocator serves on.
 * Does not: judge shares: tests/misuse does.
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/guards.h"
#include "support/misuse_child.h"
#include "support/process.h"

#include <corral/configure.h>
#include <corral/guard.h>
#include <corral/origin.h>
#include <criterion/criterion.h>
#include <misuse.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OVERFLOW    "corral: write past the end of block 0x"
#define UNDERFLOW   "corral: write before the start of block 0x"
#define WRONG_SIZE  "corral: wrong size for block 0x"

enum { ID = 2, TRAPPED = 7, LINE = 77 };

static const char file[] = "where.c";

/* Of small classes, of more than a page, and of several slabs. */
static const size_t sizes[] = {1, 15, 16, 24, 100, 127, 300, 500, 900, 4096, 5000, 8192, 20000, 61440, 70000, 300000};
#define SIZES (sizeof sizes / sizeof *sizes)

static size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* A block between guard pages. */
static unsigned char *take(size_t size) {
    guards_next();
    unsigned char *block = corral_alloc_at(size, ID, file, LINE);
    CHECK(guards_have(block), "no guard pages around %zu bytes", size);
    return block;
}

static unsigned char *take_plain(size_t size) {
    guards_next();
    unsigned char *block = corral_alloc(size, ID);
    CHECK(guards_have(block), "no guard pages around %zu bytes", size);
    return block;
}

/* What is to trap, and what is to be told of it. */
static const unsigned char *volatile expected;
static corral_guarded expected_guarded;

static void at_fault(int number, siginfo_t *info, void *context) {
    corral_guarded it;
    (void)number, (void)context;
    if (info->si_addr != expected || corral_guarded_at(info->si_addr, &it, sizeof it) != 1) {
        _exit(1);
    }
    bool same = it.id == expected_guarded.id && it.block == expected_guarded.block &&
                it.size == expected_guarded.size && it.file == expected_guarded.file &&
                it.line == expected_guarded.line && it.place == expected_guarded.place &&
                it.freed == expected_guarded.freed;
    _exit(same ? TRAPPED : 2);
}

/* What trap_at is told of: a block of take, or of take_plain. */
static corral_guarded of(const void *block, size_t size, bool origin, corral_guarded_place place, uint32_t freed) {
    return (corral_guarded){.id = ID, .block = block, .size = size, .file = origin ? file : NULL,
                            .line = origin ? LINE : 0, .place = place, .freed = freed};
}

/* An access in a child traps, where it is to, and is explained. */
static void trap_at(unsigned char *address, bool writes, corral_guarded guarded) {
    pid_t child = fork();
    if (child == 0) {
        struct sigaction action = {.sa_sigaction = at_fault, .sa_flags = SA_SIGINFO};
        sigaction(SIGSEGV, &action, NULL);
        expected = address;
        expected_guarded = guarded;
        if (writes) {
            *(volatile unsigned char *)address = 1;
        } else {
            (void)*(volatile unsigned char *)address;
        }
        _exit(3);
    }
    int status = -1;
    CHECK(child > 0 && waitpid(child, &status, 0) == child, "no child");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == TRAPPED, "at %p of %p, %zu bytes: status %#x", (void *)address,
          guarded.block, (size_t)guarded.size, (unsigned)status);
}

/* The first byte behind what 16 bytes of alignment leave, and a byte in the middle of the page behind. */
Test(guards, overflow_traps) {
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take_plain(sizes[i]);
        size_t rounded = (sizes[i] + 15) / 16 * 16;
        corral_guarded behind = of(block, sizes[i], false, CORRAL_GUARDED_BEHIND, 0);
        for (int writes = 0; writes < 2; writes++) {
            trap_at(block + rounded, writes, behind);
            trap_at(block + rounded + page_size() / 2, writes, behind);
        }
        memset(block, 0xff, sizes[i]);
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

/* The last byte before a block that fills its pages; and the page before any. */
Test(guards, underflow_traps) {
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take_plain(sizes[i]);
        unsigned char *first = block - (uintptr_t)block % page_size();
        corral_guarded before = of(block, sizes[i], false, CORRAL_GUARDED_BEFORE, 0);
        for (int writes = 0; writes < 2; writes++) {
            trap_at(first - 1, writes, before);
            trap_at(first - page_size(), writes, before);
        }
        cr_assert(sizes[i] % page_size() != 0 || first == block);
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

Test(guards, use_after_free_traps) {
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take(sizes[i]);
        size_t asked = corral_usable_size(block);
        corral_free(block, ID);
        corral_guarded within = of(block, asked, true, CORRAL_GUARDED_WITHIN, 1);
        for (int writes = 0; writes < 2; writes++) {
            trap_at(block, writes, within);
            trap_at(block + sizes[i] / 2, writes, within);
            trap_at(block + asked - 1, writes, within);
        }
        const char *name = NULL;
        uint32_t line = 0;
        cr_assert(corral_origin_of(block, &name, &line) == 1 && name == file && line == LINE);
    }
    figures_expect_nothing();
}

Test(guards, what_realloc_moved_traps) {
    unsigned char *block = take(100);
    guards_next();
    unsigned char *moved = corral_realloc(block, 5000, ID);
    cr_assert(moved != NULL && moved != block && guards_have(moved));
    trap_at(block, true, of(block, 132, true, CORRAL_GUARDED_WITHIN, 1));
    corral_free(moved, ID);
    trap_at(moved, true, of(moved, 5000, false, CORRAL_GUARDED_WITHIN, 1));
    figures_expect_nothing();
}

static void check_that_it_serves(void) {
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take_plain(sizes[i]);
        CHECK(corral_usable_size(block) == sizes[i], "%zu usable of %zu", corral_usable_size(block), sizes[i]);
        memset(block, 0xff, sizes[i]);
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

/* Each byte behind that does not trap; of a block that shrank, more of them. */
static void overflow_by_little(void *argument) {
    (void)argument;
    for (size_t over = 1; over <= 15; over++) {
        unsigned char *block = take_plain(hidden(97));
        block[97 + over - 1] ^= 0x10;
        corral_free(block, ID);
    }
    unsigned char *block = take_plain(hidden(5000));
    CHECK(corral_realloc(block, 4000, ID) == block, "a shrink moves");
    block[4000] = 0;
    corral_free(block, ID);
    check_that_it_serves();
}

Test(guards, overflow_that_does_not_trap_is_told_by_free) {
    misuse_expect(overflow_by_little, OVERFLOW, 16);
}

static void underflow_by_little(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        size_t slack = (uintptr_t)take_plain(sizes[i]) % page_size();
        for (size_t under = 1; under <= slack; under = under * 4 - 1) {
            unsigned char *block = take_plain(sizes[i]);
            *(block - hidden(under)) ^= 1;
            corral_free(block, ID);
        }
    }
}

static void count_underflows(size_t *count) {
    for (size_t i = 0; i < SIZES; i++) {
        size_t slack = (page_size() - (sizes[i] + 15) / 16 * 16 % page_size()) % page_size();
        for (size_t under = 1; under <= slack; under = under * 4 - 1) {
            ++*count;
        }
    }
}

Test(guards, underflow_that_does_not_trap_is_told_by_free) {
    size_t count = 0;
    count_underflows(&count);
    cr_assert_gt(count, SIZES);
    misuse_expect(underflow_by_little, UNDERFLOW, count);
}

static void resize_what_overflowed(void *argument) {
    (void)argument;
    unsigned char *block = take_plain(hidden(100));
    block[100] = 0;
    block = corral_realloc(block, 5000, ID);
    CHECK(block != NULL, "no block");
    corral_free(block, ID);
    figures_expect_nothing();
}

Test(guards, overflow_is_told_by_realloc_once) {
    misuse_expect(resize_what_overflowed, OVERFLOW, 1);
}

static void free_it(void *block) {
    corral_free(block, ID);
}

static void free_twice(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take(sizes[i]);
        corral_free(block, ID);
        corral_free(block, ID);
        thread_call(free_it, block);
        corral_free_sized(block, sizes[i] + 1, ID);
        CHECK(corral_realloc(block, 50, ID) == NULL, "a free block is resized");
    }
    check_that_it_serves();
}

Test(guards, double_free) {
    misuse_expect(free_twice, DOUBLE_FREE, 4 * SIZES);
}

static void free_within(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take(sizes[i]);
        corral_free(block + 1, ID);
        corral_free(block + 16, ID);
        corral_free(block - 16, ID);
        corral_free(block - (uintptr_t)block % page_size() - page_size(), ID);
        corral_free(block, ID);
        corral_free(block + 1, ID);
    }
    check_that_it_serves();
}

Test(guards, addresses_of_no_block) {
    misuse_expect(free_within, FOREIGN, 5 * SIZES);
}

static void free_with_a_wrong_id(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        corral_free(take(sizes[i]), ID + 1);
        unsigned char *block = take(sizes[i]);
        corral_free(corral_realloc(block, sizes[i], ID + 1), ID);
    }
    check_that_it_serves();
}

Test(guards, wrong_id) {
    misuse_expect(free_with_a_wrong_id, WRONG_ID, 2 * SIZES);
}

static void free_with_a_wrong_size(void *argument) {
    (void)argument;
    for (size_t i = 0; i < SIZES; i++) {
        corral_free_sized(take_plain(sizes[i]), sizes[i] + 1, ID);
        corral_free_sized(take_plain(sizes[i]), sizes[i], ID);
        corral_free_aligned_sized(take_plain(sizes[i]), 16, sizes[i], ID);
    }
    check_that_it_serves();
}

Test(guards, wrong_size) {
    misuse_expect(free_with_a_wrong_size, WRONG_SIZE, SIZES);
}

/* To the letter, with where the block was asked for. */
static void say_where(void *argument) {
    (void)argument;
    unsigned char *block = take(hidden(60));
    corral_free(block + 16, ID);
    corral_free(block, ID + 1);
    corral_free(block, ID);
    block = take_plain(hidden(60));
    block[60] = 0;
    block[-1] = 0;
    corral_free(block, ID);
}

Test(guards, messages) {
    static struct child child;
    static const char *const lines[] = {
        ": it lies among blocks of 96 bytes, id 2, in one allocated at where.c:77\n",
        ": 96 bytes of id 2, not of id 3, allocated at where.c:77\n",
        "corral: double free of block 0x",
        ": 96 bytes of id 2, allocated at where.c:77\n",
        "corral: write before the start of block 0x",
        ": 64 bytes of id 2\n",
        "corral: write past the end of block 0x",
        ": 64 bytes of id 2\n",
    };
    if (CORRAL_MISUSE_POLICY != POLICY_REPORT) {
        return;
    }
    child_call(say_where, NULL, &child);
    const char *at = child.output;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        const char *found = strstr(at, lines[i]);
        cr_assert_not_null(found, "no \"%s\" in:\n%s", lines[i], child.output);
        at = found + strlen(lines[i]);
    }
    cr_assert_eq(child.status, 0);
    cr_assert_eq(*at, '\0');
}

/* The parent's blocks trap in the child as well, which frees them, and serve on in the parent. */
static void use_in_a_child(void *argument) {
    unsigned char **blocks = argument;
    CHECK(blocks[0][0] == 1, "content");
    corral_free(blocks[0], ID);
    trap_at(blocks[0], false, of(blocks[0], 100, false, CORRAL_GUARDED_WITHIN, 1));
    trap_at(blocks[1], false, of(blocks[1], 100, false, CORRAL_GUARDED_WITHIN, 1));
    check_that_it_serves();
}

Test(guards, fork) {
    static struct child child;
    unsigned char *blocks[2] = {take_plain(100), take_plain(100)};
    blocks[0][0] = 1;
    corral_free(blocks[1], ID);
    for (int i = 0; i < 3; i++) {
        child_call(use_in_a_child, blocks, &child);
        cr_assert(child_succeeded(&child));
    }
    cr_assert_eq(blocks[0][0], 1);
    corral_free(blocks[0], ID);
    figures_expect_nothing();
}

static int on_the_heap;

/* What is no guard page's, and what the caller does not want. */
Test(guards, other_addresses) {
    corral_guarded it = {.id = 99};
    guards_none();
    void *plain = corral_alloc(100, ID), *large = corral_alloc(8 * BUILD_MIB, ID);
    const void *others[] = {NULL, &it, &on_the_heap, plain, large, (void *)(uintptr_t)1, (void *)UINTPTR_MAX,
                            (void *)((uintptr_t)1 << 47), (void *)((uintptr_t)1 << 46)};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        cr_assert_eq(corral_guarded_at(others[i], &it, sizeof it), 0, "%zu", i);
    }
    cr_assert_eq(it.id, 99);
    unsigned char *block = take_plain(100);
    cr_assert_eq(corral_guarded_at(block, NULL, sizeof it), 0);
    cr_assert_eq(corral_guarded_at(block, &it, 0), 0);
    it.size = 5;
    cr_assert_eq(corral_guarded_at(block, &it, offsetof(corral_guarded, size)), 1);
    cr_assert(it.id == ID && it.block == block && it.size == 5);
    /* A range has much that is no block's. */
    cr_assert_eq(corral_guarded_at(block + 1 * BUILD_MIB, &it, sizeof it), 0);
    corral_free(block, ID);
    corral_free(plain, ID);
    corral_free(large, ID);
}

/* Whatever size and alignment, resized or not: the caller may use what was asked for, to the byte. */
Test(guards, right_use_is_told_as_nothing) {
    for (size_t size = 0; size < 70000; size += size / 7 + 1) {
        for (size_t alignment = 1; alignment <= 65536; alignment *= 4) {
            guards_next();
            unsigned char *block = corral_aligned_alloc(alignment, size, ID);
            cr_assert_eq((uintptr_t)block % alignment, 0);
            cr_assert_eq(corral_usable_size(block), size == 0 ? 1 : size);
            cr_assert_eq(corral_memory_type_of(block), ID);
            memset(block, 0, size);
            for (size_t to = size * 2; to > 0; to /= 3) {
                guards_next();
                block = corral_realloc(block, to, ID);
                cr_assert_eq(corral_usable_size(block), to);
                memset(block, (int)to & 0xff, to);
            }
            corral_free(block, ID);
        }
    }
    figures_expect_nothing();
    for (enum misuse kind = 0; kind < MISUSE_KINDS; kind++) {
        cr_assert_eq(corral_misuse_count(kind), 0);
    }
}
