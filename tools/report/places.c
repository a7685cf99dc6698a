/* SPDX-License-Identifier: MIT
 *
 * places: see places.h.
 *
 * Owns:     nothing.
 * Callers:  through places.h.
 * Promises: as places.h.
 * Does not: balance the tree: its keys are hashes.
 */
#include "places.h"

#include "sort.h"

#include <corral/origin.h>

#include <string.h>

static struct place *place_at(const struct census *census, size_t at) {
    return (struct place *)census->places.items + at;
}

static uint64_t hash_of(const corral_origin *origin) {
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ origin->id << 32 ^ origin->line;
    for (const char *at = origin->file; at != NULL && *at != 0; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001B3);
    }
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static bool is_same(const struct place *place, const corral_origin *origin, size_t category) {
    bool files = place->file == NULL || origin->file == NULL ? place->file == origin->file
                                                             : strcmp(place->file, origin->file) == 0;
    return files && place->line == origin->line && place->category == category;
}

/* The place of a block, made if need be; NULL when there is no memory. */
static struct place *place_of(struct census *census, const corral_origin *origin, size_t category) {
    uint64_t hash = hash_of(origin);
    size_t at = 0, parent = 0;
    bool below = false;
    for (bool more = census->places.count > 0; more; more = at != 0) {
        struct place *place = place_at(census, at);
        if (place->hash == hash && is_same(place, origin, category)) {
            return place;
        }
        parent = at;
        below = hash < place->hash;
        at = below ? place->lower : place->upper;
    }
    struct place *made = corral_report_room_add(&census->places, sizeof *made);
    if (made == NULL) {
        return NULL;
    }
    *made = (struct place){.hash = hash, .category = category, .file = origin->file, .line = origin->line,
                           .oldest = UINT64_MAX};
    size_t number = census->places.count - 1;
    if (number != 0) {
        *(below ? &place_at(census, parent)->lower : &place_at(census, parent)->upper) = number;
    }
    return made;
}

/* The category of an id: mostly that of the block before. One that came into use since is none. */
static bool find_category(const struct census *census, uint64_t id, size_t *category) {
    size_t count = census->categories.count;
    if (*category < count && census_category(census, *category)->id == id) {
        return true;
    }
    for (*category = 0; *category < count; ++*category) {
        if (census_category(census, *category)->id == id) {
            return true;
        }
    }
    return false;
}

/* Of the blocks of a size class, one more has an origin. */
static void count_class(struct census *census, const struct census_category *category, const corral_origin *origin) {
    uint64_t bytes = origin->large ? 0 : origin->block_bytes;
    for (size_t i = category->first; i < category->first + category->classes; i++) {
        if (census_class(census, i)->block_bytes == bytes) {
            ((uint64_t *)census->with_origin.items)[i]++;
            return;
        }
    }
}

struct gathering {
    struct census *census;
    size_t category; /* of the last block */
};

static void take(const corral_origin *from, size_t size, void *argument) {
    struct gathering *gathering = argument;
    struct census *census = gathering->census;
    corral_origin origin = {0};
    memcpy(&origin, from, size < sizeof origin ? size : sizeof origin);
    if (census->failed || !find_category(census, origin.id, &gathering->category)) {
        return;
    }
    struct place *place = place_of(census, &origin, gathering->category);
    if (place == NULL) {
        census->failed = true;
        return;
    }
    count_class(census, census_category(census, gathering->category), &origin);
    place->live_blocks++;
    place->live_bytes += origin.block_bytes;
    place->asked_bytes += origin.size;
    if (origin.file != NULL && origin.number < place->oldest) {
        place->oldest = origin.number;
    }
}

static bool is_older(const void *context, const void *one, const void *other) {
    const struct place *a = one, *b = other;
    (void)context;
    return a->oldest != b->oldest ? a->oldest < b->oldest : a->category < b->category;
}

bool corral_report_places_find(struct census *census) {
    struct gathering gathering = {.census = census};
    for (size_t i = 0; i < census->classes.count; i++) {
        if (corral_report_room_add(&census->with_origin, sizeof(uint64_t)) == NULL) {
            return false;
        }
    }
    corral_visit_origins(CORRAL_MEMORY_TYPE_NONE, take, &gathering);
    _Static_assert(sizeof(struct place) <= SORT_MOST, "places can be sorted");
    corral_report_sort(&census->places, sizeof(struct place), is_older, NULL);
    return !census->failed;
}
