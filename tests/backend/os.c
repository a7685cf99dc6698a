/* SPDX-License-Identifier: MIT
 *
 * The OS as the backend: under a limit of address space, with larger OS pages, and how many mappings there are.
 *
 * Owns:     getpagesize, which corral asks in this program, and each case's process.
 * Callers:  Criterion.
 * Promises: a limit of 256 MiB in all, as `ulimit -v 262144` sets it, holds from the program's start; the mappings
 *           are counted after a long mix in which blocks of all sizes come and go.
 * Does not: have a kernel with such pages: what corral maps and purges is then of whole larger pages, which the
 *           test's own records check.
 */
#include "os.h"

#include "cache.h"

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"
#include "support/pattern.h"
#include "support/prng.h"
#include "support/process.h"

#include <corral/corral.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { ID = 2, OTHER = 0x4f530000, SLOTS = 3000, TURNS = 150000 };

/* No more than have a category each: an id that shares one is not to be told from its blocks. */
#define IDS (CORRAL_CATEGORY_LIMIT < 64 ? 2u : 10u)

static size_t page = 4096;

/* In the place of the C library's. */
int getpagesize(void) {
    return (int)page;
}

static struct corral_os table;

static void expect_whole_pages(const void *start, size_t size) {
    CHECK((((uintptr_t)start | size) & (page - 1)) == 0, "%zu bytes at %p", size, start);
}

static void *reserve_whole(size_t size, size_t alignment) {
    expect_whole_pages(NULL, size | alignment);
    return corral_os_real.reserve(size, alignment);
}
static bool release_whole(void *start, size_t size) {
    expect_whole_pages(start, size);
    return corral_os_real.release(start, size);
}
static bool purge_whole(void *start, size_t size) {
    expect_whole_pages(start, size);
    return corral_os_real.purge(start, size);
}
static bool grow_whole(void *start, size_t old_size, size_t new_size) {
    expect_whole_pages(start, old_size | new_size);
    return corral_os_real.grow(start, old_size, new_size);
}

static uint32_t id_at(uint64_t number) {
    return number % 2 == 0 ? (uint32_t)number : OTHER + (uint32_t)number;
}

static void *slots[SLOTS];

static void check(void *block) {
    CHECK(pattern_holds_sparse(block, corral_usable_size(block), (uintptr_t)block), "%p", block);
}

static void *resize(struct prng *prng, void *block) {
    size_t before = corral_usable_size(block);
    check(block);
    void *moved = corral_realloc(block, before / 2 + prng_below(prng, before + 1),
                                 (uint32_t)corral_memory_type_of(block));
    return moved == NULL ? block : moved;
}

/* Sizes of all kinds, large ones among them, in several categories. */
static void mix(void *argument) {
    const unsigned *turns = argument;
    struct prng prng = {.state = 31};
    for (unsigned i = 0; i < *turns; i++) {
        void **slot = &slots[prng_below(&prng, SLOTS)];
        if (*slot != NULL) {
            check(*slot);
            corral_free(*slot, (uint32_t)corral_memory_type_of(*slot));
        }
        errno = 0;
        size_t size = i % 512 == 0 ? prng_below(&prng, 3 * BUILD_MIB) : prng_request(&prng, 65536);
        *slot = corral_alloc(size, id_at(prng_below(&prng, IDS)));
        CHECK(*slot != NULL || errno == ENOMEM, "errno %d", errno);
        if (*slot == NULL) {
            continue;
        }
        pattern_fill_sparse(*slot, corral_usable_size(*slot), (uintptr_t)*slot);
        if (i % 8 == 0) {
            *slot = resize(&prng, *slot);
            pattern_fill_sparse(*slot, corral_usable_size(*slot), (uintptr_t)*slot);
        }
    }
}

static void free_slots(void) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i] != NULL) {
            check(slots[i]);
            corral_free(slots[i], (uint32_t)corral_memory_type_of(slots[i]));
            slots[i] = NULL;
        }
    }
    figures_expect_nothing();
}

static void mix_with_pages(void *argument) {
    page = *(const size_t *)argument;
    table = corral_os_real;
    table.reserve = reserve_whole;
    table.release = release_whole;
    table.purge = purge_whole;
    table.grow = grow_whole;
    corral_os = &table;
    unsigned turns = TURNS / 5;
    thread_call(mix, &turns);
    mix(&turns);
    char *large = corral_alloc(4 * BUILD_MIB + 1, ID);
    CHECK(large != NULL && corral_usable_size(large) == 4 * BUILD_MIB + page, "%zu bytes",
          corral_usable_size(large));
    corral_free(large, ID);
    free_slots();
}

Test(os, pages_of_other_sizes, .timeout = 240) {
    for (size_t size = 4096; size <= 65536; size *= 4) {
        if (4 * BUILD_MIB <= CORRAL_MEDIUM_SLABS * CORRAL_SLAB_KIB * BUILD_KIB ||
            size > CORRAL_SLAB_KIB * BUILD_KIB) {
            continue;
        }
        struct child child;
        child_call(mix_with_pages, &size, &child);
        cr_assert(child_succeeded(&child), "pages of %zu bytes", size);
    }
}

/* Lines of /proc/self/maps. */
static size_t count_mappings(void) {
    FILE *file = fopen("/proc/self/maps", "re");
    CHECK(file != NULL, "no maps");
    size_t count = 0;
    for (int letter; (letter = getc(file)) != EOF;) {
        count += letter == '\n';
    }
    fclose(file);
    return count;
}

/* Mappings while blocks live: arenas of some reservations, the large blocks, and what is kept of them. */
static void count_after_a_mix(void *argument) {
    (void)argument;
    size_t before = count_mappings();
    unsigned turns = TURNS;
    corral_stats stats;
    size_t most = 0;
    for (int round = 0; round < 4; round++) {
        thread_call(mix, &turns);
        mix(&turns);
        size_t mappings = count_mappings();
        CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "stats");
        size_t allowed = before + stats.large_blocks + 64 /* kept large ones */ + 24;
        CHECK(mappings <= allowed, "%zu mappings with %zu large blocks; %zu before", mappings,
              (size_t)stats.large_blocks, before);
        most = mappings > most ? mappings : most;
    }
    free_slots();
    printf("%zu mappings before, %zu at most, %zu after all was freed; %zu arenas\n", before, most,
           count_mappings(), (size_t)stats.arenas);
}

Test(os, mappings_are_not_splintered, .timeout = 240) {
    if (!BUILD_MEASURES_MEMORY) {
        cr_skip_test("a sanitizer has mappings of its own");
    }
    struct child child;
    child_call(count_after_a_mix, NULL, &child);
    cr_assert(child_succeeded(&child));
    fputs(child.output, stdout);
}

enum { LIMIT_MIB = 256, LEAST_MIB = 32 };

struct link {
    struct link *next;
};

static size_t fill(size_t size, uint32_t id, struct link **first) {
    size_t count = 0;
    for (;; count++) {
        errno = 0;
        struct link *block = corral_alloc(size, id);
        if (block == NULL) {
            CHECK(errno == ENOMEM, "errno %d", errno);
            return count;
        }
        block->next = *first;
        *first = block;
    }
}

static void empty(struct link *first, uint32_t id) {
    while (first != NULL) {
        struct link *next = first->next;
        corral_free(first, id);
        first = next;
    }
}

/* Runs in a program that began under the limit. */
static void use_what_there_is(void) {
    const size_t sizes[] = {64, 3000, 50000, 700 * BUILD_KIB, 3 * BUILD_MIB};
    for (size_t i = 0; i < 10; i++) {
        struct link *first = NULL;
        size_t size = sizes[i % 5], count = fill(size, id_at(i % IDS), &first);
        printf("%zu MiB by blocks of %zu\n", count * size / BUILD_MIB, size);
        CHECK(count * size >= LEAST_MIB * BUILD_MIB, "%zu bytes by blocks of %zu", count * size, size);
        empty(first, id_at(i % IDS));
        figures_expect_nothing();
    }
    unsigned turns = TURNS / 2;
    mix(&turns);
    free_slots();
}

/* The loader itself calls this where the environment asks for it: the program then has begun under its limit. */
__attribute__((constructor)) static void begin_under_limit(void) {
    if (getenv("CORRAL_TEST_UNDER_LIMIT") != NULL) {
        use_what_there_is();
        fflush(stdout);
        _exit(0);
    }
}

static void limit_and_run(void *argument) {
    (void)argument;
    struct rlimit limit = {LIMIT_MIB * BUILD_MIB, LIMIT_MIB * BUILD_MIB};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0, "no limit");
    CHECK(setenv("CORRAL_TEST_UNDER_LIMIT", "1", 1) == 0, "no environment");
    execl("/proc/self/exe", "os", (char *)NULL);
    CHECK(false, "%s", strerror(errno));
}

Test(os, a_program_under_a_limit_of_256_mib, .timeout = 240) {
    /* Tables of a large build alone are more; sanitizers need terabytes. */
    if (!BUILD_MEASURES_MEMORY || CORRAL_SLAB_KIB > 64 || sizeof(struct cache) > 4 * BUILD_MIB) {
        cr_skip_test("this build needs more addresses");
    }
    struct child child;
    child_call(limit_and_run, NULL, &child);
    cr_assert(child_succeeded(&child));
    fputs(child.output, stdout);
}
