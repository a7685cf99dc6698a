/* SPDX-License-Identifier: MIT
 *
 * Content that tells whose it is.
 *
 * Owns:     nothing.
 * Callers:  the thread that holds the block.
 * Promises: two keys give contents that differ in every word; pattern_holds sees one changed byte.
 *           The sparse forms touch the whole of a block up to 4 KiB, and of a larger one both ends
 *           and a word in each KiB, so that large blocks do not dominate a test's time.
 * Does not: touch a byte outside [block, block + size).
 */
#ifndef CORRAL_TESTS_SUPPORT_PATTERN_H
#define CORRAL_TESTS_SUPPORT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A key that mixes where a block is with who holds it. */
uint64_t pattern_key(const void *block, size_t size, uint64_t owner, uint64_t sequence);

void pattern_fill(void *block, size_t size, uint64_t key);
bool pattern_holds(const void *block, size_t size, uint64_t key);

void pattern_fill_sparse(void *block, size_t size, uint64_t key);
bool pattern_holds_sparse(const void *block, size_t size, uint64_t key);

/* Whether all `size` bytes are `value`. */
bool pattern_is_byte(const void *block, size_t size, unsigned char value);

#endif
