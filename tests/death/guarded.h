/* SPDX-License-Identifier: MIT
 *
 * Blocks between guard pages, for the tests of what is done to them wrong.
 *
 * Owns:     nothing.
 * Callers:  guards.c, guards_told.c, in a build with guard pages.
 * Promises: a block of take or take_plain lies between guard pages.
 * Does not: reach another thread.
 */
#ifndef CORRAL_TESTS_DEATH_GUARDED_H
#define CORRAL_TESTS_DEATH_GUARDED_H

#include "support/check.h"
#include "support/figures.h"
#include "support/guards.h"

#include <corral/origin.h>

#include <string.h>
#include <unistd.h>

enum { ID = 2, LINE = 77 };

static const char file[] = "where.c";

/* Of small classes, of more than a page, and of several slabs. */
static const size_t sizes[] = {1, 15, 16, 24, 100, 127, 300, 500, 900, 4096, 5000, 8192, 20000, 61440, 70000, 300000};
#define SIZES (sizeof sizes / sizeof *sizes)

static inline size_t page_size(void) {
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* A block between guard pages. */
static inline unsigned char *take(size_t size) {
    guards_next();
    unsigned char *block = corral_alloc_at(size, ID, file, LINE);
    CHECK(guards_have(block), "no guard pages around %zu bytes", size);
    return block;
}

static inline unsigned char *take_plain(size_t size) {
    guards_next();
    unsigned char *block = corral_alloc(size, ID);
    CHECK(guards_have(block), "no guard pages around %zu bytes", size);
    return block;
}

static inline void check_that_it_serves(void) {
    for (size_t i = 0; i < SIZES; i++) {
        unsigned char *block = take_plain(sizes[i]);
        CHECK(corral_usable_size(block) == sizes[i], "%zu usable of %zu", corral_usable_size(block), sizes[i]);
        memset(block, 0xff, sizes[i]);
        corral_free(block, ID);
    }
    figures_expect_nothing();
}

#endif
