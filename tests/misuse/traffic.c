/* SPDX-License-Identifier: MIT
 *
 * traffic: see traffic.h.
 *
 * Owns:     nothing of its own.
 * Callers:  through traffic.h.
 * Promises: as traffic.h.
 * Does not: free what a caller took out.
 */
#include "traffic.h"

#include <string.h>
#include <unistd.h>

/* Of all sizes, so many are another than those of the traffic. */
#define OTHER_SIZES 10
#define SIZE_MOST   1000

size_t traffic_random(struct traffic *traffic, size_t bound) {
    traffic->random = traffic->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (size_t)(traffic->random >> 33) % bound;
}

static bool overlaps(const struct held *one, const struct held *other) {
    return other->block != NULL && one->block < other->block + other->size &&
           other->block < one->block + one->size;
}

static void take(struct traffic *traffic, struct held *slot, size_t size, uint32_t id) {
    struct held got = {.block = corral_alloc(size, id), .size = size, .id = id};
    if (got.block == NULL) {
        _exit(1);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        if (overlaps(&got, &traffic->slots[i])) {
            traffic->twice++;
            break;
        }
    }
    memset(got.block, (int)(1 + traffic_random(traffic, 255)), size);
    *slot = got;
}

static void fill(struct traffic *traffic, struct held *slot) {
    bool other = traffic_random(traffic, OTHER_SIZES) == 0;
    size_t size = other ? 1 + traffic_random(traffic, SIZE_MOST) : traffic->sizes[traffic_random(traffic, SIZES)];
    take(traffic, slot, size, TRAFFIC_ID + (uint32_t)traffic_random(traffic, 2));
}

static void step(struct traffic *traffic) {
    struct held *slot = &traffic->slots[traffic_random(traffic, SLOTS)];
    if (slot->block == NULL) {
        fill(traffic, slot);
    } else {
        corral_free(slot->block, slot->id);
        slot->block = NULL;
    }
}

void traffic_run(struct traffic *traffic, size_t steps) {
    for (size_t i = 0; i < steps; i++) {
        step(traffic);
    }
}

void traffic_begin(struct traffic *traffic, unsigned number) {
    memset(traffic, 0, sizeof *traffic);
    traffic->random = (uint64_t)number * UINT64_C(0x9E3779B97F4A7C15) + 1;
    for (size_t i = 0; i < SIZES; i++) {
        traffic->sizes[i] = 1 + traffic_random(traffic, traffic_random(traffic, 2) == 0 ? 128 : SIZE_MOST);
    }
    traffic_run(traffic, TRAFFIC);
}

struct held *traffic_any(struct traffic *traffic, size_t least) {
    struct held *slot;
    do {
        slot = &traffic->slots[traffic_random(traffic, SLOTS)];
        if (slot->block == NULL) {
            fill(traffic, slot);
        }
        if (slot->size < least) {
            step(traffic);
        }
    } while (slot->block == NULL || slot->size < least);
    return slot;
}

struct held traffic_take_out(struct traffic *traffic, size_t least) {
    struct held *slot = traffic_any(traffic, least);
    struct held victim = *slot;
    slot->block = NULL;
    return victim;
}

void traffic_run_lone(struct traffic *traffic, size_t size) {
    struct held *slots = traffic->slots;
    for (size_t i = 0; i < SLOTS; i++) {
        if (slots[i].block == NULL) {
            take(traffic, &slots[i], size, TRAFFIC_LONE_ID);
        }
    }
}

static void fill_all(struct traffic *traffic) {
    for (size_t i = 0; i < SLOTS; i++) {
        if (traffic->slots[i].block == NULL) {
            fill(traffic, &traffic->slots[i]);
        }
    }
}

void traffic_end(struct traffic *traffic) {
    fill_all(traffic);
    traffic_run(traffic, TRAFFIC);
    fill_all(traffic);
    for (size_t i = 0; i < SLOTS; i++) {
        corral_free(traffic->slots[i].block, traffic->slots[i].id);
        traffic->slots[i].block = NULL;
    }
    corral_thread_detach();
}
