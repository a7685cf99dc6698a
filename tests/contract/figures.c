/* SPDX-License-Identifier: MIT
 *
 * The contract of corral_category_stats and corral_total_stats.
 *
 * Owns:     nothing; every test is a process of its own.
 * Callers:  Criterion.
 * Promises: uses the public interface alone; figures are checked after each step.
 * Does not: read figures while others allocate (../stress) or of many ids (ids.c).
 */
#include "support/figures.h"
#include "support/build.h"
#include "support/check.h"
#include "support/classes.h"
#include "support/process.h"

#include <criterion/criterion.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID = 0x4e455457, OTHER = 0, MANY = 20000 };

static void *blocks[MANY];

Test(figures, arguments_that_are_not_legal) {
    corral_stats stats;
    cr_assert_eq(corral_category_stats(ID, NULL, sizeof stats), CORRAL_EINVAL);
    cr_assert_eq(corral_category_stats(ID, &stats, 0), CORRAL_EINVAL);
    cr_assert_eq(corral_total_stats(NULL, sizeof stats), CORRAL_EINVAL);
    cr_assert_eq(corral_total_stats(&stats, 0), CORRAL_EINVAL);
}

Test(figures, of_an_unused_id) {
    corral_stats stats;
    memset(&stats, 0xa5, sizeof stats);
    cr_assert_eq(corral_category_stats(ID, &stats, sizeof stats), CORRAL_EUNUSED);
    cr_assert_eq(stats.live_blocks + stats.live_bytes + stats.peak_bytes + stats.slabs, 0);
    cr_assert_eq(stats.arenas + stats.refills + stats.large_blocks + stats.remote_blocks, 0);
    cr_assert_eq(figures_total().categories, 0, "asking makes a category");
    figures_expect_nothing();
}

Test(figures, are_written_as_far_as_the_caller_knows_them) {
    void *block = corral_alloc(100, ID);
    corral_stats whole = figures_of(ID);
    for (size_t size = 1; size <= sizeof whole; size++) {
        unsigned char part[sizeof(corral_stats) + 8];
        memset(part, 0xa5, sizeof part);
        cr_assert_eq(corral_category_stats(ID, (corral_stats *)(void *)part, size), CORRAL_OK);
        cr_assert_eq(memcmp(part, &whole, size), 0, "size %zu", size);
        cr_assert_eq(part[size], 0xa5, "size %zu", size);
        cr_assert_eq(part[sizeof part - 1], 0xa5, "size %zu", size);
    }
    corral_free(block, ID);
}

Test(figures, of_a_caller_that_knows_more) {
    struct {
        corral_stats known;
        uint64_t later[4];
    } stats;
    void *block = corral_alloc(100, ID);
    memset(&stats, 0xa5, sizeof stats);
    cr_assert_eq(corral_category_stats(ID, &stats.known, sizeof stats), CORRAL_OK);
    cr_assert_eq(stats.known.live_blocks, 1);
    memset(&stats, 0xa5, sizeof stats);
    cr_assert_eq(corral_total_stats(&stats.known, sizeof stats), CORRAL_OK);
    cr_assert_eq(stats.known.live_blocks, 1);
    corral_free(block, ID);
}

Test(figures, of_two_categories_step_by_step) {
    uint64_t count[2] = {0, 0};
    uint64_t bytes[2] = {0, 0};
    const uint32_t ids[] = {ID, OTHER};
    for (size_t i = 0; i < 2000; i++) {
        size_t which = i % 3 == 0;
        blocks[i] = corral_alloc(i * 7 % 3000, ids[which]);
        count[which]++;
        bytes[which] += corral_usable_size(blocks[i]);
        figures_expect(ids[0], count[0], bytes[0]);
        figures_expect(ids[1], count[1], bytes[1]);
        corral_stats total = figures_total();
        cr_assert_eq(total.live_blocks, count[0] + count[1]);
        cr_assert_eq(total.live_bytes, bytes[0] + bytes[1]);
    }
    for (size_t i = 0; i < 2000; i++) {
        size_t which = i % 3 == 0;
        count[which]--;
        bytes[which] -= corral_usable_size(blocks[i]);
        corral_free(blocks[i], ids[which]);
        figures_expect(ids[0], count[0], bytes[0]);
        figures_expect(ids[1], count[1], bytes[1]);
    }
    figures_expect_nothing();
}

Test(figures, of_large_blocks) {
    size_t sizes[CLASSES_MOST];
    size_t large = sizes[classes_find(ID, sizes) - 1];
    for (uint64_t i = 0; i < 4; i++) {
        blocks[i] = corral_alloc(large + i * 100000, ID);
    }
    blocks[4] = corral_alloc(100, ID);
    uint64_t bytes = 0;
    for (size_t i = 0; i < 4; i++) {
        bytes += corral_usable_size(blocks[i]);
    }
    corral_stats stats = figures_of(ID);
    cr_assert_eq(stats.large_blocks, 4);
    cr_assert_eq(stats.large_bytes, bytes);
    cr_assert_eq(stats.live_blocks, 5);
    cr_assert_eq(stats.live_bytes, bytes + corral_usable_size(blocks[4]));
    corral_stats total = figures_total();
    cr_assert_eq(total.large_blocks, 4);
    cr_assert_eq(total.large_bytes, bytes);
    corral_free_batch(blocks, 5, ID);
    cr_assert_eq(figures_of(ID).large_blocks, 0);
    cr_assert_eq(figures_of(ID).large_bytes, 0);
    figures_expect_nothing();
}

Test(figures, peak_is_seen_by_a_reader) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < 500; i++) {
        blocks[i] = corral_alloc(200, ID);
        bytes += corral_usable_size(blocks[i]);
    }
    cr_assert_eq(figures_of(ID).peak_bytes, bytes);
    cr_assert_eq(figures_total().peak_bytes, bytes);
    corral_free_batch(blocks, 500, ID);
    cr_assert_eq(figures_of(ID).peak_bytes, bytes, "the peak falls");
    cr_assert_eq(figures_total().peak_bytes, bytes, "the total's peak falls");
}

/* Nobody reads at the peak: it may be missed by a sixteenth, and by less than a unit, which is at most
 * 8 slabs, or one block that is larger. */
static void check_unseen_peak(size_t size, size_t count) {
    for (size_t i = 0; i < count; i++) {
        blocks[i] = corral_alloc(size, ID);
    }
    uint64_t bytes = (uint64_t)count * corral_usable_size(blocks[0]);
    uint64_t slab = CORRAL_SLAB_KIB * BUILD_KIB;
    uint64_t slack = size <= slab / CORRAL_SMALL_DIVISOR ? slab : 8 * slab;
    slack = slack < corral_usable_size(blocks[0]) ? corral_usable_size(blocks[0]) + 1 : slack;
    slack += bytes / 16;
    corral_free_batch(blocks, count, ID);
    uint64_t peak = figures_of(ID).peak_bytes;
    CHECK(peak <= bytes, "size %zu: peak %llu of %llu", size, (unsigned long long)peak,
          (unsigned long long)bytes);
    CHECK(peak + slack > bytes, "size %zu: peak %llu of %llu", size, (unsigned long long)peak,
          (unsigned long long)bytes);
}

static void check_unseen_peak_child(void *argument) {
    const size_t *size = argument;
    size_t count = 12 * BUILD_MIB / *size;
    check_unseen_peak(*size, count < MANY ? count : MANY);
}

Test(figures, peak_that_no_reader_saw) {
    for (size_t size = 16; size < BUILD_MIB; size = size * 5 / 2) {
        struct child child;
        child_call(check_unseen_peak_child, &size, &child);
        cr_assert(child_succeeded(&child), "size %zu", size);
    }
}

Test(figures, of_slabs_and_arenas) {
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(1000, ID);
    }
    corral_stats stats = figures_of(ID);
    uint64_t slab = CORRAL_SLAB_KIB * BUILD_KIB;
    cr_assert_geq(stats.slabs * slab, stats.live_bytes, "%llu slabs do not hold the blocks",
                  (unsigned long long)stats.slabs);
    cr_assert_leq(stats.slabs * slab, stats.live_bytes * 5 / 4 + 2 * slab);
    cr_assert_gt(stats.arenas * 64, stats.slabs);
    cr_assert_leq(stats.arenas, stats.slabs / 32 + 2);
    cr_assert_gt(stats.refills, 0);
    cr_assert_eq(stats.categories, 1);
    corral_stats total = figures_total();
    cr_assert_eq(total.slabs, stats.slabs);
    cr_assert_eq(total.arenas, stats.arenas);
    cr_assert_eq(total.refills, stats.refills);
    cr_assert_eq(total.categories, 1);
    corral_free_batch(blocks, MANY, ID);
    cr_assert_lt(figures_of(ID).slabs, stats.slabs, "empty slabs still hold the blocks");
    figures_expect_nothing();
}

static void free_all(void *argument) {
    (void)argument;
    corral_free_batch(blocks, MANY, ID);
}

Test(figures, of_blocks_sent_home_by_another_thread) {
    for (size_t i = 0; i < MANY; i++) {
        blocks[i] = corral_alloc(64, ID);
    }
    cr_assert_eq(figures_of(ID).remote_blocks, 0);
    thread_call(free_all, NULL);
    uint64_t remote = figures_of(ID).remote_blocks;
    cr_assert_gt(remote, MANY / 2, "%llu", (unsigned long long)remote);
    cr_assert_leq(remote, MANY);
    cr_assert_eq(figures_total().remote_blocks, remote);
    figures_expect_nothing();
}

Test(figures, of_allocations_and_frees) {
    uint64_t factor = CORRAL_FIGURES_LEVEL >= 2;
    for (size_t i = 0; i < 3000; i++) {
        blocks[i] = corral_alloc(i, ID);
    }
    cr_assert_eq(figures_of(ID).allocations, 3000 * factor);
    cr_assert_eq(figures_of(ID).frees, 0);
    corral_free_batch(blocks, 1000, ID);
    cr_assert_eq(figures_of(ID).allocations, 3000 * factor);
    cr_assert_eq(figures_of(ID).frees, 1000 * factor);
    cr_assert_eq(corral_alloc_batch(50, ID, 1000, blocks), 1000);
    corral_free_batch(blocks, 3000, ID);
    corral_stats total = figures_total();
    cr_assert_eq(total.allocations, 4000 * factor);
    cr_assert_eq(total.frees, 4000 * factor);
}

/* What each door was asked for, whether it hits or misses. */
Test(figures, of_what_was_asked_for) {
    uint64_t factor = CORRAL_FIGURES_LEVEL >= 2, asked = 0;
    static const size_t sizes[] = {0, 1, 16, 100, 1000, 5000, 40000, 8 * BUILD_MIB};
    const size_t count = sizeof sizes / sizeof *sizes;
    for (size_t round = 0; round < 100; round++) {
        for (size_t i = 0; i < count; i++) {
            blocks[4 * i] = corral_alloc(sizes[i], ID);
            blocks[4 * i + 1] = corral_calloc(1, sizes[i], ID);
            blocks[4 * i + 2] = corral_aligned_alloc(256, sizes[i], ID);
            blocks[4 * i + 3] = corral_alloc(sizes[i] + round, ID);
            asked += 4 * sizes[i] + round;
            cr_assert_eq(figures_of(ID).requested_bytes, asked * factor, "size %zu", sizes[i]);
        }
        corral_free_batch(blocks, 4 * count, ID);
    }
    void *block = corral_realloc(NULL, 100, ID);
    block = corral_realloc(block, 101, ID);
    cr_assert_eq(figures_of(ID).requested_bytes, (asked + 100) * factor, "it stayed where it was");
    block = corral_realloc(block, 3000, ID);
    cr_assert_eq(figures_of(ID).requested_bytes, (asked + 3100) * factor);
    corral_free(block, ID);
    cr_assert_eq(figures_of(ID).requested_bytes, (asked + 3100) * factor, "it falls");
    corral_free(corral_alloc(5, OTHER), OTHER);
    cr_assert_eq(figures_total().requested_bytes, (asked + 3105) * factor);
    volatile size_t too_much = SIZE_MAX;
    cr_assert_null(corral_alloc(too_much, OTHER));
    cr_assert_eq(figures_total().requested_bytes, (asked + 3105) * factor, "what failed was counted");
}

struct visits {
    size_t count;
    uint64_t live_blocks, live_bytes;
};

/* Allocates meanwhile, as it may. */
static void visit(uint64_t id, const corral_stats *stats, size_t stats_size, void *argument) {
    struct visits *visits = argument;
    corral_stats same;
    CHECK(stats_size == sizeof same, "%zu bytes", stats_size);
    if (id <= UINT32_MAX) {
        CHECK(corral_category_stats((uint32_t)id, &same, sizeof same) == CORRAL_OK, "not in use");
        CHECK(same.live_blocks == stats->live_blocks, "of another category");
    }
    visits->count++;
    visits->live_blocks += stats->live_blocks;
    visits->live_bytes += stats->live_bytes;
    corral_free(corral_alloc(100, ID), ID);
}

Test(figures, of_all_categories_by_a_visitor) {
    struct visits visits = {0};
    cr_assert_eq(corral_visit_categories(NULL, NULL), CORRAL_EINVAL);
    cr_assert_eq(corral_visit_categories(visit, &visits), CORRAL_OK);
    cr_assert_eq(visits.count, 0, "%zu categories before any is used", visits.count);
    static const uint32_t ids[] = {ID, 0, UINT32_MAX};
    for (size_t i = 0; i < 3; i++) {
        blocks[i] = corral_alloc(1000, ids[i]);
    }
    corral_stats total = figures_total();
    cr_assert_eq(corral_visit_categories(visit, &visits), CORRAL_OK);
    cr_assert_eq(visits.count, total.categories, "%zu", visits.count);
    cr_assert_eq(visits.live_blocks, 3);
    cr_assert_eq(visits.live_bytes, total.live_bytes);
    for (size_t i = 0; i < 3; i++) {
        corral_free(blocks[i], ids[i]);
    }
}
