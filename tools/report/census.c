/* SPDX-License-Identifier: MIT
 *
 * census: see census.h.
 *
 * Owns:     nothing.
 * Callers:  through census.h.
 * Promises: as census.h.
 * Does not: find places (places.c) unless leaks are wanted.
 */
#include "places.h"
#include "sort.h"

#include <string.h>

/* What the library that runs tells, as far as both know the struct. */
static void copy(void *to, size_t room, const void *from, size_t size) {
    memcpy(to, from, size < room ? size : room);
}

static void take_class(const corral_class_stats *stats, size_t stats_size, void *argument) {
    struct census *census = argument;
    corral_class_stats *to = corral_report_room_add(&census->classes, sizeof *to);
    if (to == NULL) {
        census->failed = true;
        return;
    }
    copy(to, sizeof *to, stats, stats_size);
}

static void take_category(uint64_t id, const corral_stats *stats, size_t stats_size, void *argument) {
    struct census *census = argument;
    struct census_category *to = corral_report_room_add(&census->categories, sizeof *to);
    if (to == NULL) {
        census->failed = true;
        return;
    }
    to->id = id;
    copy(&to->stats, sizeof to->stats, stats, stats_size);
    if (id <= UINT32_MAX) {
        corral_category_options_of((uint32_t)id, &to->options, sizeof to->options);
    }
    to->first = census->classes.count;
    corral_visit_classes(id, take_class, census);
    to->classes = census->classes.count - to->first;
}

static bool is_before(const void *context, const void *one, const void *other) {
    const struct census *census = context;
    const struct census_live *first = one, *second = other;
    const corral_class_stats *a = census_class(census, first->class_index);
    const corral_class_stats *b = census_class(census, second->class_index);
    uint64_t a_id = census_category(census, first->category)->id;
    uint64_t b_id = census_category(census, second->category)->id;
    if (a->live_bytes != b->live_bytes) {
        return a->live_bytes > b->live_bytes;
    }
    return a_id != b_id ? a_id < b_id : first->class_index < second->class_index;
}

static void list_live(struct census *census) {
    for (size_t i = 0; i < census->categories.count; i++) {
        const struct census_category *category = census_category(census, i);
        for (size_t at = category->first; at < category->first + category->classes; at++) {
            const corral_class_stats *stats = census_class(census, at);
            struct census_live *live =
                stats->live_blocks == 0 ? NULL : corral_report_room_add(&census->live, sizeof *live);
            if (live != NULL) {
                *live = (struct census_live){.category = i, .class_index = at};
                census->live_blocks += stats->live_blocks;
                census->live_bytes += stats->live_bytes;
            } else if (stats->live_blocks != 0) {
                census->failed = true;
            }
        }
    }
    corral_report_sort(&census->live, sizeof(struct census_live), is_before, census);
}

bool corral_report_census_take(struct census *census) {
    *census = (struct census){0};
    corral_total_stats(&census->total, sizeof census->total);
    corral_visit_categories(take_category, census);
    corral_process_options_of(&census->process, sizeof census->process);
    list_live(census);
    if (census->failed) {
        corral_report_census_free(census);
        return false;
    }
    return true;
}

bool corral_report_census_take_leaks(struct census *census) {
    bool taken = corral_report_census_take(census);
    if (taken && !corral_report_places_find(census)) {
        corral_report_census_free(census);
        return false;
    }
    return taken;
}

void corral_report_census_free(struct census *census) {
    corral_report_room_free(&census->places);
    corral_report_room_free(&census->with_origin);
    corral_report_room_free(&census->categories);
    corral_report_room_free(&census->classes);
    corral_report_room_free(&census->live);
}
