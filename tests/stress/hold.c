/* SPDX-License-Identifier: MIT
 *
 * A thread that uses many pools, frees everything, and idles.
 *
 * Owns:     the blocks between two steps.
 * Callers:  meson and the wrapper. --operations is how many blocks of each class and category live
 *           at a time, --categories how many categories are gone through. Kinds:
 *           each    a category's blocks are freed before the next one's are allocated
 *           all     all blocks live, then all are freed
 *           circle  as many pools as the thread may hold are used in turn, --operations times
 * Promises: the slabs that the thread keeps are within its budgets, however many pools it used.
 *           Pools that it goes on using stay: in the end a circle takes nothing from slabs. The
 *           blocks keep their content meanwhile. When the thread gives its cache up, no slab is
 *           left.
 * Does not: use other threads.
 */
#include "common.h"
#include "options.h"
#include "size_class.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct options options = {
    .threads = 1, .operations = 3, .categories = 64, .kind = "each"};
static struct held **all; /* the blocks */
static size_t count;      /* of them */

static corral_stats total(void) {
    corral_stats stats;
    CHECK(corral_total_stats(&stats, sizeof stats) == CORRAL_OK, "no figures");
    return stats;
}

static void take(unsigned class_index, unsigned category) {
    size_t size = corral_classes[class_index].size;
    all[count++] = held_new(corral_alloc(size, id_of(category)), size, category, 0);
}

static void free_all(void) {
    for (size_t i = 0; i < count; i++) {
        held_free(all[i]);
    }
    count = 0;
}

/* Every other category from the largest class down. */
static void take_category(unsigned category) {
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        for (uint64_t n = 0; n < options.operations; n++) {
            take(category % 2 == 0 ? i : CLASS_COUNT - 1 - i, category);
        }
    }
}

/* The units of pools, and of the one that came last; what may wait in queues; the blocks of front
 * lists, which may be the only ones of their units. */
static size_t most_slabs(ptrdiff_t held) {
    return ((size_t)(held + QUEUE_BUDGET) + FRONT_BUDGET) / SLAB_BYTES + 8;
}

static void go_through(bool each) {
    size_t before = process_resident();
    for (unsigned category = 0; category < options.categories; category++) {
        take_category(category);
        if (each) {
            free_all();
        }
    }
    free_all();
    corral_stats stats = total();
    size_t most = most_slabs(each ? HOLD_LEAST : HOLD_BUDGET);
    printf("%u categories: %llu slabs, of %zu at most; %zu KiB resident over the start\n",
           options.categories, (unsigned long long)stats.slabs, most,
           (process_resident() - before) / 1024);
    CHECK(stats.slabs <= most, "%llu slabs are held", (unsigned long long)stats.slabs);
}

/* A block of each of so many pools of small blocks, all at the same time. */
static uint64_t go_round(size_t pools) {
    uint64_t before = total().refills;
    unsigned small = size_class_of(SMALL_MAX) + 1;
    for (unsigned i = 0; i < pools; i++) {
        take(i % small, i / small % options.categories);
    }
    free_all();
    return total().refills - before;
}

static void go_in_circles(void) {
    size_t slabs = (size_t)HOLD_BUDGET * 3 / 4 / SLAB_BYTES;
    size_t most = (size_t)options.categories * (size_class_of(SMALL_MAX) + 1);
    size_t pools = slabs < most ? slabs : most;
    uint64_t first = go_round(pools);
    uint64_t last = first;
    for (uint64_t i = 0; i < options.operations; i++) {
        last = go_round(pools);
    }
    printf("%zu pools: %llu refills in the first turn, %llu in the last one\n", pools,
           (unsigned long long)first, (unsigned long long)last);
    CHECK(first >= pools / 2 && last == 0, "%llu refills", (unsigned long long)last);
}

int main(int argc, char **argv) {
    options_read(argc, argv, &options);
    bool circle = strcmp(options.kind, "circle") == 0;
    size_t most = (size_t)options.categories * CLASS_COUNT * (circle ? 1 : options.operations);
    all = calloc(most, sizeof *all);
    CHECK(all != NULL, "no memory for %zu pointers", most);
    if (circle) {
        go_in_circles();
    } else {
        go_through(strcmp(options.kind, "each") == 0);
    }
    corral_thread_detach();
    CHECK(total().slabs == 0, "%llu slabs are left", (unsigned long long)total().slabs);
    held_check_all(NULL, 0, options.categories);
    free(all);
    return 0;
}
