/* SPDX-License-Identifier: MIT
 *
 * doors: what the public doors share.
 *
 * Owns:     nothing.
 * Callers:  the public functions.
 * Promises: a census is written as corral/report.h says.
 * Does not: take the census.
 */
#ifndef CORRAL_REPORT_DOORS_H
#define CORRAL_REPORT_DOORS_H

#include "census.h"

#include <corral/report.h>

/* Is it one of the two? */
bool corral_report_knows(corral_report_format format);
/* Writes what is live. */
corral_status corral_report_write_leaks(FILE *stream, corral_report_format format, const struct census *census);

#endif
