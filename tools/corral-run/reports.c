/* SPDX-License-Identifier: MIT
 *
 * reports: see reports.h.
 *
 * Owns:     nothing else.
 * Callers:  through reports.h.
 * Promises: counts in a file are not believed beyond the file's size.
 * Does not: follow links.
 */
#define _GNU_SOURCE
#include "reports.h"

#include "options.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory_made[sizeof ((struct reports *)NULL)->directory];

/* The directory and what is in it. */
static void remove_directory(void) {
    DIR *directory = opendir(directory_made);
    if (directory != NULL) {
        for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
            unlinkat(dirfd(directory), entry->d_name, 0); /* fails for the directory itself */
        }
        closedir(directory);
    }
    rmdir(directory_made);
}

void reports_begin(struct reports *reports) {
    const char *place = getenv("TMPDIR");
    *reports = (struct reports){0};
    size_t length = (size_t)snprintf(reports->directory, sizeof reports->directory, "%s/corral-run-XXXXXX",
                                     place == NULL || *place != '/' ? "/tmp" : place);
    if (length >= sizeof reports->directory || mkdtemp(reports->directory) == NULL) {
        fail_errno("%s", reports->directory);
    }
    memcpy(directory_made, reports->directory, sizeof directory_made);
    if (atexit(remove_directory) != 0) {
        remove_directory();
        fail("out of memory");
    }
}

/* `count` pieces of `size` bytes; NULL when the file has fewer. */
static void *read_pieces(FILE *file, size_t count, size_t size) {
    void *pieces = calloc(count + 1, size);
    if (pieces == NULL) {
        fail("out of memory");
    }
    if (fread(pieces, size, count, file) != count) {
        free(pieces);
        return NULL;
    }
    return pieces;
}

static bool is_whole(FILE *file, const struct malloc_report_head *head) {
    struct stat status;
    return head->magic == MALLOC_REPORT_MAGIC && fstat(fileno(file), &status) == 0 &&
           (uint64_t)status.st_size ==
               sizeof *head + head->categories * (uint64_t)sizeof(struct malloc_report_category) +
                   head->objects * (uint64_t)sizeof(struct malloc_report_object);
}

static bool read_report(FILE *file, struct process_report *report) {
    if (fread(&report->head, sizeof report->head, 1, file) != 1 || !is_whole(file, &report->head)) {
        return false;
    }
    report->categories = read_pieces(file, report->head.categories, sizeof *report->categories);
    report->objects = read_pieces(file, report->head.objects, sizeof *report->objects);
    return report->categories != NULL && report->objects != NULL;
}

static void take(struct reports *reports, int directory, const char *name, pid_t process) {
    int descriptor = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "r");
    struct process_report report = {.process = process};
    if (file == NULL || !read_report(file, &report)) {
        fprintf(stderr, "corral-run: the figures of process %d cannot be read\n", (int)process);
    } else {
        size_t bytes = (reports->count + 1) * sizeof report;
        struct process_report *list = realloc(reports->list, bytes);
        if (list == NULL) {
            fail("out of memory");
        }
        reports->list = list;
        reports->list[reports->count++] = report;
    }
    if (file != NULL) {
        fclose(file);
    }
}

static int by_number(const void *left, const void *right) {
    pid_t a = ((const struct process_report *)left)->process;
    pid_t b = ((const struct process_report *)right)->process;
    return (a > b) - (a < b);
}

void reports_read(struct reports *reports, pid_t process) {
    DIR *directory = opendir(reports->directory);
    if (directory == NULL) {
        fail_errno("%s", reports->directory);
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char *end;
        pid_t number = (pid_t)strtol(entry->d_name, &end, 10);
        if (end != entry->d_name && *end == 0 && (process == 0 || process == number)) {
            take(reports, dirfd(directory), entry->d_name, number);
        }
    }
    closedir(directory);
    if (reports->count > 0) {
        qsort(reports->list, reports->count, sizeof *reports->list, by_number);
    }
}
