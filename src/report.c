/* SPDX-License-Identifier: MIT
 *
 * report: see report.h.
 *
 * Owns:     nothing; the line lies in its caller's frame.
 * Callers:  through report.h.
 * Promises: no allocation, no lock, no stdio.
 * Does not: fail; what does not fit is cut.
 */
#include "report.h"

#include "os.h"

static void put(struct report *report, char letter) {
    /* One place is kept for the end of the line. */
    if (report->length + 1 < sizeof report->text) {
        report->text[report->length++] = letter;
    }
}

static void put_number(struct report *report, uint64_t number, unsigned base) {
    char digits[20];
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    while (count > 0) {
        put(report, digits[--count]);
    }
}

void corral_report_begin(struct report *report) {
    report->length = 0;
    corral_report_text(report, "corral: ");
}

void corral_report_text(struct report *report, const char *text) {
    for (; *text != '\0'; text++) {
        put(report, *text);
    }
}

void corral_report_number(struct report *report, uint64_t number) {
    put_number(report, number, 10);
}

void corral_report_address(struct report *report, const void *address) {
    corral_report_text(report, "0x");
    put_number(report, (uintptr_t)address, 16);
}

void corral_report_end(struct report *report) {
    report->text[report->length++] = '\n';
    corral_os_write_error(report->text, report->length);
}
