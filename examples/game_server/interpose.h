/* SPDX-License-Identifier: MIT
 *
 * Who calls malloc past corral: a count, per library, of the calls that its own code makes.
 *
 * Owns:     the counts and the address ranges of the libraries' code.
 * Callers:  interpose_start the main thread, first of all; the others any thread.
 * Promises: with interpose_glibc.c, every call of malloc, calloc, realloc and the aligned functions
 *           in the process passes through the count, and belongs to the library in whose code its
 *           return address lies. The calls that the C library makes, also on a library's behalf,
 *           are counted as others.
 * Does not: count in sanitizer builds (interpose_none.c), where malloc is the sanitizer's.
 */
#ifndef GAME_SERVER_INTERPOSE_H
#define GAME_SERVER_INTERPOSE_H

#include "category.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Finds the libraries' code. */
void interpose_start(void);

/* Whether this build counts. */
bool interpose_counts(void);

/* Whether the library's code was found. */
bool interpose_found(enum library library);

/* The calls so far from a library's code, or from all other code for LIBRARIES. */
uint64_t interpose_calls(enum library library);

/* The system's allocator, past the count. */
void *system_malloc(size_t size);
void *system_calloc(size_t count, size_t size);
void *system_realloc(void *block, size_t size);
void system_free(void *block);

#endif
