/* SPDX-License-Identifier: MIT
 *
 * sort: puts a list in order, where it is.
 *
 * Owns:     nothing.
 * Callers:  one thread for each list.
 * Promises: calls neither malloc, as qsort may, nor itself.
 * Does not: keep items that are equal in the order that they had.
 */
#ifndef CORRAL_REPORT_SORT_H
#define CORRAL_REPORT_SORT_H

#include "room.h"

#include <stdbool.h>

/* Items are at most so large. */
#define SORT_MOST 128

/* Does one item come before another? context: what was given to the sorting. */
typedef bool sort_is_before(const void *context, const void *one, const void *other);

/* Sorts the items of a list, each of `size` bytes. */
void corral_report_sort(struct room *room, size_t size, sort_is_before *is_before, const void *context);

#endif
