/* SPDX-License-Identifier: MIT
 *
 * What a library of the tests offers that allocates for its callers.
 *
 * Owns:     nothing.
 * Callers:  caller.c defines; lifetimes.c and objects.c look the names up.
 * Promises: each gives a block, or NULL, as the function of its name.
 * Does not: free.
 */
#ifndef CORRAL_TESTS_MALLOC_CALLER_H
#define CORRAL_TESTS_MALLOC_CALLER_H

#include <stddef.h>

typedef void *caller_sized(size_t size);

__attribute__((visibility("default"))) void *caller_kept(void);
__attribute__((visibility("default"))) void *caller_malloc(size_t size);
__attribute__((visibility("default"))) void *caller_calloc(size_t size);
__attribute__((visibility("default"))) void *caller_realloc(void *block, size_t size);
__attribute__((visibility("default"))) void *caller_aligned(size_t size);

#endif
