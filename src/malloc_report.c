/* SPDX-License-Identifier: MIT
 *
 * malloc_report: see malloc_report.h.
 *
 * Owns:     the library's start and end.
 * Callers:  the loader.
 * Promises: nothing is allocated on the way, so that the figures are those of the program.
 * Does not: disturb the program where the file cannot be written: a line says so, unless the directory is
 *           gone, as it is for a process that goes on after who asked.
 */
#define _GNU_SOURCE
#include "malloc_report.h"

#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART_SUFFIX ".part"
/* What is added to the directory, at most. */
#define NAME_ROOM sizeof "/4294967295" PART_SUFFIX

static char directory[PATH_MAX]; /* "": no request */

void corral_malloc_report_begin(void) {
    const char *value = secure_getenv(MALLOC_REPORT_VARIABLE);
    size_t length = value == NULL ? 0 : strlen(value);
    if (length != 0 && *value == '/' && length < sizeof directory) {
        memcpy(directory, value, length);
    }
}

/* What is written, and whether all of it was so far. */
struct output {
    int file;
    bool failed;
    uint32_t categories;
};

static void put(struct output *output, const void *data, size_t size) {
    const char *next = data;
    while (size > 0 && !output->failed) {
        ssize_t written = write(output->file, next, size);
        if (written >= 0) {
            next += written;
            size -= (size_t)written;
        } else {
            output->failed = errno != EINTR;
        }
    }
}

static void put_category(uint64_t id, const corral_stats *stats, size_t stats_size, void *argument) {
    struct output *output = argument;
    struct malloc_report_category category = {.id = id};
    memcpy(&category.stats, stats, stats_size);
    output->categories++;
    put(output, &category, sizeof category);
}

static void put_objects(struct output *output, const struct malloc_object *first,
                        struct malloc_report_head *head) {
    for (; first != NULL; first = first->next) {
        struct malloc_report_object object = {.id = first->id};
        strncpy(object.name, first->name, OBJECT_NAME_MAX);
        head->objects++;
        put(output, &object, sizeof object);
    }
}

/* The head is written last, when the rest has been counted. */
static bool write_report(int file) {
    struct output output = {.file = file};
    struct malloc_report_head head = {.magic = MALLOC_REPORT_MAGIC};
    output.failed = lseek(file, sizeof head, SEEK_SET) < 0;
    corral_visit_categories(put_category, &output);
    head.categories = output.categories;
    put_objects(&output, corral_malloc_objects(), &head);
    corral_total_stats(&head.total, sizeof head.total);
    strncpy(head.program, program_invocation_short_name, OBJECT_NAME_MAX);
    output.failed |= lseek(file, 0, SEEK_SET) < 0;
    put(&output, &head, sizeof head);
    return !output.failed;
}

static bool report_to(const char *part, const char *path) {
    int file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) {
        return false;
    }
    bool written = write_report(file);
    return close(file) == 0 && written && rename(part, path) == 0;
}

__attribute__((destructor)) static void end(void) {
    if (*directory == 0) {
        return;
    }
    char path[sizeof directory + NAME_ROOM], part[sizeof directory + NAME_ROOM];
    unsigned process = (unsigned)getpid();
    snprintf(path, sizeof path, "%s/%u", directory, process);
    snprintf(part, sizeof part, "%s/%u" PART_SUFFIX, directory, process);
    int kept = errno;
    if (!report_to(part, path) && errno != ENOENT) {
        struct report report;
        corral_report_begin(&report);
        corral_report_text(&report, "the figures could not be written to ");
        corral_report_text(&report, path);
        corral_report_end(&report);
    }
    errno = kept;
}

__attribute__((constructor)) static void begin(void) {
    corral_malloc_objects_begin();
    corral_malloc_report_begin();
}
