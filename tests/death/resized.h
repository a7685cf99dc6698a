/* SPDX-License-Identifier: MIT
 *
 * A block that was written behind, and that is resized.
 *
 * Owns:     nothing.
 * Callers:  hardened.c, guards_told.c.
 * Promises: the block moves, and everything is home in the end.
 * Does not: expect a message.
 */
#ifndef CORRAL_TESTS_DEATH_RESIZED_H
#define CORRAL_TESTS_DEATH_RESIZED_H

#include "support/check.h"
#include "support/figures.h"

/* block: of 100 bytes. */
static inline void resize_overflowed(unsigned char *block, uint32_t id) {
    block[100] = 0;
    block = corral_realloc(block, 5000, id);
    CHECK(block != NULL, "no block");
    corral_free(block, id);
    figures_expect_nothing();
}

#endif
