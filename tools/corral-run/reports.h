/* SPDX-License-Identifier: MIT
 *
 * reports: the directory in which processes leave their figures, and what is read of it.
 *
 * Owns:     the directory, and the memory of what was read.
 * Callers:  main makes, reads and removes; the printers look.
 * Promises: a report that is not whole, or of another version, is passed over with a line that says so.
 * Does not: wait for processes that still run.
 */
#ifndef CORRAL_RUN_REPORTS_H
#define CORRAL_RUN_REPORTS_H

#include "malloc_report.h"

#include <stdbool.h>
#include <sys/types.h>

struct process_report {
    pid_t process;
    struct malloc_report_head head;
    struct malloc_report_category *categories;
    struct malloc_report_object *objects;
};

struct reports {
    char directory[4096];
    struct process_report *list; /* by number */
    size_t count;
};

/* A new directory, in TMPDIR or /tmp, which is removed when this process exits. Called once. */
void reports_begin(struct reports *reports);
/* Reads the reports: of one process, or of all when it is 0. */
void reports_read(struct reports *reports, pid_t process);
#endif
