/* SPDX-License-Identifier: MIT
 *
 * The game server: five libraries that take their memory from corral at the same time.
 *
 * Owns:     the options, the order of the rounds and the exit status.
 * Callers:  a person, through make demo, and the tests of the examples.
 * Promises: 0 when every check held, 1 when one did not and stderr names it, 2 when the program
 *           could not run. Rounds on corral and on the system's allocator take turns, each pair the
 *           other way round than the one before, so that neither gains by its place.
 * Does not: fail because of time: rates are shown and not judged.
 */
#define _GNU_SOURCE
#include "budgets.h"
#include "census.h"
#include "check.h"
#include "enet_part.h"
#include "http_part.h"
#include "interpose.h"
#include "party_part.h"
#include "record.h"
#include "report.h"
#include "shared.h"
#include "sqlite_part.h"
#include "worker_part.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 64 };

struct options {
    double seconds;
    unsigned rounds;
    uint64_t seed;
    const char *record; /* NULL: nothing is recorded */
};

static const struct part *const parts[] = {&sqlite_part, &worker_part, &enet_part, &http_part,
                                           &party_part};

static double cpu_seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void run_round(struct totals *totals, const struct options *options, unsigned number) {
    /* 0 1 1 0 0 1 1 0 ... */
    const enum backend_index backend = (number + 1) / 2 % 2 == 0 ? BACKEND_CORRAL : BACKEND_SYSTEM;
    static struct game_round round;
    round.seed = options->seed * 1000 + number / 2 + 1; /* the same for both of a pair */
    round.seconds = options->seconds / options->rounds;
    for (unsigned work = 0; work < WORKS; work++) {
        store_relaxed(&round.done[work], 0);
    }
    const bool records = options->record != NULL && number == 0;
    memory_use(backend);
    if (records) {
        record_begin();
    }
    report_round_begin(totals, number);
    uint64_t before[LIBRARIES + 1];
    for (unsigned library = 0; library <= LIBRARIES; library++) {
        before[library] = interpose_calls((enum library)library);
    }
    const double cpu_before = cpu_seconds_now();
    totals->seconds[backend] +=
        round_run(&round, parts, sizeof parts / sizeof parts[0], report_progress, census_take);
    totals->cpu_seconds[backend] += cpu_seconds_now() - cpu_before;
    for (unsigned library = 0; library <= LIBRARIES && backend == BACKEND_CORRAL; library++) {
        totals->direct[library] += interpose_calls((enum library)library) - before[library];
    }
    for (unsigned work = 0; work < WORKS; work++) {
        totals->done[backend][work] += load_relaxed(&round.done[work]);
    }
    report_round_end();
    census_check_empty();
    if (records) {
        record_end(options->record);
    }
}

static void print_usage(FILE *stream) {
    fprintf(stream,
            "usage: game_server [--seconds N] [--rounds N] [--seed N] [--record FILE]\n"
            "                   [--break CHECK]\n"
            "  --seconds N    how long to run in all (10)\n"
            "  --rounds N     rounds, half of them on corral; an even number up to %d (8)\n"
            "  --seed N       what the numbers at random begin with (1)\n"
            "  --record FILE  write a trace of the first round, for the benchmarks\n"
            "  --break CHECK  damage one thing, to see that the check finds it:\n                ",
            ROUNDS_MAX);
    for (unsigned which = 1; damage_name(which) != NULL; which++) {
        fprintf(stream, " %s%s", damage_name(which), which % 7 == 0 ? "\n                " : "");
    }
    fprintf(stream, "\n");
}

static bool take_option(struct options *options, int letter) {
    switch (letter) {
    case 's':
        options->seconds = strtod(optarg, NULL);
        return options->seconds > 0;
    case 'r':
        options->rounds = (unsigned)strtoul(optarg, NULL, 10);
        return options->rounds % 2 == 0 && options->rounds >= 2 && options->rounds <= ROUNDS_MAX;
    case 'e':
        options->seed = strtoull(optarg, NULL, 10);
        return true;
    case 'f':
        options->record = optarg;
        return true;
    case 'b':
        return damage_choose(optarg);
    case 'h':
        print_usage(stdout);
        exit(0);
    default:
        return false;
    }
}

static bool take_options(struct options *options, int count, char **arguments) {
    static const struct option names[] = {{"seconds", required_argument, NULL, 's'},
                                          {"rounds", required_argument, NULL, 'r'},
                                          {"seed", required_argument, NULL, 'e'},
                                          {"break", required_argument, NULL, 'b'},
                                          {"record", required_argument, NULL, 'f'},
                                          {"help", no_argument, NULL, 'h'},
                                          {NULL, 0, NULL, 0}};
    int letter;
    while ((letter = getopt_long(count, arguments, "h", names, NULL)) != -1) {
        if (!take_option(options, letter)) {
            return false;
        }
    }
    return optind == count;
}

int main(int count, char **arguments) {
    struct options options = {.seconds = 10, .rounds = 8, .seed = 1};
    if (!take_options(&options, count, arguments)) {
        print_usage(stderr);
        return 2;
    }
    interpose_start();
    budgets_set();
    struct totals totals = {.rounds = options.rounds};
    for (unsigned number = 0; number < options.rounds; number++) {
        run_round(&totals, &options, number);
    }
    report_tables(&totals);
    report_check_shares(&totals);
    budgets_check(options.rounds / 2);
    budgets_report_leaks();
    if (mismatch_count() != 0) {
        fprintf(stderr, "\ngame_server: %u mismatches\n", mismatch_count());
        return 1;
    }
    printf("\nEvery check held.\n");
    return 0;
}
