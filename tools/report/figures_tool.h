/* SPDX-License-Identifier: MIT
 *
 * figures_tool: what the parts of corral-figures share.
 *
 * Owns:     the program's exit statuses.
 * Callers:  figures_main.c and figures_print.c.
 * Promises: nothing but the shared file is looked at.
 * Does not: belong to libcorral-report.
 */
#ifndef CORRAL_REPORT_FIGURES_TOOL_H
#define CORRAL_REPORT_FIGURES_TOOL_H

#include <corral/report.h>
#include <corral/share.h>

enum {
    EXIT_FILE = 1,    /* it cannot be opened or read, or the figures cannot be printed */
    EXIT_FORMAT = 2,  /* it is not one of shared figures, or is damaged */
    EXIT_VERSION = 3, /* its layout has another version */
    EXIT_NOTHING = 4, /* no update of it has ended yet */
};                    /* and EX_USAGE, which is argp's */

/* Writes figures, which are flushed. CORRAL_ENOMEM when there is no memory: nothing was written then. The stream's own
 * faults are left to the caller. */
corral_status figures_print(FILE *stream, corral_report_format format, const corral_shared_figures *figures);

#endif
