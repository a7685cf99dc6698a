/* SPDX-License-Identifier: MIT
 *
 * print: as JSON, by jansson. docs/figures.md has the names.
 *
 * Owns:     the names.
 * Callers:  through print.h.
 * Promises: numbers are numbers, in bytes and blocks. Nothing is written unless all of it could be made.
 * Does not: tell a category by its name: two may have the same. Their ids differ.
 */
#include "name.h"
#include "places.h"
#include "print.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *json_of(uint64_t number) {
    return json_integer((json_int_t)number);
}

/* Any of the values may be NULL, where there was no memory; then the whole is nothing. */
static void set(json_t **object, const char *name, json_t *value) {
    if (*object == NULL) {
        json_decref(value);
    } else if (json_object_set_new(*object, name, value) != 0) {
        json_decref(*object);
        *object = NULL;
    }
}

static void append(json_t **array, json_t *value) {
    if (*array == NULL) {
        json_decref(value);
    } else if (json_array_append_new(*array, value) != 0) {
        json_decref(*array);
        *array = NULL;
    }
}

static json_t *json_of_name(const char *name) {
    char text[NAME_ROOM];
    if (name == NULL) {
        return json_null();
    }
    corral_report_name_for_json(name, text);
    return json_string(text);
}

static json_t *json_of_budget(uint64_t bytes) {
    return bytes == 0 ? json_null() : json_of(bytes);
}

static void set_who(json_t **object, const struct census_category *category) {
    set(object, "id", category->id > UINT32_MAX ? json_null() : json_of(category->id));
    set(object, "name", json_of_name(category->options.name));
}

static json_t *json_of_size(const corral_class_stats *stats) {
    return stats->block_bytes == 0 ? json_null() : json_of(stats->block_bytes);
}

static json_t *json_of_class(const corral_class_stats *stats) {
    json_t *object = json_object();
    set(&object, "block_bytes", json_of_size(stats));
    set(&object, "live_blocks", json_of(stats->live_blocks));
    set(&object, "live_bytes", json_of(stats->live_bytes));
    set(&object, "slabs", json_of(stats->slabs));
    set(&object, "refills", json_of(stats->refills));
    set(&object, "remote_blocks", json_of(stats->remote_blocks));
    return object;
}

static void set_stats(json_t **object, const corral_stats *stats, const corral_category_options *options) {
    set(object, "soft_budget", json_of_budget(options->soft_budget));
    set(object, "hard_budget", json_of_budget(options->hard_budget));
    set(object, "live_blocks", json_of(stats->live_blocks));
    set(object, "live_bytes", json_of(stats->live_bytes));
    set(object, "peak_bytes", json_of(stats->peak_bytes));
    set(object, "large_blocks", json_of(stats->large_blocks));
    set(object, "large_bytes", json_of(stats->large_bytes));
    set(object, "slabs", json_of(stats->slabs));
    set(object, "slab_bytes", json_of(stats->slab_bytes));
    set(object, "shelved_slabs", json_of(stats->shelved_slabs));
    set(object, "held_slabs", json_of(stats->held_slabs));
    set(object, "kept_bytes", json_of(stats->kept_bytes));
    set(object, "committed_bytes", json_of(stats->committed_bytes));
    set(object, "arenas", json_of(stats->arenas));
    set(object, "reserved_bytes", json_of(stats->reserved_bytes));
    set(object, "refills", json_of(stats->refills));
    set(object, "remote_blocks", json_of(stats->remote_blocks));
    set(object, "failed", json_of(stats->failed));
    set(object, "allocations", json_of(stats->allocations));
    set(object, "frees", json_of(stats->frees));
    set(object, "requested_bytes", json_of(stats->requested_bytes));
    set(object, "exact", json_boolean(stats->exact));
}

static json_t *json_of_category(const struct census *census, const struct census_category *category) {
    json_t *object = json_object();
    set_who(&object, category);
    set_stats(&object, &category->stats, &category->options);
    if (census->shared == NULL) {
        json_t *classes = json_array();
        for (size_t i = 0; i < category->classes; i++) {
            append(&classes, json_of_class(census_class(census, category->first + i)));
        }
        set(&object, "classes", classes);
    }
    return object;
}

/* Whose figures they are, and of when. */
static void set_shared(json_t **object, const corral_shared_figures *shared) {
    set(object, "process", json_of(shared->process));
    set(object, "sequence", json_of(shared->sequence));
    set(object, "time_ns", json_of(shared->time_ns));
    set(object, "omitted", json_of(shared->omitted));
    set(object, "unfinished", json_boolean(shared->unfinished));
}

static json_t *begin(const char *kind) {
    json_t *object = json_object();
    set(&object, "version", json_integer(CORRAL_REPORT_VERSION));
    set(&object, "kind", json_string(kind));
    return object;
}

/* Writes the object, which is freed. */
static corral_status end(FILE *stream, json_t *object) {
    char *text = object == NULL ? NULL : json_dumps(object, JSON_INDENT(2));
    json_decref(object);
    if (text == NULL) {
        return CORRAL_ENOMEM;
    }
    fputs(text, stream);
    fputc('\n', stream);
    free(text);
    return CORRAL_OK;
}

corral_status corral_report_print_figures_json(FILE *stream, const struct census *census) {
    json_t *object = begin(census->shared == NULL ? "figures" : "shared");
    json_t *categories = json_array(), *total = json_object();
    if (census->shared != NULL) {
        set_shared(&object, census->shared);
    }
    for (size_t i = 0; i < census->categories.count; i++) {
        append(&categories, json_of_category(census, census_category(census, i)));
    }
    set(&object, "categories", categories);
    set_stats(&total, &census->total, &census->process);
    set(&total, "overflow_ids", json_of(census->total.overflow_ids));
    set(&object, "total", total);
    return end(stream, object);
}

static json_t *json_of_live(const struct census *census, const struct census_live *live) {
    const corral_class_stats *stats = census_class(census, live->class_index);
    json_t *object = json_object();
    set_who(&object, census_category(census, live->category));
    set(&object, "block_bytes", json_of_size(stats));
    set(&object, "live_blocks", json_of(stats->live_blocks));
    set(&object, "live_bytes", json_of(stats->live_bytes));
    set(&object, "without_origin", json_of(census_without_origin(census, live)));
    return object;
}

/* Names of files have any length. */
static json_t *json_of_file(const char *file) {
    char *text = malloc(3 * strlen(file) + 1);
    if (text == NULL) {
        return NULL;
    }
    corral_report_name_for_json(file, text);
    json_t *json = json_string(text);
    free(text);
    return json;
}

static json_t *json_of_place(const struct census *census, const struct place *place) {
    json_t *object = json_object();
    bool known = place->file != NULL;
    set_who(&object, census_category(census, place->category));
    set(&object, "file", known ? json_of_file(place->file) : json_null());
    set(&object, "line", known ? json_of(place->line) : json_null());
    set(&object, "live_blocks", json_of(place->live_blocks));
    set(&object, "live_bytes", json_of(place->live_bytes));
    set(&object, "asked_bytes", known ? json_of(place->asked_bytes) : json_null());
    set(&object, "oldest", known ? json_of(place->oldest) : json_null());
    return object;
}

corral_status corral_report_print_leaks_json(FILE *stream, const struct census *census) {
    json_t *object = begin("leaks"), *list = json_array(), *places = json_array();
    for (size_t i = 0; i < census->live.count; i++) {
        append(&list, json_of_live(census, census_live(census, i)));
    }
    set(&object, "live_blocks", json_of(census->live_blocks));
    set(&object, "live_bytes", json_of(census->live_bytes));
    set(&object, "exact", json_boolean(census->total.exact));
    set(&object, "live", list);
    for (size_t i = 0; i < census->places.count; i++) {
        append(&places, json_of_place(census, census_place(census, i)));
    }
    set(&object, "origins", places);
    return end(stream, object);
}
