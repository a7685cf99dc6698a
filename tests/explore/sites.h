/* SPDX-License-Identifier: MIT
 *
 * sites: the operations in the source, and what the explorer makes of each.
 *
 * Owns:     nothing.
 * Callers:  verbs.h, which calls the functions; the explorer, which has them.
 * Promises: all sites lie in one section of the program, so that they can be listed.
 * Does not: name the verbs.
 */
#ifndef CORRAL_EXPLORE_SITES_H
#define CORRAL_EXPLORE_SITES_H

#include <stdbool.h>
#include <stdint.h>

enum explore_order { RELAXED = 0, ACQUIRE = 1, RELEASE = 2, ACQ_REL = 3 };
enum explore_change { EXCHANGE, ADD, SUB, OR, AND };

/* What a seeded fault takes from a site. */
enum explore_fault {
    FAULT_NONE = 0,
    FAULT_NO_ACQUIRE = 1,
    FAULT_NO_RELEASE = 2,
    FAULT_TORN = 4, /* a read-modify-write becomes a load and a store */
};

/* Aligned to its size, so that the section is an array. */
struct __attribute__((aligned(64))) explore_site {
    const char *file;
    const char *verb;
    int line;
    enum explore_order order;
    bool changes; /* a read-modify-write */
    unsigned fault;
    bool stops; /* who comes here first is stopped for ever */
    uint64_t visits;
    enum { SITE_UNKNOWN, SITE_OF_FIGURES, SITE_OF_OTHERS } room;
    bool stopped_here; /* a thread was stopped for ever before this operation */
};

uint64_t explore_load(struct explore_site *site, const volatile void *object, unsigned size);
void explore_store(struct explore_site *site, volatile void *object, unsigned size, uint64_t value);
uint64_t explore_change(struct explore_site *site, volatile void *object, unsigned size,
                        enum explore_change change, uint64_t operand);
bool explore_cas(struct explore_site *site, volatile void *object, unsigned size,
                 uint64_t *expected, uint64_t desired);

#endif
