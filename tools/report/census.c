/* SPDX-License-Identifier: MIT
 *
 * census: see census.h.
 *
 * Owns:     nothing.
 * Callers:  through census.h.
 * Promises: as census.h.
 * Does not: call qsort, which may call malloc.
 */
#include "census.h"

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

static bool is_before(const struct census *census, const struct census_live *one,
                      const struct census_live *other) {
    const corral_class_stats *a = census_class(census, one->class_index);
    const corral_class_stats *b = census_class(census, other->class_index);
    uint64_t a_id = census_category(census, one->category)->id;
    uint64_t b_id = census_category(census, other->category)->id;
    if (a->live_bytes != b->live_bytes) {
        return a->live_bytes > b->live_bytes;
    }
    return a_id != b_id ? a_id < b_id : one->class_index < other->class_index;
}

/* Lets the item at a place of a heap, whose root is what is to come last, sink to where it belongs. */
static void sink(const struct census *census, size_t at, size_t count) {
    struct census_live *heap = census->live.items;
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && is_before(census, &heap[child], &heap[child + 1]);
        if (!is_before(census, &heap[at], &heap[child])) {
            return;
        }
        struct census_live moved = heap[at];
        heap[at] = heap[child];
        heap[child] = moved;
    }
}

static void sort_live(const struct census *census) {
    struct census_live *heap = census->live.items;
    size_t count = census->live.count;
    for (size_t at = count / 2; at-- > 0;) {
        sink(census, at, count);
    }
    while (count-- > 1) {
        struct census_live last = heap[0];
        heap[0] = heap[count];
        heap[count] = last;
        sink(census, 0, count);
    }
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
    sort_live(census);
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

void corral_report_census_free(struct census *census) {
    corral_report_room_free(&census->categories);
    corral_report_room_free(&census->classes);
    corral_report_room_free(&census->live);
}
