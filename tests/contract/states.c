/* SPDX-License-Identifier: MIT
 *
 * Where the slabs of a category are, what is kept of them, and what memory may stand behind it.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: states are read at rest, where their laws hold.
 * Does not: read them while others allocate (../stress).
 */
#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 0x4e455457, OTHER = 0, MANY = 20000 };

static void *blocks[MANY];

/* Blocks that a thread allocates, of which another frees all but each one so far behind the last, and a third the rest. */
struct part {
    size_t size, count, every;
};

static void allocate_part(void *argument) {
    const struct part *part = argument;
    for (size_t i = 0; i < part->count; i++) {
        blocks[i] = corral_alloc(part->size, ID);
        CHECK(blocks[i] != NULL, "no block");
    }
}

static void free_most(void *argument) {
    const struct part *part = argument;
    for (size_t i = 0; i < part->count; i++) {
        if (i % part->every != 0) {
            corral_free(blocks[i], ID);
        }
    }
}

static void free_rest(void *argument) {
    const struct part *part = argument;
    for (size_t i = 0; i < part->count; i += part->every) {
        corral_free(blocks[i], ID);
    }
}

/* Threads that ended own no slab, so those with free blocks are all on shelves. */
static void check_states(const struct part *part) {
    uint64_t slab = CORRAL_SLAB_KIB * BUILD_KIB;
    thread_call(allocate_part, (void *)(uintptr_t)part);
    corral_stats all = figures_of(ID);
    CHECK(all.held_slabs > 0 && all.shelved_slabs <= 8, "%llu slabs of callers' blocks alone are on shelves",
          (unsigned long long)all.shelved_slabs);
    thread_call(free_most, (void *)(uintptr_t)part);
    corral_stats most = figures_of(ID);
    CHECK(most.slabs > 0 && most.slabs <= all.slabs, "%llu slabs", (unsigned long long)most.slabs);
    CHECK(most.shelved_slabs == most.slabs && most.held_slabs == 0, "of %llu slabs, %llu are on shelves",
          (unsigned long long)most.slabs, (unsigned long long)most.shelved_slabs);
    thread_call(free_rest, (void *)(uintptr_t)part);
    corral_stats none = figures_of(ID), total = figures_total();
    CHECK(none.slabs == 0 && none.shelved_slabs == 0 && none.held_slabs == 0, "%llu slabs are left",
          (unsigned long long)none.held_slabs);
    uint64_t headers = none.committed_bytes - none.kept_bytes;
    CHECK(headers % slab == 0 && headers >= none.arenas * slab && headers <= none.arenas * 8 * slab,
          "%llu bytes of headers", (unsigned long long)headers);
    CHECK(none.kept_bytes <= all.slab_bytes && (none.kept_bytes > 0 || CORRAL_RETIRE_KIB < CORRAL_SLAB_KIB),
          "%llu bytes are kept", (unsigned long long)none.kept_bytes);
    CHECK(total.kept_bytes == none.kept_bytes && total.committed_bytes == none.committed_bytes, "of another category");
}

Test(states, of_small_blocks) {
    check_states(&(struct part){.size = 64, .count = MANY, .every = 500});
}

Test(states, of_units_of_slabs) {
    if (CORRAL_SLAB_KIB != 64 || CORRAL_SMALL_DIVISOR != 8 || CORRAL_MEDIUM_SLABS < 28) {
        cr_skip_test("this build has other units");
    }
    check_states(&(struct part){.size = 20000, .count = 500, .every = 8});
}

/* The shelf's slabs are taken before others are made. */
Test(states, of_slabs_that_go_off_the_shelf) {
    struct part part = {.size = 64, .count = MANY, .every = 500};
    thread_call(allocate_part, &part);
    thread_call(free_most, &part);
    corral_stats before = figures_of(ID);
    void *block = corral_alloc(64, ID);
    corral_stats after = figures_of(ID);
    cr_assert_eq(after.slabs, before.slabs);
    cr_assert_lt(after.shelved_slabs, before.shelved_slabs, "%llu, then %llu", (unsigned long long)before.shelved_slabs,
                 (unsigned long long)after.shelved_slabs);
    corral_free(block, ID);
    thread_call(free_rest, &part);
    figures_expect_nothing();
}

/* As much is kept as may be, of all categories; and what is kept is used before anything else. */
Test(states, of_what_is_kept) {
    if (getenv("CORRAL_TEST_BACKEND") != NULL) {
        cr_skip_test("where memory is not taken back, all is kept");
    }
    uint64_t most = (uint64_t)CORRAL_RETIRE_KIB * BUILD_KIB;
    struct part part = {.size = 5000, .count = MANY, .every = 2};
    for (int round = 0; round < 3; round++) {
        thread_call(allocate_part, &part);
        uint64_t slab_bytes = figures_of(ID).slab_bytes;
        cr_assert_leq(figures_total().kept_bytes, most);
        thread_call(free_most, &part);
        cr_assert_leq(figures_total().kept_bytes, most);
        thread_call(free_rest, &part);
        uint64_t kept = figures_total().kept_bytes;
        cr_assert_leq(kept, most, "%llu bytes are kept", (unsigned long long)kept);
        cr_assert_geq(kept, (most < slab_bytes ? most : slab_bytes) / 2, "%llu bytes are kept", (unsigned long long)kept);
    }
}

/* Huge pages would be behind slabs that nothing was allocated in. */
static bool has_huge_pages(void) {
    char text[64] = "";
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "re");
    bool always = file != NULL && fgets(text, sizeof text, file) != NULL && strstr(text, "[always]") != NULL;
    if (file != NULL) {
        fclose(file);
    }
    return always;
}

static void touch_part(void *argument) {
    const struct part *part = argument;
    allocate_part(argument);
    for (size_t i = 0; i < part->count; i++) {
        memset(blocks[i], 1, part->size);
    }
}

/* What is resident is not above what may be, but for tables and caches. */
Test(states, of_committed_memory_and_resident_memory) {
    if (!BUILD_MEASURES_MEMORY || has_huge_pages() || getenv("CORRAL_TEST_BACKEND") != NULL) {
        cr_skip_test("the process's memory is not corral's alone");
    }
    struct part part = {.size = 5000, .count = 6000, .every = 3};
    void (*const steps[])(void *) = {touch_part, free_most, free_rest};
    size_t before = process_resident();
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        thread_call(steps[i], &part);
        uint64_t committed = figures_total().committed_bytes, resident = process_resident() - before;
        cr_assert_leq(resident, committed + 2 * BUILD_MIB, "step %zu: %llu of %llu bytes", i,
                      (unsigned long long)resident, (unsigned long long)committed);
        cr_assert_geq(resident + 2 * BUILD_MIB, figures_total().live_bytes + figures_total().kept_bytes / 2);
    }
}
