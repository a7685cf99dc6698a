/* SPDX-License-Identifier: MIT
 *
 * interpose.h where malloc cannot be replaced, as in sanitizer builds: nothing is counted.
 *
 * Owns:     nothing.
 * Callers:  as interpose.h.
 * Promises: interpose_counts says that there is no count, and the report then says so too.
 * Does not: replace any function.
 */
#include "interpose.h"

#include <stdlib.h>

void interpose_start(void) {
}

bool interpose_counts(void) {
    return false;
}

bool interpose_found(enum library library) {
    (void)library;
    return false;
}

uint64_t interpose_calls(enum library library) {
    (void)library;
    return 0;
}

void *system_malloc(size_t size) {
    return malloc(size);
}

void *system_calloc(size_t count, size_t size) {
    return calloc(count, size);
}

void *system_realloc(void *block, size_t size) {
    return realloc(block, size);
}

void system_free(void *block) {
    free(block);
}
