/* SPDX-License-Identifier: MIT
 *
 * The names and budgets of budgets.h.
 *
 * Owns:     what corral told of the soft budget.
 * Callers:  main.c; corral.
 * Promises: the callback allocates nothing and waits for nobody.
 * Does not: change a budget while libraries allocate.
 */
#include "budgets.h"

#include "category.h"
#include "census.h"
#include "check.h"
#include "shared.h"

#include <corral/configure.h>
#include <corral/origin.h>
#include <corral/report.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Of a block of scratch memory, 32 bytes say where it was asked for. */
enum { KIB = 1024, STORAGE_SOFT = 128 * KIB, SCRATCH_ID = 40, SCRATCH_BLOCKS = 64, SCRATCH_SIZE = KIB,
       SCRATCH_ASKED = SCRATCH_SIZE - 32 };

#define PROCESS_HARD ((uint64_t)1 << 30)

static _Atomic uint64_t times_told;
static _Atomic uint64_t live_when_told;

static int hear(const corral_budget_event *event, void *argument) {
    (void)argument;
    add_relaxed(&times_told, 1u);
    store_relaxed(&live_when_told, event->live_bytes);
    return 0;
}

static void set(uint32_t id, corral_category_options options) {
    if (corral_category_configure(id, &options, sizeof options) != CORRAL_OK) {
        fatal("a category takes no options");
    }
}

void budgets_set(void) {
    for (unsigned index = 0; index < CATEGORIES; index++) {
        const bool storage = index == SQL_STORAGE && !damage_chosen(DAMAGE_BUDGET_SOFT);
        set(category_table[index].id, (corral_category_options){.name = category_table[index].name,
                                                                .soft_budget = storage ? STORAGE_SOFT : 0,
                                                                .callback = storage ? hear : NULL});
    }
    set(SCRATCH_ID, (corral_category_options){.name = "game scratch",
                                              .hard_budget = SCRATCH_BLOCKS * SCRATCH_SIZE,
                                              .origins = 1});
    corral_category_options all = {.hard_budget = PROCESS_HARD};
    if (corral_process_configure(&all, sizeof all) != CORRAL_OK) {
        fatal("the process takes no budget");
    }
}

static void *scratch(void) {
    return damage_chosen(DAMAGE_ORIGINS) ? corral_alloc(SCRATCH_ASKED, SCRATCH_ID)
                                         : CORRAL_ALLOC_HERE(SCRATCH_ASKED, SCRATCH_ID);
}

static void count_of_this_file(const corral_origin *origin, size_t size, void *argument) {
    (void)size;
    *(unsigned *)argument += origin->file != NULL && strcmp(origin->file, __FILE__) == 0;
}

/* Are as many blocks found as are live, and said to be of this file? */
static void check_origins(unsigned live) {
    unsigned found = 0;
    corral_visit_origins(SCRATCH_ID, count_of_this_file, &found);
    if (found != live) {
        mismatch("origins", "of %u blocks that are live, %u are found where they were asked for", live, found);
    }
}

/* Allocates until it is refused. */
static void check_refusal(void) {
    void *blocks[SCRATCH_BLOCKS + 1];
    unsigned count = damage_chosen(DAMAGE_BUDGET_HARD) ? 1 : 0;
    while (count <= SCRATCH_BLOCKS && (blocks[count] = scratch()) != NULL) {
        count++;
    }
    if (count != SCRATCH_BLOCKS) {
        mismatch("budget-hard", "%u blocks fit into a budget for %d", count, SCRATCH_BLOCKS);
    }
    check_origins(damage_chosen(DAMAGE_BUDGET_HARD) ? count - 1 : count);
    for (unsigned index = damage_chosen(DAMAGE_BUDGET_HARD) ? 1 : 0; index < count; index++) {
        corral_free(blocks[index], SCRATCH_ID);
    }
    printf("%s: a hard budget of %d KiB took %u blocks of %d KiB and refused the next.\n",
           corral_category_name(SCRATCH_ID), SCRATCH_BLOCKS * SCRATCH_SIZE / KIB, count, SCRATCH_SIZE / KIB);
}

void budgets_check(unsigned rounds) {
    const uint64_t told = load_relaxed(&times_told);
    if (told < rounds) {
        mismatch("budget-soft", "%s passed its soft budget in %u rounds, and said so %" PRIu64 " times",
                 category_table[SQL_STORAGE].name, rounds, told);
    }
    for (unsigned index = 0; index < CATEGORIES; index++) {
        const corral_stats stats = census_figures((enum category)index);
        if (stats.failed != 0) {
            mismatch("budget-hard", "%s was refused %" PRIu64 " allocations", category_table[index].name,
                     stats.failed);
        }
    }
    printf("\n%s: passed its soft budget of %d KiB %" PRIu64 " times, the last time with %" PRIu64 " KiB live.\n",
           category_table[SQL_STORAGE].name, STORAGE_SOFT / KIB, told,
           load_relaxed(&live_when_told) / KIB);
    check_refusal();
}

void budgets_report_leaks(void) {
    void *left = damage_chosen(DAMAGE_LEAK) ? scratch() : NULL;
    uint64_t blocks = 0;
    printf("Leak report: ");
    if (corral_report_leaks(stdout, CORRAL_REPORT_TEXT, &blocks) != CORRAL_OK) {
        fatal("the leak report cannot be written");
    }
    if (blocks != 0) {
        mismatch("leak", "%" PRIu64 " blocks are live at the end", blocks);
    }
    corral_free(left, SCRATCH_ID);
}
