/* SPDX-License-Identifier: MIT
 *
 * print: a census as text or as JSON.
 *
 * Owns:     both forms.
 * Callers:  one thread for each stream.
 * Promises: text is a choice of what JSON has.
 * Does not: flush the stream, or look at whether text could be written to it.
 */
#ifndef CORRAL_REPORT_PRINT_H
#define CORRAL_REPORT_PRINT_H

#include "census.h"

#include <corral/report.h>

void corral_report_print_figures_text(FILE *stream, const struct census *census);
void corral_report_print_leaks_text(FILE *stream, const struct census *census);

/* CORRAL_ENOMEM when there is no memory; nothing was written then. */
corral_status corral_report_print_figures_json(FILE *stream, const struct census *census);
corral_status corral_report_print_leaks_json(FILE *stream, const struct census *census);

#endif
