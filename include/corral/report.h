/* SPDX-License-Identifier: MIT
 *
 * corral/report.h: the figures of all categories, and what is still live, as text or as JSON. It belongs to
 * libcorral-report, a library beside corral, which needs jansson.
 *
 * Owns:     the two forms, and whether something is written at the process's end. docs/figures.md has both
 *           forms; JSON's is the stable one.
 * Callers:  any thread, at any time. C11 and C++17.
 * Promises: the figures are taken first and written then, and taking them allocates nothing of corral's: what
 *           writing allocates is not in them, not even where corral is the program's malloc.
 * Does not: stop other threads: figures that they change meanwhile are near. Know who allocated a block, but for
 *           those of corral/origin.h.
 *
 * Where corral is the program's malloc (libcorral-malloc), what the C library and other libraries hold until
 * the process's end is live then, and is reported.
 */
#ifndef CORRAL_LIBCORRAL_REPORT_H
#define CORRAL_LIBCORRAL_REPORT_H

#include <corral/corral.h>

#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of what JSON says. It is raised when a name goes or gets another meaning, not for a new one. */
#define CORRAL_REPORT_VERSION 1

typedef enum corral_report_format {
    CORRAL_REPORT_TEXT = 0, /* aligned columns, for people */
    CORRAL_REPORT_JSON = 1, /* one object, indented, and an end of line */
} corral_report_format;

/* Writes the figures of each category that something was allocated in, with its name and budgets and its size
 * classes; and the total.
 *
 * stream  is flushed at the end.
 * Returns CORRAL_OK; CORRAL_EINVAL when stream is NULL, format is not one of those above, or the stream
 * cannot be written, or had an error before: part of it may have been written then; CORRAL_ENOMEM when there
 * is no memory: nothing was written then, unless it was the stream's own.
 * Thread role: any. Progress: as the C library's streams and malloc, which may wait. Calls the OS: for
 * memory, and to write. */
CORRAL_API corral_status corral_report_figures(FILE *stream, corral_report_format format);

/* Writes what is live, by category and size class, those with most bytes first; as text, "nothing is live"
 * where nothing is. And of categories that keep origins (corral/configure.h), by the file and line that asked for it,
 * the oldest first.
 *
 * blocks  how many blocks are live: written where the call returns CORRAL_OK; NULL: it is not wanted.
 * As corral_report_figures. */
CORRAL_API corral_status corral_report_leaks(FILE *stream, corral_report_format format, uint64_t *blocks);

/* Writes, at the end of this process, what is live then, if anything is: as corral_report_leaks, to the file
 * that CORRAL_LEAKS names in the environment then, which is written anew, or, where it names none, to the
 * standard error stream. The variable is ignored in programs that were given rights which their caller lacks
 * (secure_getenv). A file that cannot be written is said on the standard error stream.
 *
 * The end is exit, or the return of main; after what atexit was given, and destructors of static objects. One
 * by a signal, _exit or abort writes nothing. Neither does a child of a fork, unless it calls this
 * itself.
 *
 * format  that of the last call.
 * Returns CORRAL_OK; CORRAL_EINVAL when format is not one of those above.
 * Thread role: any. Progress: wait-free. Calls the OS: no. */
CORRAL_API corral_status corral_report_leaks_at_exit(corral_report_format format);

#ifdef __cplusplus
}
#endif

#endif
