/* SPDX-License-Identifier: MIT
 *
 * malloc_report: the figures of a process, written to a file at its end.
 *
 * Owns:     the format of the file, which only a program of the same version reads: corral-run.
 * Callers:  the library's start and end; tools/corral-run reads.
 * Promises: a file appears whole or not at all, named by the process's number: DIRECTORY/PID. A process
 *           that loads another program is one process, whose last report stays. The end is that of this
 *           library: what other libraries free in their destructors is live still.
 * Does not: report of a process that ends by a signal, or by _exit and the like, which run no destructors.
 *
 * The file is a head, then so many categories, then so many objects.
 */
#ifndef CORRAL_MALLOC_REPORT_H
#define CORRAL_MALLOC_REPORT_H

#include "malloc_objects.h"

#include <corral/corral.h>

/* The directory, an absolute path. */
#define MALLOC_REPORT_VARIABLE "CORRAL_MALLOC_REPORT"
#define MALLOC_REPORT_MAGIC    UINT64_C(0x335452434F525243) /* of this format: another one has another */

struct malloc_report_head {
    uint64_t magic;
    uint32_t categories, objects;
    corral_stats total;
    char program[OBJECT_NAME_MAX + 1]; /* as the program was called, without its directory; ended by 0 */
};

struct malloc_report_category {
    uint64_t id;
    corral_stats stats;
};

struct malloc_report_object {
    uint32_t id;
    char name[OBJECT_NAME_MAX + 1]; /* ended by 0 */
};

/* Takes up the request in the environment, as the one for objects. */
void corral_malloc_report_begin(void);

#endif
