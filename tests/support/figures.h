/* SPDX-License-Identifier: MIT
 *
 * What corral says of itself, read with the checks that hold for every reading.
 *
 * Owns:     nothing.
 * Callers:  any thread; figures are exact only while no other thread allocates or frees.
 * Promises: every reading is checked: exact, each part within its whole, peak not below live; a
 *           category's also against the sums of its size classes, which are told in order.
 * Does not: allocate.
 */
#ifndef CORRAL_TESTS_SUPPORT_FIGURES_H
#define CORRAL_TESTS_SUPPORT_FIGURES_H

#include <corral/corral.h>

/* The figures of the id's category; zeros when the id has none yet. */
corral_stats figures_of(uint32_t memory_type_id);

corral_stats figures_total(void);

/* What the figures count for a live block: what it takes. In a build that is not hardened the caller may use all of it. */
uint64_t figures_bytes(const void *block);

/* Bytes from its address on that no other block has: as many, but where a block lies between guard pages. */
uint64_t figures_span(const void *block);

/* So many frees more were of what was no live block, which may be counted as frees: but for them, at figures level
 * 2 each reading has as many blocks live as were allocated and not freed. Any thread. */
void figures_count_faults(uint64_t frees);

/* Checks that the category of the id has this many blocks, of this many bytes. */
void figures_expect(uint32_t memory_type_id, uint64_t blocks, uint64_t bytes);

/* Checks that callers hold nothing at all. */
void figures_expect_nothing(void);

#endif
