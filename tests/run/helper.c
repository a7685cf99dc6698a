/* SPDX-License-Identifier: MIT
 *
 * The library of many.c.
 *
 * Owns:     nothing.
 * Callers:  many.c.
 * Promises: a block of 1,000 bytes.
 * Does not: know of corral.
 */
#include <stdlib.h>

void *helper_allocate(void);

void *helper_allocate(void) {
    void *volatile block = malloc(1000);
    return block;
}
