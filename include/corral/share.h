/* SPDX-License-Identifier: MIT
 *
 * corral/share.h: the figures of all categories in a file that another process reads while this one runs. It
 * belongs to libcorral-report.
 *
 * Owns:     the file that is open for writing, one in a process; a reader until it is detached.
 * Callers:  each function says. C11 and C++17.
 * Promises: a reader stops no writer, and a writer that is stopped or killed anywhere stops no reader: it finds
 *           what was last written whole. A file that is damaged, cut off or not one of these gets a status.
 *           docs/figures.md has the layout.
 * Does not: write by itself: the program calls corral_report_share_update, say once a frame.
 */
#ifndef CORRAL_LIBCORRAL_SHARE_H
#define CORRAL_LIBCORRAL_SHARE_H

#include <corral/corral.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the layout. It is raised when what is there moves or gets another meaning; figures that are
 * new lie behind the others, and the size says how many there are. */
#define CORRAL_SHARE_VERSION 1
/* Most categories in a file, and bytes of a name with its final 0: longer ones are cut off. */
#define CORRAL_SHARE_CATEGORIES 16384
#define CORRAL_SHARE_NAME       48

typedef enum corral_share_status {
    CORRAL_SHARE_OK = 0,
    CORRAL_SHARE_EINVAL = 1,   /* an argument is not legal */
    CORRAL_SHARE_EFILE = 2,    /* the file cannot be made, opened or read: errno says why */
    CORRAL_SHARE_EFORMAT = 3,  /* the file is not one of shared figures */
    CORRAL_SHARE_EVERSION = 4, /* its layout has another version */
    CORRAL_SHARE_EDAMAGED = 5, /* it was cut off, or its sizes do not fit each other */
    CORRAL_SHARE_ENOMEM = 6,   /* there is no memory, or no room for the file */
    CORRAL_SHARE_ECLOSED = 7,  /* no file is open; or this is the child of a fork, whose parent's it is */
    CORRAL_SHARE_EBUSY = 8,    /* another thread is at it, or a file is open already; nothing was done */
    CORRAL_SHARE_ENOTHING = 9, /* nothing was written yet */
    CORRAL_SHARE_EOLD = 10,    /* no reading was consistent; what is given is the last one that was */
} corral_share_status;

/* A category, or the total of all. */
typedef struct corral_shared_category {
    uint64_t id; /* below 2^32, or CORRAL_MEMORY_TYPE_OVERFLOW; of the total 0 */
    char name[CORRAL_SHARE_NAME];
    uint64_t soft_budget, hard_budget; /* bytes; 0: none. Of the total, the process's */
    corral_stats stats;
} corral_shared_category;

/* What a reader was given. */
typedef struct corral_shared_figures {
    uint64_t sequence;   /* which update it is of, from 1 */
    uint64_t time_ns;    /* when that was, in nanoseconds since 1970 */
    uint64_t process;    /* whose figures they are */
    uint64_t count;      /* categories in the list */
    uint64_t omitted;    /* categories that found no room in the file */
    uint32_t unfinished; /* 1: a later update was begun and has not ended: it is going on, or its thread was
                            stopped or killed */
    uint32_t reserved;
    corral_shared_category total;
    const corral_shared_category *categories; /* the reader's, until its next call */
} corral_shared_figures;

/* Makes the file, in the place of one of shared figures that has the name. Its first update is the caller's to
 * make.
 *
 * name        a path when there is a '/' in it; else a name in /dev/shm, which does not begin with '.'.
 * categories  room for so many, from 1 to CORRAL_SHARE_CATEGORIES.
 * Returns CORRAL_SHARE_OK, _EINVAL, _EFILE, _ENOMEM, _EBUSY, or _EFORMAT when the name is that of something
 * else, which stays.
 * Thread role: any. Progress: may block in the OS. Calls the OS: yes. */
CORRAL_API corral_share_status corral_report_share_open(const char *name, size_t categories);

/* Writes the figures as they are now.
 *
 * Returns CORRAL_SHARE_OK; _ECLOSED; _EBUSY when another thread is opening, closing or updating: the call goes
 * away without waiting, and figures are as old as that thread's.
 * Thread role: any. Progress: lock-free, in time as corral_visit_categories. Calls the OS: to ask for the
 * process's number and the time. */
CORRAL_API corral_share_status corral_report_share_update(void);

/* Removes the name, unless it is another file's by now. Readers keep what they attached to.
 * Returns CORRAL_SHARE_OK, _ECLOSED or _EBUSY. Thread role: any. Progress: may block in the OS. Calls the OS:
 * yes. */
CORRAL_API corral_share_status corral_report_share_close(void);

typedef struct corral_report_reader corral_report_reader;

/* Opens the file for reading. It is never mapped, so cutting it off later harms nobody.
 *
 * name    as above.
 * reader  written when the call returns CORRAL_SHARE_OK.
 * Returns CORRAL_SHARE_OK, _EINVAL, _EFILE, _EFORMAT, _EVERSION, _EDAMAGED or _ENOMEM.
 * Thread role: any. Progress: may block in the OS. Calls the OS: yes. */
CORRAL_API corral_share_status corral_report_attach(const char *name, corral_report_reader **reader);

/* Reads the figures of the last update that ended.
 *
 * figures       written when the call returns CORRAL_SHARE_OK or _EOLD.
 * figures_size  sizeof(corral_shared_figures).
 * Returns CORRAL_SHARE_OK; _EOLD; _EINVAL; _ENOTHING; _EFILE; _EDAMAGED.
 * Thread role: one at a time for each reader. Progress: some tries, then _EOLD or _ENOTHING. Calls the OS:
 * yes. */
CORRAL_API corral_share_status corral_report_read(corral_report_reader *reader, corral_shared_figures *figures,
                                                  size_t figures_size);

/* Closes the file. reader: NULL is nothing. Thread role: the last call with the reader. Calls the OS: yes. */
CORRAL_API void corral_report_detach(corral_report_reader *reader);

#ifdef __cplusplus
}
#endif

#endif
