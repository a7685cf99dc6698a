/* SPDX-License-Identifier: MIT
 *
 * The schedule explorer: runs the scenarios' schedules and says what it found.
 *
 * Owns:     the command line.
 * Callers:  faults.py; a person, as explore [--scenario NAME] [--walks N] ... (see --help).
 * Promises: its status is 0 when every schedule passed, 1 when one failed, 2 when it was misused. Its
 *           lines are fields between tabs.
 * Does not: know a scenario.
 */
#define _GNU_SOURCE
#include "contention.h"
#include "schedule.h"
#include "states.h"
#include "stop.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Random schedules before a search. */
#define WALKS_BEFORE 400u

static struct {
    const char *scenario;
    unsigned preemptions, stale_reads;
    uint64_t walks, seed, most;
    bool list, sites, stop, stop_at, trace, all;
} options = {.preemptions = 3, .stale_reads = 1, .seed = 1};

static const struct option long_options[] = {
    {"scenario", required_argument, NULL, 's'},    {"preemptions", required_argument, NULL, 'p'},
    {"stale-reads", required_argument, NULL, 'r'}, {"walks", required_argument, NULL, 'w'},
    {"seed", required_argument, NULL, 'S'},        {"most", required_argument, NULL, 'm'},
    {"fault", required_argument, NULL, 'f'},       {"trace", no_argument, NULL, 't'},
    {"list", no_argument, NULL, 'l'},              {"sites", no_argument, NULL, 'i'},
    {"stop", no_argument, NULL, 'x'},              {"all", no_argument, NULL, 'a'},
    {"stop-at", required_argument, NULL, 'X'},     {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void help(FILE *file) {
    fputs("explore [--scenario NAME] [--preemptions N] [--stale-reads N] [--walks N] [--seed N]\n"
          "        [--most N] [--fault FILE:LINE:VERB:KIND] [--trace]\n"
          "        [--all]    follow schedules past states that were met before\n"
          "        [--stop-at FILE:LINE:VERB]    stop who comes there first, for ever\n"
          "explore --stop     stop each thread at each of its operations in turn, for ever\n"
          "explore --sites    list the operations in the source, with what a fault may take\n"
          "explore --list     list the scenarios\n",
          file);
}

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* Marks every site that was compiled from a place: FILE:LINE:VERB, and where a fault is seeded its
 * KIND. */
static void mark_sites(char *text, bool seed) {
    const char *file = strtok(text, ":"), *line = strtok(NULL, ":"), *verb = strtok(NULL, ":"),
               *kind = strtok(NULL, ":");
    if (verb == NULL || seed != (kind != NULL)) {
        help(stderr);
        exit(2);
    }
    unsigned fault = !seed                            ? FAULT_NONE
                     : strcmp(kind, "acquire") == 0   ? FAULT_NO_ACQUIRE
                     : strcmp(kind, "release") == 0   ? FAULT_NO_RELEASE
                                                      : FAULT_TORN;
    bool found = false;
    for (struct explore_site *site = __start_explore_sites; site < __stop_explore_sites; site++) {
        if (site->line == atoi(line) && strcmp(site->verb, verb) == 0 &&
            strcmp(base_name(site->file), file) == 0) {
            site->fault = fault;
            site->stops = !seed;
            found = true;
        }
    }
    if (!found) {
        fprintf(stderr, "no such site\n");
        exit(2);
    }
}

static void read_options(int argc, char **argv) {
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        switch (c) {
        case 's': options.scenario = optarg; break;
        case 'p': options.preemptions = (unsigned)atoi(optarg); break;
        case 'r': options.stale_reads = (unsigned)atoi(optarg); break;
        case 'w': options.walks = strtoull(optarg, NULL, 0); break;
        case 'S': options.seed = strtoull(optarg, NULL, 0); break;
        case 'm': options.most = strtoull(optarg, NULL, 0); break;
        case 't': options.trace = true; break;
        case 'f': mark_sites(optarg, true); break;
        case 'X': mark_sites(optarg, false); options.stop_at = true; break;
        case 'l': options.list = true; break;
        case 'i': options.sites = true; break;
        case 'a': options.all = true; break;
        case 'x': options.stop = true; break;
        case 'h': help(stdout); exit(0);
        default: help(stderr); exit(2);
        }
    }
}

/* With --trace, the failed schedule runs once more and says what each thread does. */
int report_failure(const struct scenario *scenario, const struct plan *plan, uint64_t count) {
    printf("failed\t%s\t%llu\t%s\n", scenario->name, (unsigned long long)count, schedule.message);
    if (options.trace) {
        schedule.depth = schedule.length;
        struct plan whole = *plan;
        whole.prune = whole.resumes = false;
        schedule.tracing = true;
        schedule_run(scenario, &whole);
    }
    return 1;
}

static struct plan plan_of_options(void) {
    return (struct plan){.preemptions = options.preemptions, .stale_reads = options.stale_reads};
}

static int walk(const struct scenario *scenario, uint64_t count) {
    struct plan plan = {.preemptions = 1000, .stale_reads = 1000, .random = true};
    for (uint64_t i = 0; i < count; i++) {
        plan.seed = (options.seed + i) * UINT64_C(0x9E3779B97F4A7C15);
        schedule.depth = 0;
        schedule_run(scenario, &plan);
        if (schedule.failed) {
            return report_failure(scenario, &plan, i + 1);
        }
    }
    return 0;
}

/* Every schedule within the budgets. A few random ones find what is contended; whatever else turns out
 * to be begins the search anew. */
static int search(const struct scenario *scenario) {
    struct plan plan = plan_of_options();
    plan.prune = !options.all;
    if (scenario->most != 0 && plan.preemptions > scenario->most) {
        plan.preemptions = scenario->most;
    }
    plan.resumes = true;
    plan.stops_at_sites = options.stop_at;
    uint64_t count = 0, restarts = 0;
    struct stops stops;
    stop_begin(scenario, 0, &stops);
    bool more = true;
    if (walk(scenario, WALKS_BEFORE) != 0) {
        return 1;
    }
    schedule.depth = 0;
    states_clear();
    contention_learned();
    while (more && (options.most == 0 || count < options.most)) {
        schedule_run(scenario, &plan);
        count++;
        if (schedule.failed) {
            return report_failure(scenario, &plan, count);
        }
        if (options.stop_at && !schedule.pruned && !stop_is_harmless(scenario, &stops)) {
            return 1;
        }
        more = true;
        if (contention_learned()) {
            restarts++;
            count = 0;
            states_clear();
            schedule.depth = 0;
        } else {
            more = schedule_advance();
        }
    }
    schedule_leave();
    if (options.stop_at) {
        stop_print(scenario, &stops);
    }
    printf("passed\t%s\t%llu\t%s\t%llu\t%llu\t%u\n", scenario->name, (unsigned long long)count,
           more ? "cut" : "all", (unsigned long long)restarts, (unsigned long long)states_count(),
           plan.preemptions);
    return 0;
}

/* The same choices must make the same accesses: else undo has missed something. */
static int check_undo(const struct scenario *scenario) {
    struct plan plan = plan_of_options();
    uint64_t traced = 0;
    for (unsigned i = 0; i < 4; i++) {
        schedule.depth = 0;
        schedule_run(scenario, &plan);
        if (schedule.failed) {
            return report_failure(scenario, &plan, 0);
        }
        if (i > 0 && schedule.traced != traced) {
            printf("failed\t%s\t0\tits schedules do not repeat\n", scenario->name);
            return 1;
        }
        traced = schedule.traced;
    }
    return 0;
}

static int run(const struct scenario *scenario) {
    schedule_set_up(scenario);
    if (options.stop) {
        return stop_all(scenario);
    }
    int failed = check_undo(scenario);
    if (failed == 0) {
        failed = options.walks != 0 ? walk(scenario, options.walks) : search(scenario);
    }
    if (failed == 0 && options.walks != 0) {
        printf("walked\t%s\t%llu\n", scenario->name, (unsigned long long)options.walks);
    }
    return failed;
}

static void print_sites(void) {
    for (struct explore_site *site = __start_explore_sites; site < __stop_explore_sites; site++) {
        printf("site\t%s:%d:%s\t%d\t%d\t%llu\t%d\n", base_name(site->file), site->line, site->verb,
               site->order, site->changes, (unsigned long long)site->visits, site->stopped_here);
    }
}

int main(int argc, char **argv) {
    read_options(argc, argv);
    setvbuf(stdout, NULL, _IOLBF, 0);
    world_begin();
    const struct scenario *found = NULL;
    for (unsigned list = 0; explore_scenarios[list] != NULL; list++) {
        for (unsigned i = 0; explore_scenarios[list][i] != NULL; i++) {
            const struct scenario *scenario = explore_scenarios[list][i];
            if (options.list) {
                printf("%s\t%s\n", scenario->name, scenario->what);
            }
            if (options.scenario != NULL && strcmp(options.scenario, scenario->name) == 0) {
                found = scenario;
            }
        }
    }
    if (options.scenario != NULL && found == NULL) {
        fprintf(stderr, "no scenario has that name; see --list\n");
        return 2;
    }
    int failed = found == NULL ? 0 : run(found);
    if (options.sites) {
        print_sites();
    }
    return failed;
}
