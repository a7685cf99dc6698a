/* SPDX-License-Identifier: MIT
 *
 * doors: the public doors of libcorral-report.
 *
 * Owns:     the census while it is written.
 * Callers:  any thread.
 * Promises: as corral/report.h.
 * Does not: write by itself at the process's end: see at_exit.c.
 */
#include "doors.h"

#include "print.h"

bool corral_report_knows(corral_report_format format) {
    return format == CORRAL_REPORT_TEXT || format == CORRAL_REPORT_JSON;
}

/* What became of the stream, after what was printed. */
static corral_status finish(FILE *stream, corral_status printed) {
    bool flushed = fflush(stream) == 0;
    if (printed != CORRAL_OK) {
        return printed;
    }
    return flushed && !ferror(stream) ? CORRAL_OK : CORRAL_EINVAL;
}

static corral_status write_figures(FILE *stream, corral_report_format format, const struct census *census) {
    corral_status status = CORRAL_OK;
    if (format == CORRAL_REPORT_JSON) {
        status = corral_report_print_figures_json(stream, census);
    } else {
        corral_report_print_figures_text(stream, census);
    }
    return finish(stream, status);
}

corral_status corral_report_write_leaks(FILE *stream, corral_report_format format, const struct census *census) {
    corral_status status = CORRAL_OK;
    if (format == CORRAL_REPORT_JSON) {
        status = corral_report_print_leaks_json(stream, census);
    } else {
        corral_report_print_leaks_text(stream, census);
    }
    return finish(stream, status);
}

corral_status corral_report_figures(FILE *stream, corral_report_format format) {
    struct census census;
    if (stream == NULL || !corral_report_knows(format)) {
        return CORRAL_EINVAL;
    }
    if (!corral_report_census_take(&census)) {
        return CORRAL_ENOMEM;
    }
    corral_status status = write_figures(stream, format, &census);
    corral_report_census_free(&census);
    return status;
}

corral_status corral_report_leaks(FILE *stream, corral_report_format format, uint64_t *blocks) {
    struct census census;
    if (stream == NULL || !corral_report_knows(format)) {
        return CORRAL_EINVAL;
    }
    if (!corral_report_census_take_leaks(&census)) {
        return CORRAL_ENOMEM;
    }
    corral_status status = corral_report_write_leaks(stream, format, &census);
    if (status == CORRAL_OK && blocks != NULL) {
        *blocks = census.live_blocks;
    }
    corral_report_census_free(&census);
    return status;
}
