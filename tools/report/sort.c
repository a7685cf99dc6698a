/* SPDX-License-Identifier: MIT
 *
 * sort: see sort.h.
 *
 * Owns:     nothing.
 * Callers:  through sort.h.
 * Promises: as sort.h.
 * Does not: look into an item.
 */
#include "sort.h"

#include <string.h>

struct heap {
    char *items;
    size_t size;
    sort_is_before *is_before;
    const void *context;
};

static void *item(const struct heap *heap, size_t at) {
    return heap->items + at * heap->size;
}

static bool is_before(const struct heap *heap, size_t one, size_t other) {
    return heap->is_before(heap->context, item(heap, one), item(heap, other));
}

static void swap(const struct heap *heap, size_t one, size_t other) {
    char kept[SORT_MOST];
    memcpy(kept, item(heap, one), heap->size);
    memcpy(item(heap, one), item(heap, other), heap->size);
    memcpy(item(heap, other), kept, heap->size);
}

/* Lets the item at a place of a heap, whose root is what is to come last, sink to where it belongs. */
static void sink(const struct heap *heap, size_t at, size_t count) {
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        child += child + 1 < count && is_before(heap, child, child + 1);
        if (!is_before(heap, at, child)) {
            return;
        }
        swap(heap, at, child);
    }
}

void corral_report_sort(struct room *room, size_t size, sort_is_before *comes_before, const void *context) {
    const struct heap heap = {.items = room->items, .size = size, .is_before = comes_before, .context = context};
    size_t count = room->count;
    for (size_t at = count / 2; at-- > 0;) {
        sink(&heap, at, count);
    }
    while (count > 1) {
        swap(&heap, 0, --count);
        sink(&heap, 0, count);
    }
}
