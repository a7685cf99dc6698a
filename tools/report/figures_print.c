/* SPDX-License-Identifier: MIT
 *
 * figures_print: shared figures in the two forms of libcorral-report.
 *
 * Owns:     the line above the text.
 * Callers:  through figures_tool.h.
 * Promises: the forms are those of the report, since it prints them.
 * Does not: read the file.
 */
#define _GNU_SOURCE
#include "figures_tool.h"

#include "print.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static corral_category_options options_of(const corral_shared_category *category) {
    return (corral_category_options){
        .name = category->name[0] == 0 ? NULL : category->name,
        .soft_budget = category->soft_budget,
        .hard_budget = category->hard_budget,
    };
}

/* The figures as a census, which has no size classes. */
static bool take(struct census *census, const corral_shared_figures *figures) {
    *census = (struct census){.shared = figures, .total = figures->total.stats};
    census->process = options_of(&figures->total);
    struct census_category *list = calloc((size_t)figures->count + 1, sizeof *list);
    if (list == NULL) {
        return false;
    }
    for (size_t i = 0; i < figures->count; i++) {
        list[i].id = figures->categories[i].id;
        list[i].stats = figures->categories[i].stats;
        list[i].options = options_of(&figures->categories[i]);
    }
    census->categories.items = list;
    census->categories.count = (size_t)figures->count;
    return true;
}

static void print_head(FILE *stream, const corral_shared_figures *figures) {
    char text[64] = "at an unknown time";
    time_t seconds = (time_t)(figures->time_ns / 1000000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) != NULL) {
        strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    }
    double age = (double)time(NULL) - (double)seconds;
    fprintf(stream, "process %" PRIu64 ", update %" PRIu64 ", %s, %.0f s ago%s\n", figures->process,
            figures->sequence, text, age < 0 ? 0 : age,
            figures->unfinished ? "; a later update began and has not ended" : "");
    if (figures->omitted != 0) {
        fprintf(stream, "%" PRIu64 " more categories found no room in the file\n", figures->omitted);
    }
}

corral_status figures_print(FILE *stream, corral_report_format format, const corral_shared_figures *figures) {
    struct census census;
    corral_status status = CORRAL_OK;
    if (!take(&census, figures)) {
        return CORRAL_ENOMEM;
    }
    if (format == CORRAL_REPORT_JSON) {
        status = corral_report_print_figures_json(stream, &census);
    } else {
        print_head(stream, figures);
        corral_report_print_figures_text(stream, &census);
    }
    free(census.categories.items);
    fflush(stream);
    return status;
}
