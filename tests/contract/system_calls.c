/* SPDX-License-Identifier: MIT
 *
 * Calls that do without the OS once they are warm: a process that a mapping call would end makes
 * them.
 *
 * Owns:     the filter; every case is a process of its own.
 * Callers:  Criterion.
 * Promises: the filter ends the process at mmap, munmap, mremap, madvise and brk.
 * Does not: count system calls (../unit counts the OS layer's).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/figures.h"
#include "support/forbid.h"
#include "support/guards.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { ID = 1, ROUNDS = 100, MIXED = 64 };

static void end_at_mapping_calls(void) {
    static const int numbers[] = {__NR_mmap, __NR_munmap, __NR_mremap, __NR_madvise, __NR_brk};
    forbid_calls(numbers, sizeof numbers / sizeof numbers[0]);
}

static void map_under_the_filter(void *argument) {
    (void)argument;
    end_at_mapping_calls();
    mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* A block between guard pages takes calls of the OS. */
TestSuite(system_calls, .init = guards_off);

/* Without this the other tests could pass because the filter does nothing. */
Test(system_calls, the_filter_works) {
    struct child child;
    child_call(map_under_the_filter, NULL, &child);
    cr_assert_eq(child.signal, SIGSYS, "status %d, signal %d", child.status, child.signal);
}

static void use(size_t size) {
    volatile unsigned char *block = corral_alloc(size, ID);
    CHECK(block != NULL, "size %zu", size);
    block[0] = 1;
    block[size - 1] = 1;
    corral_free((void *)(uintptr_t)block, ID);
}

static void reuse(void *argument) {
    size_t size = *(const size_t *)argument;
    use(size);
    use(size);
    end_at_mapping_calls();
    for (int i = 0; i < ROUNDS; i++) {
        use(size);
    }
}

static void check_reuse(size_t size) {
    struct child child;
    child_call(reuse, &size, &child);
    cr_assert(child_succeeded(&child), "a block of %zu is not re-used", size);
}

Test(system_calls, large_blocks_are_used_again_without) {
    size_t classes[CLASSES_MOST];
    size_t least = classes[classes_find(ID, classes) - 1];
    size_t tried = 0;
    for (size_t size = least; size <= CORRAL_LARGE_KEEP_KIB * BUILD_KIB / 2; size *= 2) {
        check_reuse(size);
        tried++;
    }
    if (tried == 0) {
        cr_skip_test("this build keeps no large block");
    }
}

Test(system_calls, small_blocks_are_used_again_without) {
    size_t classes[CLASSES_MOST];
    size_t count = classes_find(ID, classes);
    size_t most = CORRAL_SLAB_KIB * BUILD_KIB / CORRAL_SMALL_DIVISOR;
    for (size_t i = 0; i + 1 < count && classes[i] <= most; i++) {
        check_reuse(classes[i]);
    }
}

static void reuse_mix(void *argument) {
    (void)argument;
    void *blocks[MIXED];
    for (int round = 0; round < ROUNDS; round++) {
        if (round == 3) {
            end_at_mapping_calls();
        }
        for (size_t i = 0; i < MIXED; i++) {
            blocks[i] = corral_alloc(i * 20, ID);
            CHECK(blocks[i] != NULL, "size %zu", i * 20);
        }
        for (size_t i = 0; i < MIXED; i++) {
            corral_free(blocks[i], ID);
        }
    }
}

Test(system_calls, a_mix_repeats_without) {
    if (CORRAL_RETIRE_KIB < 16 * CORRAL_SLAB_KIB) {
        cr_skip_test("this build keeps no empty slabs");
    }
    struct child child;
    child_call(reuse_mix, NULL, &child);
    cr_assert(child_succeeded(&child));
}
