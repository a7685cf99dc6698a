/* SPDX-License-Identifier: MIT
 *
 * What the kernel is told of a category's memory.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: what the kernel says of each mapping (smaps) is looked at, for blocks of all kinds.
 * Does not: look at how many huge pages there are: the kernel gives them when it has some.
 */
#include "filling.h"

#include <corral/backend.h>
#include <corral/upkeep.h>

#include "support/guards.h"

#include <stdint.h>
#include <stdio.h>

enum { SIZE = 3000 };
#define LARGE (9 * BUILD_MIB)

/* Has the mapping of an address this flag? */
static bool has_flag(const void *address, const char *flag) {
    char line[1024], wanted[8];
    bool inside = false, found = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    CHECK(file != NULL, "no file");
    snprintf(wanted, sizeof wanted, " %s ", flag);
    while (!found && fgets(line, sizeof line, file) != NULL) {
        unsigned long first, end;
        if (sscanf(line, "%lx-%lx ", &first, &end) == 2) {
            inside = (uintptr_t)address >= first && (uintptr_t)address < end;
        } else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, wanted) != NULL;
            break;
        }
    }
    fclose(file);
    return found;
}

static bool kernel_knows(void) {
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");
    bool knows = file != NULL;
    if (knows) {
        fclose(file);
    }
    return knows;
}

static void begin(void) {
    guards_off();
    void *block = corral_alloc(SIZE, OTHER);
    corral_free(block, OTHER);
    if (!kernel_knows() || corral_backend_in_use() != CORRAL_BACKEND_OS) {
        cr_skip_test("no huge pages are to be had");
    }
}

TestSuite(huge_pages, .init = begin, .disabled = BUILD_IS_EMULATED);

static void expect_flags(corral_huge_pages kind, bool asked, bool refused) {
    configure(ID, (corral_category_options){.huge_pages = kind});
    size_t sizes[] = {SIZE, 100000, LARGE};
    for (size_t i = 0; i < 3; i++) {
        char *block = corral_alloc(sizes[i], ID);
        memset(block, 1, sizes[i]);
        cr_assert_eq(has_flag(block, "hg"), asked, "%zu bytes", sizes[i]);
        cr_assert_eq(has_flag(block, "nh"), refused, "%zu bytes", sizes[i]);
        corral_free(block, ID);
    }
    char *other = corral_alloc(SIZE, OTHER);
    cr_assert_not(has_flag(other, "hg") || has_flag(other, "nh"));
    corral_free(other, OTHER);
    corral_trim_all(0);
    cr_assert_eq(figures_total().arenas, 0);
}

Test(huge_pages, none_is_told_by_default) {
    expect_flags(CORRAL_HUGE_PAGES_DEFAULT, false, false);
}

Test(huge_pages, never) {
    expect_flags(CORRAL_HUGE_PAGES_NEVER, false, true);
}

Test(huge_pages, advise) {
    expect_flags(CORRAL_HUGE_PAGES_ADVISE, true, false);
}

/* Where one category's arena ended, another's begins as it is to be. */
Test(huge_pages, are_no_other_categorys) {
    expect_flags(CORRAL_HUGE_PAGES_ADVISE, true, false);
    for (uint32_t id = 10; id < 14; id++) {
        char *block = corral_alloc(SIZE, id);
        cr_assert_not(has_flag(block, "hg"));
        corral_free(block, id);
    }
}

static long reserved_pages(long set) {
    long pages = -1;
    FILE *file = fopen("/proc/sys/vm/nr_hugepages", set < 0 ? "r" : "w");
    if (file != NULL && set < 0 && fscanf(file, "%ld", &pages) != 1) {
        pages = -1;
    }
    if (file != NULL && set >= 0) {
        fprintf(file, "%ld\n", set);
    }
    if (file != NULL) {
        fclose(file);
    }
    return pages;
}

/* Out of pages that this test reserves, where it may, and gives back; else they are asked for. */
Test(huge_pages, explicit) {
    long before = reserved_pages(-1);
    if (before == 0) {
        reserved_pages(16);
    }
    configure(ID, (corral_category_options){.huge_pages = CORRAL_HUGE_PAGES_EXPLICIT});
    bool there = reserved_pages(-1) >= 16;
    char *block = corral_alloc(SIZE, ID);
    bool has = has_flag(block, "ht"), asked = has_flag(block, "hg");
    memset(block, 1, SIZE);
    corral_free(block, ID);
    size_t count = fill(ID, SIZE);
    empty(ID, count);
    corral_trim_all(0);
    uint64_t arenas = figures_of(ID).arenas;
    if (before == 0) {
        reserved_pages(0);
    }
    cr_assert_eq(count, MANY);
    cr_assert_eq(arenas, 0);
    cr_assert(there ? has : asked, "neither");
}
