/* SPDX-License-Identifier: MIT
 *
 * print: as JSON, by jansson. The manual page has the names.
 *
 * Owns:     the names.
 * Callers:  through print.h.
 * Promises: numbers are numbers, in bytes, blocks and seconds; a name is never given another meaning.
 * Does not: print partly: what cannot be printed whole is a failure.
 */
#include "print.h"

#include <jansson.h>

static json_t *json_of(uint64_t number) {
    return json_integer((json_int_t)number);
}

static void set(json_t *object, const char *name, json_t *value) {
    if (json_object_set_new(object, name, value) != 0) {
        fail("out of memory");
    }
}

static void append(json_t *array, json_t *value) {
    if (json_array_append_new(array, value) != 0) {
        fail("out of memory");
    }
}

/* Of a text that is no UTF-8, only that there is one. */
static json_t *json_of_text(const char *text) {
    json_t *value = json_string(text);
    return value != NULL ? value : json_string("?");
}

static void set_stats(json_t *object, const corral_stats *stats) {
    set(object, "live_blocks", json_of(stats->live_blocks));
    set(object, "live_bytes", json_of(stats->live_bytes));
    set(object, "large_blocks", json_of(stats->large_blocks));
    set(object, "large_bytes", json_of(stats->large_bytes));
    set(object, "remote_blocks", json_of(stats->remote_blocks));
    set(object, "refills", json_of(stats->refills));
    set(object, "slabs", json_of(stats->slabs));
    set(object, "arenas", json_of(stats->arenas));
    set(object, "exact", json_boolean(stats->exact));
}

static json_t *json_of_category(const struct options *options, const struct process_report *report,
                                const struct malloc_report_category *category) {
    json_t *object = json_object(), *objects = json_array();
    const char *name = options_name_of(options, category->id);
    bool overflow = category->id > UINT32_MAX;
    set(object, "id", overflow ? json_null() : json_of(category->id));
    set(object, "name", overflow ? json_of_text("overflow")
                                 : name == NULL ? json_null() : json_of_text(name));
    for (uint32_t i = 0; i < report->head.objects; i++) {
        if (report->objects[i].id == category->id) {
            append(objects, json_of_text(report->objects[i].name));
        }
    }
    set(object, "objects", objects);
    set(object, "peak_bytes", json_of(category->stats.peak_bytes));
    set_stats(object, &category->stats);
    return object;
}

static json_t *json_of_process(const struct options *options, const struct process_report *report) {
    json_t *object = json_object(), *categories = json_array(), *total = json_object();
    set(object, "process", json_integer(report->process));
    set(object, "program", json_of_text(report->head.program));
    for (uint32_t i = 0; i < report->head.categories; i++) {
        append(categories, json_of_category(options, report, &report->categories[i]));
    }
    set(object, "categories", categories);
    set(total, "peak_bytes_at_most", json_of(print_peak_at_most(report)));
    set_stats(total, &report->head.total);
    set(object, "total", total);
    return object;
}

void print_json(FILE *file, const struct options *options, const struct reports *reports,
                const struct ending *ending) {
    json_t *object = json_object(), *processes = json_array();
    set(object, "version", json_integer(1));
    set(object, "process", json_integer(ending->process));
    set(object, "seconds", json_real(ending->seconds));
    set(object, "peak_rss_bytes", json_of(ending->peak_rss));
    set(object, "status", ending->signal == 0 ? json_integer(ending->status) : json_null());
    set(object, "signal", ending->signal == 0 ? json_null() : json_integer(ending->signal));
    for (size_t i = 0; i < reports->count; i++) {
        append(processes, json_of_process(options, &reports->list[i]));
    }
    set(object, "processes", processes);
    if (json_dumpf(object, file, JSON_INDENT(2)) != 0) {
        fail("the figures cannot be written");
    }
    fputc('\n', file);
    json_decref(object);
}
