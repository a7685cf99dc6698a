/* SPDX-License-Identifier: MIT
 *
 * at_exit: what is live at the process's end.
 *
 * Owns:     who asked for it, and in which form.
 * Callers:  any thread; the loader, at the end.
 * Promises: as corral/report.h. errno is kept at the end.
 * Does not: open a file where nothing is live.
 */
#define _GNU_SOURCE
#include "doors.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The process that asked and the form, in one word; 0: none did. */
static _Atomic uint64_t asked;

static uint64_t word_of(corral_report_format format) {
    return (uint64_t)getpid() << 1 | (uint64_t)format;
}

corral_status corral_report_leaks_at_exit(corral_report_format format) {
    if (!corral_report_knows(format)) {
        return CORRAL_EINVAL;
    }
    atomic_store_explicit(&asked, word_of(format), memory_order_relaxed);
    return CORRAL_OK;
}

static void say(const char *path, int error) {
    fprintf(stderr, "corral: %s: what is live could not be written: %s\n", path, strerror(error));
}

static void write_to(const char *path, corral_report_format format, const struct census *census) {
    FILE *file = fopen(path, "we");
    if (file == NULL) {
        say(path, errno);
        return;
    }
    corral_status status = corral_report_write_leaks(file, format, census);
    int error = status == CORRAL_ENOMEM ? ENOMEM : errno;
    if (fclose(file) != 0 || status != CORRAL_OK) {
        say(path, status == CORRAL_OK ? errno : error);
    }
}

static void write_leaks(corral_report_format format) {
    struct census census;
    if (!corral_report_census_take_leaks(&census)) {
        fputs("corral: there is no memory to find what is live\n", stderr);
        return;
    }
    const char *path = secure_getenv("CORRAL_LEAKS");
    if (census.live_blocks != 0 && path != NULL && *path != 0) {
        write_to(path, format, &census);
    } else if (census.live_blocks != 0) {
        corral_report_write_leaks(stderr, format, &census);
    }
    corral_report_census_free(&census);
}

/* The lowest number that a program may use: after its other destructors. */
__attribute__((destructor(101))) static void end(void) {
    int kept = errno;
    uint64_t word = atomic_load_explicit(&asked, memory_order_relaxed);
    corral_report_format format = (word & 1) != 0 ? CORRAL_REPORT_JSON : CORRAL_REPORT_TEXT;
    if (word != 0 && word == word_of(format)) {
        write_leaks(format);
    }
    errno = kept;
}
