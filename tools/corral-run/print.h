/* SPDX-License-Identifier: MIT
 *
 * print: the figures of a run, as text or as JSON.
 *
 * Owns:     both forms. JSON's is the stable one.
 * Callers:  main.
 * Promises: text is a choice of what JSON has.
 * Does not: open files.
 */
#ifndef CORRAL_RUN_PRINT_H
#define CORRAL_RUN_PRINT_H

#include "options.h"
#include "reports.h"

#include <stdio.h>

/* How the program ended. */
struct ending {
    pid_t process;
    int status;           /* its exit status; -1 when a signal ended it */
    int signal;           /* that signal, or 0 */
    double seconds;       /* from its start to its end */
    uint64_t peak_rss;    /* bytes, of the largest of its processes that it waited for, and not less than
                             what corral-run itself had when it started the program */
};

void print_text(FILE *file, const struct options *options, const struct reports *reports,
                const struct ending *ending);
void print_json(FILE *file, const struct options *options, const struct reports *reports,
                const struct ending *ending);

/* The sum of the categories' peaks: the process's peak was at most that. */
uint64_t print_peak_at_most(const struct process_report *report);

#endif
