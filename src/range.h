/* SPDX-License-Identifier: MIT
 *
 * range: the address ranges that arenas stand on.
 *
 * Owns:     reservations: mappings of 1 to 64 arena-sized ranges, with a word of free ranges each.
 * Callers:  registry. Any thread.
 * Promises: a range that is taken reads as zero. Where the backend is the OS, reservations serve any
 *           category; elsewhere each range is one of its own, and goes back when its arena ends.
 *           Reservations grow from one arena, and fall back to less where the OS refuses. A mapping is
 *           never split: a reservation goes back to the OS as a whole, when all its ranges are free, and
 *           until then they are purged.
 * Does not: know what stands on a range.
 *
 * Synchronization (row beside column):
 *                take        give        grow
 *     take       CAS         any         CAS on the word of free ranges
 *     give       any         fetch_or    the last giver of a reservation takes all by CAS first
 *     grow       CAS         any         CAS on the base decides who fills an entry
 *
 * take and give are lock-free; a thread stopped in grow keeps one table entry from others, and one
 * stopped in the middle of mapping or unmapping a reservation, its addresses.
 */
#ifndef CORRAL_RANGE_H
#define CORRAL_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An arena-sized, arena-aligned range, all zero; NULL when there is none to be had. id: of the arena's
 * category, for the backend. *handle is for give. May call the OS. */
void *corral_range_take(uint64_t id, uint32_t *handle);
/* The same, of addresses that never had blocks. */
void *corral_range_take_new(uint64_t id, uint32_t *handle);
/* The same as take, of a reservation of its own, of huge pages if that is asked for and they are to be had. */
void *corral_range_take_alone(uint64_t id, bool huge, uint32_t *handle);
/* Is a range, by its handle, of huge pages? Nothing smaller of it can be purged. */
bool corral_range_is_huge(uint32_t handle);
/* Gives a range back and its memory to the backend. Its content is lost. */
void corral_range_give(void *range, uint32_t handle);

#endif
