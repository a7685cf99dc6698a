/* SPDX-License-Identifier: MIT
 *
 * What the tests of budgets share: a budget is set, and allocated from until it refuses.
 *
 * Owns:     the blocks that fill it.
 * Callers:  a Criterion test's main thread; empty and fill from another while that one waits.
 * Promises: a refusal is NULL with ENOMEM. What a callback is told is kept.
 * Does not: know how much fits.
 */
#ifndef CORRAL_TESTS_CONTRACT_FILLING_H
#define CORRAL_TESTS_CONTRACT_FILLING_H

#include <corral/configure.h>

#include "support/build.h"
#include "support/check.h"
#include "support/figures.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ID = 5, OTHER = 6, MANY = 4096 };

static void *blocks[MANY];

static inline void configure(uint32_t id, corral_category_options options) {
    cr_assert_eq(corral_category_configure(id, &options, sizeof options), CORRAL_OK);
}

/* Allocates until it is refused. Returns how many blocks there are. */
static inline size_t fill(uint32_t id, size_t size) {
    size_t count = 0;
    for (; count < MANY; count++) {
        errno = 0;
        blocks[count] = corral_alloc(size, id);
        if (blocks[count] == NULL) {
            CHECK(errno == ENOMEM, "errno %d", errno);
            return count;
        }
        memset(blocks[count], (int)count & 0xff, size);
    }
    return count;
}

static inline void empty(uint32_t id, size_t count) {
    for (size_t i = 0; i < count; i++) {
        corral_free(blocks[i], id);
    }
}

static inline uint64_t bytes_of(size_t size) {
    void *block = corral_alloc(size, OTHER);
    uint64_t bytes = figures_bytes(block);
    corral_free(block, OTHER);
    return bytes;
}

#endif
