/* SPDX-License-Identifier: MIT
 *
 * places: where live blocks were asked for, each file and line with what it has.
 *
 * Owns:     what a census says of them.
 * Callers:  one thread for each census.
 * Promises: memory for each different place, not for each block. Files are compared by their text.
 * Does not: copy that text: see corral/origin.h.
 */
#ifndef CORRAL_REPORT_PLACES_H
#define CORRAL_REPORT_PLACES_H

#include "census.h"

/* A place, in a category. While they are gathered, also a node of a tree by hash. */
struct place {
    uint64_t hash;
    size_t lower, upper; /* places; 0: none, since that is the root */
    size_t category;     /* in the census's list */
    const char *file;    /* NULL: the records were written over */
    uint32_t line;
    uint64_t oldest;     /* the lowest number of a block; UINT64_MAX where there is no file */
    uint64_t live_blocks, live_bytes, asked_bytes;
};

/* Finds the places of a census's categories, the oldest first. False when there is no memory. */
bool corral_report_places_find(struct census *census);

static inline const struct place *census_place(const struct census *census, size_t at) {
    return (const struct place *)census->places.items + at;
}

#endif
