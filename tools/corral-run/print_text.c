/* SPDX-License-Identifier: MIT
 *
 * print: as text.
 *
 * Owns:     the columns.
 * Callers:  through print.h.
 * Promises: one line a category, the largest peak first.
 * Does not: keep to a width: a long name moves its line's figures.
 */
#define _GNU_SOURCE
#include "print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static double mebibytes(uint64_t bytes) {
    return (double)bytes / (1024 * 1024);
}

static int by_peak(const void *left, const void *right) {
    uint64_t a = ((const struct malloc_report_category *)left)->stats.peak_bytes;
    uint64_t b = ((const struct malloc_report_category *)right)->stats.peak_bytes;
    return (a < b) - (a > b);
}

uint64_t print_peak_at_most(const struct process_report *report) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < report->head.categories; i++) {
        sum += report->categories[i].stats.peak_bytes;
    }
    return sum;
}

static void print_line(FILE *file, const char *name, const corral_stats *stats, uint64_t peak) {
    fprintf(file,
            "  %-28s %12" PRIu64 " %10.2f %10.2f %8" PRIu64 " %8" PRIu64 " %10" PRIu64
            " %10" PRIu64 "%s\n",
            name, stats->live_blocks, mebibytes(stats->live_bytes), mebibytes(peak), stats->slabs,
            stats->large_blocks, stats->refills, stats->remote_blocks, stats->exact ? "" : "  near");
}

/* The names of a category: the configuration's, the objects' whose calls it has, its number. */
static void name_category(char *text, size_t size, const struct options *options,
                          const struct process_report *report, uint64_t id) {
    const char *name = options_name_of(options, id);
    size_t length;
    if (id > UINT32_MAX) {
        length = (size_t)snprintf(text, size, "overflow");
    } else {
        length = (size_t)snprintf(text, size, id < 1024 ? "%" PRIu64 : "0x%" PRIX64, id);
    }
    if (name != NULL && length < size) {
        length += (size_t)snprintf(text + length, size - length, " %s", name);
    }
    for (uint32_t i = 0; i < report->head.objects && length < size; i++) {
        if (report->objects[i].id == id) {
            length += (size_t)snprintf(text + length, size - length, " %s", report->objects[i].name);
        }
    }
}

static void print_process(FILE *file, const struct options *options,
                          const struct process_report *report) {
    const struct malloc_report_head *head = &report->head;
    fprintf(file, "%s, process %d\n", head->program, (int)report->process);
    fprintf(file, "  %-28s %12s %10s %10s %8s %8s %10s %10s\n", "category", "blocks live", "MiB live",
            "MiB peak", "slabs", "large", "refills", "remote");
    qsort(report->categories, head->categories, sizeof *report->categories, by_peak);
    for (uint32_t i = 0; i < head->categories; i++) {
        const struct malloc_report_category *category = &report->categories[i];
        char name[256];
        name_category(name, sizeof name, options, report, category->id);
        print_line(file, name, &category->stats, category->stats.peak_bytes);
    }
    if (head->categories > 1) {
        print_line(file, "all (the peak: at most)", &head->total, print_peak_at_most(report));
    }
}

void print_text(FILE *file, const struct options *options, const struct reports *reports,
                const struct ending *ending) {
    fprintf(file, "%.3f s, %.1f MiB resident at most, ", ending->seconds,
            mebibytes(ending->peak_rss));
    if (ending->signal != 0) {
        fprintf(file, "ended by signal %d (%s)\n", ending->signal, strsignal(ending->signal));
    } else {
        fprintf(file, "ended with status %d\n", ending->status);
    }
    if (reports->count == 0) {
        fputs("no figures: the program ended without its destructors, or is not of this kind "
              "(static, setuid)\n", file);
    }
    for (size_t i = 0; i < reports->count; i++) {
        print_process(file, options, &reports->list[i]);
    }
}
