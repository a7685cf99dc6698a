/* SPDX-License-Identifier: MIT
 *
 * A stream whose text a test reads.
 *
 * Owns:     a temporary file between captured_begin and captured_end, which are a test's init and fini.
 * Callers:  a test's main thread.
 * Promises: after captured_begin nothing is allocated, unless the C library does.
 * Does not: report anything itself.
 */
#ifndef CORRAL_TESTS_REPORT_CAPTURED_H
#define CORRAL_TESTS_REPORT_CAPTURED_H

#include <stdio.h>

void captured_begin(void);
void captured_end(void);

/* The stream, empty again. */
FILE *captured_stream(void);
/* What was written to it since. */
const char *captured_text(void);

#endif
