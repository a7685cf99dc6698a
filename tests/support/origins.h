/* SPDX-License-Identifier: MIT
 *
 * What a walk over blocks with an origin finds.
 *
 * Owns:     nothing.
 * Callers:  tests, on any thread.
 * Promises: says which block differs, and in what.
 * Does not: order what is found.
 */
#ifndef CORRAL_TESTS_SUPPORT_ORIGINS_H
#define CORRAL_TESTS_SUPPORT_ORIGINS_H

#include <corral/origin.h>

/* Keeps each so manieth origin of a category, and sets nothing else. */
void origins_keep(uint32_t id, uint32_t every);
/* How many a walk finds. id: as corral_visit_origins; 0 for one that is not used. */
unsigned origins_count(uint64_t id);
/* The block is found `times`, with these. line: 0 is not looked at, unless file is NULL. */
void origins_expect(uint64_t id, const void *block, unsigned times, const char *file, uint32_t line, size_t size);
/* The bytes that a block takes which a walk finds, its record's among them. */
size_t origins_block_bytes(uint64_t id, const void *block);
/* A visitor that does nothing. */
void origins_ignore(const corral_origin *origin, size_t origin_size, void *argument);

#endif
