/* SPDX-License-Identifier: MIT
 *
 * census: the figures of all categories and their size classes, as they were at one time.
 *
 * Owns:     the lists until they are freed.
 * Callers:  one thread for each census.
 * Promises: taking one allocates nothing by malloc or corral.
 * Does not: stop other threads: its parts are of times near each other.
 */
#ifndef CORRAL_REPORT_CENSUS_H
#define CORRAL_REPORT_CENSUS_H

#include "room.h"

#include <corral/configure.h>
#include <corral/share.h>

#include <stdbool.h>

struct census_category {
    uint64_t id; /* below 2^32, or CORRAL_MEMORY_TYPE_OVERFLOW */
    corral_stats stats;
    corral_category_options options; /* of the overflow category, zeros */
    size_t first, classes;           /* its size classes in the list of them */
};

/* What is live of a size class. */
struct census_live {
    size_t category, class_index; /* in the lists */
};

struct census {
    struct room categories, classes; /* struct census_category, corral_class_stats */
    struct room live;                /* struct census_live: most bytes first, then lowest id */
    uint64_t live_blocks, live_bytes; /* of that list */
    struct room places;              /* of leaks, struct place (places.h): the oldest first */
    struct room with_origin;         /* of leaks, uint64_t: blocks of each class that places have */
    corral_stats total;
    corral_category_options process;
    const corral_shared_figures *shared; /* what another process shared; NULL: the figures are of this one */
    bool failed; /* there was no memory */
};

/* Takes a census. False when there is no memory: then there is nothing to be freed. */
bool corral_report_census_take(struct census *census);
/* The same, and where what is live was asked for. */
bool corral_report_census_take_leaks(struct census *census);
void corral_report_census_free(struct census *census);

static inline const struct census_category *census_category(const struct census *census, size_t at) {
    return (const struct census_category *)census->categories.items + at;
}

static inline const corral_class_stats *census_class(const struct census *census, size_t at) {
    return (const corral_class_stats *)census->classes.items + at;
}

static inline const struct census_live *census_live(const struct census *census, size_t at) {
    return (const struct census_live *)census->live.items + at;
}

/* Of what is live of a size class, the blocks that no place has. Where others allocate meanwhile, near. */
static inline uint64_t census_without_origin(const struct census *census, const struct census_live *live) {
    uint64_t blocks = census_class(census, live->class_index)->live_blocks;
    uint64_t with = ((const uint64_t *)census->with_origin.items)[live->class_index];
    return with < blocks ? blocks - with : 0;
}

#endif
