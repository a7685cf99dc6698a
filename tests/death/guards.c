/* SPDX-License-Identifier: MIT
 *
 * Blocks between pages that trap: what ends a process at the instruction that does it, and what its handler of faults is
 * told then.
 *
 * Owns:     the handler; every fault is a process of its own.
 * Callers:  Criterion, in a build with guard pages.
 * Promises: a trap is at the address of the fault and at no other, and corral_guarded_at knows the block.
 * Does not: look at what does not trap (guards_told.c), or judge shares: tests/misuse does.
 */
#include "guarded.h"
#include "support/build.h"
#include "support/process.h"

#include <corral/guard.h>
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

enum { TRAPPED = 7 };

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
