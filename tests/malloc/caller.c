/* SPDX-License-Identifier: MIT
 *
 * A shared library that allocates when it comes, when it is asked, and frees when it goes.
 *
 * Owns:     a block of its constructor's.
 * Callers:  lifetimes.c and objects.c, by dlopen. Compiled under several names.
 * Promises: its calls of malloc return to its own code.
 * Does not: know of corral.
 */
#include "caller.h"

#include <stdlib.h>

static void *volatile kept;

static void __attribute__((constructor)) come(void) {
    kept = malloc(1000);
}

static void __attribute__((destructor)) go(void) {
    free(kept);
}

void *caller_kept(void) {
    return kept;
}

/* The volatile result keeps the calls from being the last thing done, a jump. */
void *caller_malloc(size_t size) {
    void *volatile block = malloc(size);
    return block;
}

void *caller_calloc(size_t size) {
    void *volatile block = calloc(1, size);
    return block;
}

void *caller_realloc(void *block, size_t size) {
    void *volatile moved = realloc(block, size);
    return moved;
}

void *caller_aligned(size_t size) {
    void *volatile block = aligned_alloc(64, size);
    return block;
}
