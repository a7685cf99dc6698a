/* SPDX-License-Identifier: MIT
 *
 * libcorral-jemalloc: categories' bytes are in jemalloc's arenas, each in its own, and malloc is what it was.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion; the program is linked to the companion.
 * Promises: calls public interfaces alone.
 * Does not: test corral beyond (the other suites do, with `meson test --setup jemalloc`).
 */
#include "support/build.h"
#include "support/figures.h"
#include "support/pattern.h"

#include <corral/jemalloc.h>
#include <criterion/criterion.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 3, OTHER = 0x4a454d41 };

#define MEDIUM (CORRAL_MEDIUM_SLABS * CORRAL_SLAB_KIB * BUILD_KIB)
#define ARENA  (64 * CORRAL_SLAB_KIB * BUILD_KIB)

static void choose_jemalloc(void) {
    corral_init_options options = {CORRAL_BACKEND_HOOKS, corral_jemalloc_backend()};
    cr_assert_eq(corral_init(&options, sizeof options), CORRAL_OK);
}

static corral_jemalloc_stats stats_of(uint64_t id) {
    corral_jemalloc_stats stats;
    cr_assert_eq(corral_jemalloc_stats_of(id, &stats, sizeof stats), CORRAL_OK, "id %#llx",
                 (unsigned long long)id);
    return stats;
}

/* The file that a function of the process is from. */
static const char *origin_of(const char *name) {
    void *function = dlsym(RTLD_DEFAULT, name);
    Dl_info info;
    cr_assert(function != NULL && dladdr(function, &info) != 0, "%s", name);
    const char *slash = strrchr(info.dli_fname, '/');
    return slash == NULL ? info.dli_fname : slash + 1;
}

Test(jemalloc, malloc_is_still_the_c_library_s) {
    const char *const names[] = {"malloc", "free", "calloc", "realloc", "posix_memalign", "aligned_alloc",
                                 "malloc_usable_size", "pthread_create"};
    choose_jemalloc();
    corral_free(corral_alloc(100, ID), ID);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *origin = origin_of(names[i]);
        cr_assert(strncmp(origin, "libc.so", 7) == 0 || strncmp(origin, "libc-", 5) == 0, "%s is of %s", names[i],
                  origin);
    }
    const char *const hidden[] = {"mallocx", "mallctl", "sdallocx", "malloc_stats_print"};
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
        cr_assert_null(dlsym(RTLD_DEFAULT, hidden[i]), "%s is visible", hidden[i]);
    }
}

/* The C library's own figures grow by what malloc gives, and by nothing that corral takes. */
Test(jemalloc, malloc_s_figures_are_its_own) {
    choose_jemalloc();
    struct mallinfo2 before = mallinfo2();
    void *block = corral_alloc(4 * MEDIUM, ID);
    void *small = corral_alloc(1000, OTHER);
    struct mallinfo2 between = mallinfo2();
    cr_assert_eq(between.uordblks + between.hblkhd, before.uordblks + before.hblkhd);
    void *volatile mine = malloc(8 * BUILD_MIB);
    struct mallinfo2 after = mallinfo2();
    cr_assert_geq(after.uordblks + after.hblkhd, before.uordblks + before.hblkhd + 8 * BUILD_MIB);
    free(mine);
    corral_free(small, OTHER);
    corral_free(block, ID);
}

Test(jemalloc, each_category_has_an_arena_that_counts_its_bytes) {
    choose_jemalloc();
    corral_jemalloc_stats none;
    cr_assert_eq(corral_jemalloc_stats_of(ID, &none, sizeof none), CORRAL_EUNUSED);
    char *small = corral_alloc(1000, ID);
    cr_assert_eq(stats_of(ID).allocated_bytes, ARENA);
    cr_assert_eq(corral_jemalloc_stats_of(OTHER, &none, sizeof none), CORRAL_EUNUSED);
    char *large = corral_alloc(2 * ARENA, OTHER);
    corral_jemalloc_stats one = stats_of(ID), other = stats_of(OTHER), own = stats_of(CORRAL_MEMORY_TYPE_NONE);
    cr_assert_eq(one.allocated_bytes, ARENA);
    cr_assert_eq(other.allocated_bytes, 2 * ARENA);
    cr_assert_gt(own.allocated_bytes, BUILD_MIB);
    cr_assert(one.arena != other.arena && one.arena != own.arena && other.arena != own.arena);
    memset(large, 1, 2 * ARENA);
    cr_assert_geq(stats_of(OTHER).resident_bytes, 2 * ARENA);
    corral_free(large, OTHER);
    corral_free(small, ID);
    figures_expect_nothing();
    cr_assert_eq(stats_of(OTHER).arena, other.arena);
}

/* As many categories as the build has: each its own arena. */
Test(jemalloc, many_categories_have_as_many_arenas) {
    static unsigned char seen[8192];
    choose_jemalloc();
    for (uint32_t i = 0; i < 300; i++) {
        uint32_t id = 0x10000 + i;
        void *block = corral_alloc(64, id);
        cr_assert_not_null(block);
        uint64_t category = corral_memory_type_of(block);
        if (category == CORRAL_MEMORY_TYPE_OVERFLOW) {
            break;
        }
        uint64_t arena = stats_of(category).arena;
        cr_assert(arena < sizeof seen && seen[arena]++ == 0, "arena %llu", (unsigned long long)arena);
    }
}

/* What corral gives back, jemalloc counts off. */
Test(jemalloc, what_is_given_back_is_counted_off) {
    if (CORRAL_LARGE_KEEP_KIB > 65536) {
        cr_skip_test("this build keeps much");
    }
    choose_jemalloc();
    enum { BLOCKS = 24 };
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = corral_alloc(2 * ARENA, ID);
        cr_assert_not_null(blocks[i]);
    }
    cr_assert_eq(stats_of(ID).allocated_bytes, BLOCKS * 2 * ARENA);
    for (int i = 0; i < BLOCKS; i++) {
        corral_free(blocks[i], ID);
    }
    cr_assert_leq(stats_of(ID).allocated_bytes, CORRAL_LARGE_KEEP_KIB * BUILD_KIB + 2 * ARENA);
    figures_expect_nothing();
}

/* A reservation's bytes are zero, also after it shrank and grew where it is. */
Test(jemalloc, what_grows_again_is_zero) {
    const corral_backend *hooks = corral_jemalloc_backend();
    const size_t size = 3 * BUILD_MIB + 4096, less = BUILD_MIB + 8192;
    char *start = hooks->reserve(size, ARENA, ID, hooks->argument);
    cr_assert_not_null(start);
    for (int turn = 0; turn < 4; turn++) {
        cr_assert(pattern_is_byte(start + (turn == 0 ? 0 : less), size - (turn == 0 ? 0 : less), 0));
        memset(start, 0xA5, size);
        cr_assert(hooks->resize(start, size, less, hooks->argument));
        if (!hooks->resize(start, less, size, hooks->argument)) {
            break;
        }
    }
    cr_assert(hooks->release(start, size, hooks->argument));
    char *again = hooks->reserve(size, ARENA, ID, hooks->argument);
    cr_assert(pattern_is_byte(again, size, 0));
    memset(again, 0xA5, size);
    cr_assert(hooks->purge(again + 4096, 8192, hooks->argument));
    cr_assert(again[4095] != 0 && again[4096 + 8192] != 0 && pattern_is_byte(again + 4096, 8192, 0));
}

Test(jemalloc, stats_refuse_what_is_not_legal) {
    corral_jemalloc_stats stats;
    cr_assert_eq(corral_jemalloc_stats_of(ID, NULL, sizeof stats), CORRAL_EINVAL);
    cr_assert_eq(corral_jemalloc_stats_of(ID, &stats, 0), CORRAL_EINVAL);
}
