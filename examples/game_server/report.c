/* SPDX-License-Identifier: MIT
 *
 * The lines and tables of report.h.
 *
 * Owns:     nothing but the number of the round that is shown.
 * Callers:  main.c.
 * Promises: every number is either counted here or corral's own figure; the heads say which.
 * Does not: change anything.
 */
#define _GNU_SOURCE
#include "report.h"

#include "census.h"
#include "check.h"
#include "interpose.h"
#include "shared.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* A line that is written over must fit into the 80 columns of the narrowest terminal. */
static const char *const short_names[WORKS] = {"packets", "scripts", "rows", "http", "party"};

static unsigned shown_round;
static unsigned shown_rounds;

/* What ENet and Party must have of frees on another thread than the allocation, in percent. */
static const double cross_percent_least = 20.0;
/* What must have come to corral of a library's allocations, in percent. */
static const double seen_percent_least = 99.0;

static double percent(uint64_t part, uint64_t whole) {
    return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

void report_round_begin(const struct totals *totals, unsigned number) {
    shown_round = number + 1;
    shown_rounds = totals->rounds;
    if (!isatty(STDERR_FILENO)) {
        fprintf(stderr, "round %u of %u, on %s\n", shown_round, shown_rounds,
                backend_names[memory_backend()]);
    }
}

void report_progress(const struct game_round *round, double elapsed) {
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    fprintf(stderr, "\r\033[Kround %u/%u %s %.1f s:", shown_round, shown_rounds,
            backend_names[memory_backend()], elapsed);
    for (unsigned work = 0; work < WORKS; work++) {
        fprintf(stderr, " %s %" PRIu64 "k", short_names[work],
                load_relaxed(&round->done[work]) / 1000);
    }
    fflush(stderr);
}

void report_round_end(void) {
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K");
        fflush(stderr);
    }
}

static void print_categories(void) {
    printf(
        "Rounds on corral, by category. Allocations, frees and the share of frees on another\n"
        "thread are counted by the demo; the rest are corral's own figures: peak over all rounds,\n"
        "held, slabs and arenas when the last round was stopped, left when all were closed.\n\n");
    printf("%-18s %10s %11s %11s %6s %9s %9s %6s %6s %5s\n", "category", "id", "allocations",
           "frees", "cross", "peak KiB", "held KiB", "slabs", "arenas", "left");
    for (unsigned index = 0; index < CATEGORIES; index++) {
        const enum category category = (enum category)index;
        const struct memory_tally tally = memory_tally_of(BACKEND_CORRAL, category);
        const corral_stats *held = census_held(category);
        const corral_stats now = census_figures(category);
        printf("%-18s 0x%08" PRIx32 " %11" PRIu64 " %11" PRIu64 " %5.1f%% %9" PRIu64 " %9" PRIu64
               " %6" PRIu64 " %6" PRIu64 " %5" PRIu64 "\n",
               category_table[index].name, category_table[index].id, tally.allocations, tally.frees,
               percent(tally.cross_frees, tally.frees), (now.peak_bytes + 1023) / 1024,
               (held->live_bytes + 1023) / 1024, held->slabs, held->arenas, now.live_blocks);
    }
}

static void print_libraries(const struct totals *totals) {
    printf("\n%-10s %12s %8s %15s %8s\n", "library", "allocations", "cross", "past corral", "seen");
    for (unsigned index = 0; index < LIBRARIES; index++) {
        const enum library library = (enum library)index;
        const struct memory_tally tally = memory_tally_of_library(BACKEND_CORRAL, library);
        const uint64_t direct = totals->direct[index];
        printf("%-10s %12" PRIu64 " %7.1f%%", library_names[index], tally.allocations,
               percent(tally.cross_frees, tally.frees));
        if (interpose_found(library)) {
            printf(" %15" PRIu64 " %7.3f%%", direct,
                   percent(tally.allocations, tally.allocations + direct));
        }
        printf("\n");
    }
    if (interpose_counts()) {
        printf("Past corral: calls of malloc and its like from the library's own code. All other\n"
               "code, the C library included, made %" PRIu64 " in the same rounds.\n",
               totals->direct[LIBRARIES]);
    } else {
        printf("Calls past corral are not counted in this build.\n");
    }
}

static double per_second(uint64_t number, double seconds) {
    return seconds > 0 ? (double)number / seconds : 0;
}

static void print_rate(const char *name, double corral, double system) {
    printf("%-28s %12.0f %12.0f %8.3f\n", name, corral, system, system > 0 ? corral / system : 0);
}

static uint64_t calls_of(enum backend_index backend) {
    uint64_t calls = 0;
    for (unsigned index = 0; index < CATEGORIES; index++) {
        const struct memory_tally tally = memory_tally_of(backend, (enum category)index);
        calls += tally.allocations + tally.frees + tally.resizes;
    }
    return calls;
}

static void print_rates(const struct totals *totals) {
    const double *seconds = totals->seconds;
    const double *cpu = totals->cpu_seconds;
    printf("\n%-28s %12s %12s %8s\n", "per second", "on corral", "on system", "ratio");
    for (unsigned work = 0; work < WORKS; work++) {
        print_rate(work_names[work],
                   per_second(totals->done[BACKEND_CORRAL][work], seconds[BACKEND_CORRAL]),
                   per_second(totals->done[BACKEND_SYSTEM][work], seconds[BACKEND_SYSTEM]));
    }
    const uint64_t corral = calls_of(BACKEND_CORRAL);
    const uint64_t system = calls_of(BACKEND_SYSTEM);
    print_rate("memory calls", per_second(corral, seconds[BACKEND_CORRAL]),
               per_second(system, seconds[BACKEND_SYSTEM]));
    print_rate("memory calls per CPU second", per_second(corral, cpu[BACKEND_CORRAL]),
               per_second(system, cpu[BACKEND_SYSTEM]));
    printf(
        "The libraries and the checks take most of the time, and the parts share the processors:\n"
        "a part that gains may take time from another, whose memory calls cost less or more.\n");
}

void report_tables(const struct totals *totals) {
    print_categories();
    print_libraries(totals);
    print_rates(totals);
    fflush(stdout);
}

static void check_used(const struct totals *totals) {
    for (unsigned index = 0; index < CATEGORIES; index++) {
        if (memory_tally_of(BACKEND_CORRAL, (enum category)index).frees == 0) {
            mismatch("idle", "%s was never used", category_table[index].name);
        }
    }
    for (unsigned backend = 0; backend < BACKENDS; backend++) {
        for (unsigned work = 0; work < WORKS; work++) {
            if (totals->done[backend][work] == 0) {
                mismatch("idle", "no %s on %s", work_names[work], backend_names[backend]);
            }
        }
    }
}

static void check_crossing(enum library library) {
    const struct memory_tally tally = memory_tally_of_library(BACKEND_CORRAL, library);
    const double share = percent(tally.cross_frees, tally.frees);
    if (share <= cross_percent_least) {
        mismatch("cross-thread", "%.1f %% of the frees of %s were on another thread", share,
                 library_names[library]);
    }
}

static void check_seen(const char *name, uint64_t through, uint64_t direct) {
    const double share = percent(through, through + direct);
    if (share < seen_percent_least) {
        mismatch("seen", "corral saw %.3f %% of the allocations of %s", share, name);
    }
}

void report_check_shares(const struct totals *totals) {
    static const enum library shared_objects[] = {LIBRARY_ENET, LIBRARY_LUA, LIBRARY_SQLITE,
                                                  LIBRARY_NGHTTP2};
    uint64_t through = 0;
    check_used(totals);
    check_crossing(LIBRARY_ENET);
    check_crossing(LIBRARY_PARTY);
    for (unsigned index = 0; index < LIBRARIES; index++) {
        through += memory_tally_of_library(BACKEND_CORRAL, (enum library)index).allocations;
    }
    for (unsigned index = 0; index < sizeof shared_objects / sizeof shared_objects[0]; index++) {
        const enum library library = shared_objects[index];
        const struct memory_tally tally = memory_tally_of_library(BACKEND_CORRAL, library);
        if (interpose_counts() && !interpose_found(library)) {
            mismatch("seen", "the code of %s is not found", library_names[library]);
        }
        check_seen(library_names[library], tally.allocations, totals->direct[library]);
    }
    check_seen("the process", through, totals->direct[LIBRARIES]);
}
