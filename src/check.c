/* SPDX-License-Identifier: MIT
 *
 * check: see check.h.
 *
 * Owns:     nothing.
 * Callers:  through check.h.
 * Promises: says what did not hold, and ends the process: corral's own state is not to be trusted.
 * Does not: return.
 */
#include "check.h"

#include "os.h"
#include "report.h"

_Noreturn void corral_check_failed(const char *expression, const char *file, int line) {
    struct report report;
    corral_report_begin(&report);
    corral_report_text(&report, "invariant does not hold: ");
    corral_report_text(&report, expression);
    corral_report_text(&report, " at ");
    corral_report_text(&report, file);
    corral_report_text(&report, ":");
    corral_report_number(&report, (uint64_t)line);
    corral_report_end(&report);
    corral_os_abort();
}
