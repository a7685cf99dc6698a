/* SPDX-License-Identifier: MIT
 *
 * report: a line of text on the standard error stream, made without allocating.
 *
 * Owns:     the form of every message: "corral: " and one line.
 * Callers:  check, misuse, malloc. Any thread; each line is one write.
 * Promises: bounded: a line that is too long is cut.
 * Does not: decide what a message leads to.
 */
#ifndef CORRAL_REPORT_H
#define CORRAL_REPORT_H

#include <stddef.h>
#include <stdint.h>

struct report {
    char text[448];
    size_t length;
};

/* Begins a line. */
void corral_report_begin(struct report *report);
void corral_report_text(struct report *report, const char *text);
void corral_report_number(struct report *report, uint64_t number);
void corral_report_address(struct report *report, const void *address);
/* Ends the line and writes it. */
void corral_report_end(struct report *report);

#endif
